# reviewed_by: unreviewed
account-sign-in-title = Accesso
account-sign-in-heading = Accesso per chi lavora in un centro
account-sign-in-explains = La frase di accesso resta su questo dispositivo: al server arriva solo una firma che mostra che la conosci.
account-sign-in-needs-script = Per accedere serve JavaScript: le chiavi si aprono in questo browser, non sul server. Attivalo per questo sito e ricarica la pagina.
account-name-label = Nome dell'account
account-name-hint = Per esempio: nome.centro
account-passphrase-label = Frase di accesso
account-passphrase-hint = Le parole che ti sono state consegnate, separate da uno spazio.
account-sign-in-button = Accedi
account-preparing = Preparazione in corso…
account-ready = Puoi accedere.
account-working = Controllo della frase: può richiedere qualche secondo…
account-code-label = Codice
account-code-hint = Le sei cifre che la tua app mostra adesso, oppure uno dei codici di riserva.
account-code-backup = Scrivi un codice di riserva
account-code-needed = La frase è giusta. Ora il codice della tua app. Se non ne hai mai attivata una, l'ha fatto qualcun altro con la tua frase: avvisa il tuo centro.
account-error-code = Serve un codice: le sei cifre della tua app oppure uno dei codici di riserva.
account-error-code-wrong = Questo codice non corrisponde o è già stato usato. Ogni codice vale una volta: aspetta che l'app mostri il prossimo. Se continua, controlla che l'orologio del telefono sia giusto.
account-error-code-wait = Per questo account sono arrivati diversi codici sbagliati. Con il telefono si può riprovare tra { $wait }; un codice di riserva non deve aspettare. Se non erano tuoi, dillo al tuo centro: qualcuno conosce la tua frase di accesso.
account-error-heading = Accesso non riuscito
account-error-sign-in = L'account o la frase di accesso non corrispondono. Controlla il nome, le parole e gli spazi, poi riprova.
account-error-nonce = È passato troppo tempo. Riprova.
account-error-origin = La richiesta non veniva da questa pagina. Ricarica la pagina e riprova.
account-error-malformed = Il modulo non è arrivato intero. Ricarica la pagina e riprova.
account-error-busy = Il sito è molto occupato. Riprova tra un minuto.
account-error-wait = Per questo account sono arrivate da qui diverse risposte sbagliate. Si può riprovare tra { $wait }. Deve aspettare solo questa connessione e niente è bloccato.
account-error-network = Nessuna connessione. Controlla la rete e riprova.
account-error-start = Questo browser non ha potuto preparare le chiavi. Prova con un browser aggiornato.
account-error-slot = L'accesso è riuscito, ma le chiavi di questo account non si aprono. Avvisa chi gestisce gli account del tuo centro.
account-error-unknown = Qualcosa non ha funzionato. Riprova tra poco.
account-sign-out-button = Esci
account-signed-in-as = Accesso come { $name }
account-locked = La sessione è stata chiusa perché la pagina è rimasta ferma o nascosta. Accedi di nuovo. Una risposta non finita resta sigillata in questa scheda del browser e torna quando riapri il caso.
account-time-limits = La sessione si chiude dopo 10 minuti senza attività, dopo un minuto con la pagina nascosta e comunque dopo 12 ore.
account-sessions-title = Dove hai fatto l'accesso
account-sessions-link = dove altro?
account-sessions-heading = Dove hai fatto l'accesso
account-sessions-explains = Non si conserva nulla di dispositivi o luoghi: qui si possono mostrare solo gli orari.
account-session-today = { $minutes ->
    [one] Accesso di oggi alle { $time }, usato l'ultima volta un minuto fa
   *[other] Accesso di oggi alle { $time }, usato l'ultima volta { $minutes } minuti fa
}
account-session-earlier = { $minutes ->
    [one] Accesso del { $date } alle { $time }, usato l'ultima volta un minuto fa
   *[other] Accesso del { $date } alle { $time }, usato l'ultima volta { $minutes } minuti fa
}
account-session-this = (questo)
account-sessions-no-others = Non hai fatto l'accesso da nessun'altra parte.
account-sessions-end-hint = Se uno non è tuo: chiudi gli altri, poi di' al tuo centro che la tua frase di accesso può essere nota.
account-sessions-end-button = Chiudi tutti gli altri
account-sessions-ended = Tutti gli altri accessi sono chiusi.
account-factor-link = secondo fattore
factor-title = Secondo fattore
factor-first-heading = Ancora un passo prima di cominciare
factor-first-explains = D'ora in poi si accede con la frase di accesso e un codice del telefono. A chi sente la frase manca ancora il telefono.
factor-offered-explains = Con un secondo fattore si accede con la frase di accesso e un codice del telefono. A chi sente la frase manca ancora il telefono. Qui puoi scegliere.
factor-app = Serve un'app di autenticazione su un telefono; va bene qualsiasi app che crea codici di sei cifre. Non ha bisogno di connessione e non viene a sapere chi sei.
factor-step-take = 1. Inquadra il codice QR con l'app
factor-step-confirm = 2. Scrivi il codice che mostra
factor-square = Codice QR per l'app di autenticazione. Lo stesso segreto è scritto sotto come testo.
factor-here = L'app è su questo dispositivo: aggiungi l'account
factor-typed = Oppure scrivi questo nell'app:
factor-first-code-label = Codice dell'app
factor-first-code-hint = Sei cifre. Cambiano ogni 30 secondi.
factor-first-button = Conferma
factor-first-after = Poi ricevi dieci codici di riserva per il giorno in cui il telefono non c'è. Tutti gli altri tuoi accessi si chiudono.
factor-since = Hai un secondo fattore dalla settimana del { $day }.
factor-left = { $number ->
    [0] Non resta nessun codice di riserva: creane di nuovi.
    [one] Resta un codice di riserva.
   *[other] Restano { $number } codici di riserva.
}
factor-needs-script = Per cambiarlo serve JavaScript: la frase si controlla in questo browser, non sul server.
factor-phone-heading = Un altro telefono
factor-phone-explains = I codici del vecchio telefono non valgono più, e nemmeno i codici di riserva rimasti: ne ricevi dieci nuovi. Tutti gli altri tuoi accessi si chiudono.
factor-phone-summary = Cambia telefono
factor-new-code-label = Codice del nuovo telefono
factor-old-code-label = Codice del vecchio telefono
factor-code-label = Codice
factor-code-hint = Sei cifre della tua app, oppure un codice di riserva.
factor-phone-button = Cambia
factor-codes-heading = Codici di riserva
factor-codes-explains = Se non hai conservato i dieci che hai ricevuto, creane di nuovi. Sostituiscono quelli rimasti. Tutti gli altri tuoi accessi si chiudono.
factor-codes-summary = Crea nuovi codici di riserva
factor-codes-button = Crea nuovi codici
factor-lost = Se telefono e codici di riserva sono persi, chi gestisce la macchina può togliere il secondo fattore; al prossimo accesso ne registri uno nuovo.
factor-refused-code = Il codice non corrisponde o è già stato usato. Non è cambiato nulla. Aspetta il prossimo e riprova.
factor-refused-new-code = Il codice dell'app che stai aggiungendo non corrisponde. Non è cambiato nulla. Aspetta il prossimo e riprova; se continua, controlla che l'orologio del telefono sia giusto.
factor-refused-passphrase = La frase di accesso non corrisponde. Non è cambiato nulla.
factor-refused-late = È passato troppo tempo. Non è cambiato nulla. Riprova.
factor-refused-wait = Sono arrivate diverse risposte sbagliate. Non è cambiato nulla. Riprova più tardi, o con un codice di riserva, che dopo codici sbagliati non deve aspettare.
factor-refused-changed = Nel frattempo qualcosa era cambiato. Ora non è cambiato nulla. Guarda di nuovo la pagina.
factor-backup-title = Codici di riserva
factor-backup-heading = Dieci codici di riserva
factor-backup-done = Fatto. D'ora in poi per accedere serve il telefono.
factor-backup-explains = Stampa questa pagina o copia i codici su carta, e tienili lontani dal telefono. Si vedono solo questa volta.
factor-backup-once = Ognuno sostituisce un codice del telefono, una volta.
factor-backup-again = Ora accedi con frase e codice. Il codice appena scritto è già usato: prendi il prossimo.
factor-backup-sign-in = Vai all'accesso
factor-backup-back = Li ho messi al sicuro
