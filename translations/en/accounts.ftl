# reviewed_by: unreviewed
account-sign-in-title = Sign in
account-sign-in-heading = Sign in for people who work in a centre
account-sign-in-explains = The passphrase stays on this device: the server only receives a signature showing that you know it.
account-sign-in-needs-script = Signing in needs JavaScript: the keys are opened in this browser, not on the server. Allow it for this site and load the page again.
account-name-label = Account name
account-name-hint = For example: name.centre
account-passphrase-label = Passphrase
account-passphrase-hint = The words you were given, separated by one space.
account-sign-in-button = Sign in
account-preparing = Preparing…
account-ready = You can sign in.
account-working = Checking the passphrase: this can take a few seconds…
account-code-label = Code
account-code-hint = The six digits that your authenticator shows now, or one of your backup codes.
account-code-backup = Type a backup code
account-code-needed = The passphrase is right. Now the code of your authenticator. If you have never set one up, somebody else has, with your passphrase: tell your centre.
account-error-code = A code is needed: six digits from your authenticator, or one of your backup codes.
account-error-code-wrong = This code does not match, or was used already. Each code works once: wait until your authenticator shows the next one. If this goes on, look whether the clock of the telephone is right.
account-error-code-wait = There were several wrong codes for this account. The next one from the telephone can be tried in { $wait }; a backup code need not wait. If they were not yours, tell your centre: somebody knows your passphrase.
account-error-heading = You are not signed in
account-error-sign-in = The account and the passphrase do not match. Check the name, the words and the spaces, then try again.
account-error-nonce = Too much time has passed. Try again.
account-error-origin = The request did not come from this page. Load the page again and retry.
account-error-malformed = The form did not arrive complete. Load the page again and retry.
account-error-busy = The site is very busy. Try again in a minute.
account-error-wait = There were several wrong answers for this account from here. The next one can be tried in { $wait }. Only this connection has to wait, and nothing is locked.
account-error-network = No connection. Check the network and try again.
account-error-start = This browser could not prepare the keys. Try an up-to-date browser.
account-error-slot = Signing in worked, but the keys of this account do not open. Tell whoever manages the accounts of your centre.
account-error-unknown = Something did not work. Try again shortly.
account-sign-out-button = Sign out
account-signed-in-as = Signed in as { $name }
account-locked = The session was closed because the page was left idle or hidden. Sign in again. An unfinished answer stays sealed in this browser tab and comes back when you open the case again.
account-time-limits = The session closes after 10 minutes without activity, after one minute with the page hidden, and after 12 hours in any case.
account-sessions-title = Where you are signed in
account-sessions-link = where else?
account-sessions-heading = Where you are signed in
account-sessions-explains = Nothing is kept about devices or places, so only times can be shown here.
account-session-today = { $minutes ->
    [one] Signed in today at { $time }, last used one minute ago
   *[other] Signed in today at { $time }, last used { $minutes } minutes ago
}
account-session-earlier = { $minutes ->
    [one] Signed in on { $date } at { $time }, last used one minute ago
   *[other] Signed in on { $date } at { $time }, last used { $minutes } minutes ago
}
account-session-this = (this one)
account-sessions-no-others = You are signed in nowhere else.
account-sessions-end-hint = If one of them is not yours: end the others, then tell your centre that your passphrase may be known.
account-sessions-end-button = End all others
account-sessions-ended = All other sessions have ended.
account-factor-link = second factor
factor-title = Second factor
factor-first-heading = One more step before you begin
factor-first-explains = From now on you sign in with your passphrase and a code from your telephone. Whoever overhears the passphrase then still lacks the telephone.
factor-offered-explains = With a second factor you sign in with your passphrase and a code from your telephone. Whoever overhears the passphrase then still lacks the telephone. Here it is your choice.
factor-app = You need an authenticator app on a telephone; any that makes codes of six digits will do. It needs no connection, and it is not told who you are.
factor-step-take = 1. Scan the QR code with the app
factor-step-confirm = 2. Type the code that it shows
factor-square = QR code for the authenticator app. The same secret stands below as text.
factor-here = The app is on this device: add the account to it
factor-typed = Or type this into the app:
factor-first-code-label = Code from the app
factor-first-code-hint = Six digits. They change every 30 seconds.
factor-first-button = Confirm
factor-first-after = Then you get ten backup codes for the day on which the telephone is not there. All your other sessions end.
factor-since = You have a second factor since the week of { $day }.
factor-left = { $number ->
    [0] No backup code is left: draw new ones.
    [one] One backup code is left.
   *[other] { $number } backup codes are left.
}
factor-needs-script = Changing it needs JavaScript: the passphrase is checked in this browser, not on the server.
factor-phone-heading = Another telephone
factor-phone-explains = The codes of the old one stop working, and so do the backup codes that are left: you get ten new ones. All your other sessions end.
factor-phone-summary = Change the telephone
factor-new-code-label = Code from the new telephone
factor-old-code-label = Code from the old telephone
factor-code-label = Code
factor-code-hint = Six digits from your authenticator, or a backup code.
factor-phone-button = Change
factor-codes-heading = Backup codes
factor-codes-explains = If you have not kept the ten you were given, draw new ones. They replace those that are left. All your other sessions end.
factor-codes-summary = Draw new backup codes
factor-codes-button = Draw new codes
factor-lost = If telephone and backup codes are all lost, whoever runs the machine can remove the second factor; you enrol a new one when you sign in next.
factor-refused-code = The code did not match, or was used already. Nothing was changed. Wait for the next one and try again.
factor-refused-new-code = The code from the app that you are adding did not match. Nothing was changed. Wait for the next one and try again; if this goes on, look whether the clock of the telephone is right.
factor-refused-passphrase = The passphrase did not match. Nothing was changed.
factor-refused-late = Too much time has passed. Nothing was changed. Try again.
factor-refused-wait = There were several wrong answers. Nothing was changed. Try again later, or with a backup code, which need not wait after wrong codes.
factor-refused-changed = This had changed meanwhile. Nothing was changed now. Look at the page again.
factor-backup-title = Backup codes
factor-backup-heading = Ten backup codes
factor-backup-done = Done. From now on your telephone is needed to sign in.
factor-backup-explains = Print this page or copy the codes onto paper, and keep them apart from the telephone. They are shown this once.
factor-backup-once = Each stands in for one code of the telephone, once.
factor-backup-again = Now sign in with passphrase and code. The code that you just typed is used: take the next one.
factor-backup-sign-in = Go to sign-in
factor-backup-back = I have kept them
