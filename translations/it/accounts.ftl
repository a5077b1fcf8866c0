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
