# reviewed_by: unreviewed
places-title = Approdo · Places
places-heading = Choose a centre
places-lead = Every centre says here what it must report to others. Read that first, then choose.
places-none = No centre is entered yet. Please use the telephone numbers below.
places-open = About this centre
places-where = Where
places-phone = Telephone
places-languages = Languages
places-channels = Ways to write
places-channel-safe = Safe channel
places-channel-general = General support
places-channel-safe-short = For everybody, above all if a report about your documents could harm you.
places-channel-general-short = Listening, advice, accompaniment. Read what this centre must report.
places-channel-closed = Writing is not possible at the moment: the centre’s key has run out. Please phone.
places-phones = Telephone numbers for everybody

place-title = Approdo · Place
place-back = All centres
place-hours = When the centre reads
place-hours-closed = Closed on Italian public holidays.
place-hours-unknown = The centre has not told us its hours. Please phone.
place-hours-day = Day
place-hours-time = Hours
place-period = { $from }–{ $to }
place-reads-now = The centre reads at this time of day, until { $time }.
place-reads-next = The centre reads next on { $weekday } { $date }, from { $time }.
place-promise = { $days ->
    [one] The centre has said that it reads what arrives within one day.
   *[other] The centre has said that it reads what arrives within { $days } days.
}
place-reads-unknown = We do not know when somebody reads next. Please phone if you need an answer soon.
place-call = Call { $number }
place-phone-source = Source: { $source }, last checked on { $date }
place-channel-who = Who can open what you write
place-channel-readers = { $count ->
    [one] One person of this centre can open it.
   *[other] { $count } people of this centre can open it.
}
place-channel-named = The people who can open it: { $names }.
place-channel-must = What they must report to the authorities
place-channel-basis = Basis: { $basis } To be reviewed by { $date }.
place-safe-promise = No police account can open this. These named people can. A judge can order people to speak. If a child is in danger some of us must act.
place-duty-status-none = If somebody has no valid residence permit, these people do not have to report it.
place-duty-status-contested = Lawyers disagree on whether these people must report that somebody has no valid residence permit.
place-duty-status-contested-opinion = A written legal opinion is deposited for this centre.
place-duty-status-strong = If these people learn that somebody has no valid residence permit, they must report it to the authorities. If this could harm you, do not write about it here: choose a safe channel, or ask a lawyer first.
place-duty-crime-none = They do not have to report to the authorities the crime you tell them about, unless a child is in danger.
place-duty-crime-contested = Lawyers disagree on whether they must report the crime you tell them about. If you are not sure, first ask without names and places.
place-duty-crime-strong = If you tell them about certain serious crimes, they must report them to the authorities, even when you do not want it. If you are not sure, first ask without names and places.
place-write-safe = Write on the safe channel
place-write-general = Write for general support
place-compare = Not sure? Choose the safe channel.
place-first = First: how to stay safe
