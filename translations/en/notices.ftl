# reviewed_by: unreviewed
notices-title = Notices
notices-link = Notices
notices-heading = Notices by mail
notices-explains = A notice says that a message is waiting, and where to sign in. It does not say how many, for which centre, or what it is about. What waits also stands at the top of every page here.
notices-no-mail = No notices go by mail here: whoever runs this service has not set up a mail server. What waits stands at the top of every page.
notices-address-heading = Address
notices-address-now = Notices go to
notices-address-none = You get no notices by mail.
notices-address-refused = The mail server does not accept this address, so no notices are sent to it. Enter it again, or another one.
notices-address-label = Your e-mail address
notices-address-other = Another e-mail address
notices-address-hint = Choose one that only you read. A code is sent there: notices come once you have typed it here.
notices-address-button = Send the code
notices-asked = A code was sent to
notices-code-label = Code from the mail
notices-code-hint = Four groups of four. It holds for 72 hours.
notices-code-button = Confirm the address
notices-wishes-heading = What you are told
notices-hours = Notices go at { $hours } on days on which your centre reads. For what was marked urgent they go on every day, at the next quarter of an hour.
notices-hours-none = Notices go only for what was marked urgent, at the next quarter of an hour.
notices-wants = A message is waiting
notices-supervises = I supervise: tell me when a promise was not kept, and before a case is shredded
notices-supervises-hint = The promise is the time within which your centre says that it reads. It is told on every day at the same hours. Cases that are near the end of their term are told once.
notices-wishes-button = Save
notices-remove-heading = No more notices
notices-remove-button = Remove my address
notices-letter-heading = What the mail provider learns
notices-letter-explains = That this service wrote to you, and at what time. It wrote because something was new since the last notice. If that alone is too much, set no address and look in here.
notices-said-asked = The code is on its way. It may take some minutes.
notices-said-confirmed = The address is confirmed.
notices-said-saved = Saved.
notices-said-removed = The address is removed.
notices-refused-address = This is not an e-mail address, or the mail server does not accept it. Nothing was saved.
notices-refused-code = The code does not fit, or its 72 hours are over. You can have another one sent.
notices-refused-wait = Several codes were sent today already. Try again tomorrow.
notices-refused-server = The mail server cannot be reached at the moment. Nothing was saved. Try again later.
notices-mail-waiting = A message is waiting.
notices-mail-overdue = Something has waited longer than promised.
notices-mail-near = Something will soon reach the end of its term.
notices-mail-code = Your confirmation code:
notices-mail-code-explains = Type it on the page on which you entered this address, within 72 hours. If you did not enter it there, you need not do anything: nothing more will come.
notices-line-waiting = { $number ->
    [1] 1 message is waiting to be opened
   *[other] { $number } messages are waiting to be opened
}
notices-line-overdue = Something has waited longer than your centre promised
notices-line-second = { $number ->
    [1] 1 message that another centre has not opened in time may be opened here
   *[other] { $number } messages that other centres have not opened in time may be opened here
}
notices-line-near = { $number ->
    [1] 1 case is near the end of its term
   *[other] { $number } cases are near the end of their term
}
