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
