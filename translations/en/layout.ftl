# reviewed_by: unreviewed
layout-name = Approdo
layout-exit = Leave this site
layout-exit-keys = To leave with the keyboard: press the Shift key three times.
layout-shortcuts = Shortcuts
layout-skip = Skip to the content
layout-language = Language
# The name of this file's language in itself.
layout-language-name = English
layout-navigation = Main pages
layout-nav-start = Start
layout-nav-places = Find help
layout-nav-write = Write
layout-nav-box = I have a code
layout-nav-guide = Your rights
layout-nav-young = Under 18
layout-about-site = About this site
layout-footer-privacy = Privacy
layout-footer-accessibility = Accessibility
layout-footer-about = Who we are
layout-footer-danger = Danger now? Call 112.
layout-no-cookies = These pages set no cookies and ask nothing of other sites.
layout-demonstration = Demonstration: the centres and the people are invented. Please write nothing true here.
layout-cover-text = Page paused
layout-cover-cleared = The page was paused for more than 15 minutes. What was in the fields has been removed.
layout-cover-continue = Continue
layout-date = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }
layout-weekday = { $day ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[7] Sunday
}
layout-spoken = { $code ->
    [it] Italian
    [en] English
    [fr] French
    [es] Spanish
    [ar] Arabic
    [fa] Persian
    [sq] Albanian
    [ru] Russian
    [uk] Ukrainian
    [pt] Portuguese
    [pl] Polish
    [ro] Romanian
    [zh] Chinese
    [bn] Bengali
    [ur] Urdu
   *[other] { $code }
}
