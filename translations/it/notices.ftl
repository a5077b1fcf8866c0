# reviewed_by: unreviewed
notices-title = Avvisi
notices-link = Avvisi
notices-heading = Avvisi per posta elettronica
notices-explains = Un avviso dice che c'è un messaggio in attesa e dove accedere. Non dice quanti, per quale centro, né di che cosa si tratta. Quello che attende sta anche in cima a ogni pagina.
notices-no-mail = Qui non partono avvisi per posta: chi gestisce questo servizio non ha indicato un server di posta. Quello che attende sta in cima a ogni pagina.
notices-address-heading = Indirizzo
notices-address-now = Gli avvisi arrivano a
notices-address-none = Non ricevi avvisi per posta.
notices-address-refused = Il server di posta non accetta questo indirizzo, quindi gli avvisi non partono. Scrivilo di nuovo, o scrivine un altro.
notices-address-label = Il tuo indirizzo di posta elettronica
notices-address-other = Un altro indirizzo di posta elettronica
notices-address-hint = Scegline uno che leggi soltanto tu. Riceverai un codice: gli avvisi arrivano dopo che lo hai scritto qui.
notices-address-button = Invia il codice
notices-asked = Un codice è stato inviato a
notices-code-label = Codice ricevuto per posta
notices-code-hint = Quattro gruppi di quattro. Vale 72 ore.
notices-code-button = Conferma l'indirizzo
notices-wishes-heading = Che cosa ti viene detto
notices-hours = Gli avvisi partono alle { $hours }, nei giorni in cui il centro legge. Per quello che è segnato come urgente partono ogni giorno, al quarto d'ora successivo.
notices-hours-none = Gli avvisi partono soltanto per quello che è segnato come urgente, al quarto d'ora successivo.
notices-wants = C'è un messaggio in attesa
notices-supervises = Ho il compito di vigilare: avvisami quando una promessa non è stata mantenuta e prima che un caso venga distrutto
notices-supervises-hint = La promessa è il tempo entro il quale il centro dice di leggere. L'avviso parte ogni giorno alle stesse ore. Per i casi vicini alla fine del loro termine parte una volta.
notices-wishes-button = Salva
notices-remove-heading = Nessun altro avviso
notices-remove-button = Togli il mio indirizzo
notices-letter-heading = Che cosa viene a sapere chi gestisce la posta
notices-letter-explains = Che questo servizio ti ha scritto, e a che ora. Ha scritto perché c'era qualcosa di nuovo dopo l'ultimo avviso. Se già questo è troppo, non indicare un indirizzo e guarda qui.
notices-said-asked = Il codice è partito. Può metterci qualche minuto.
notices-said-confirmed = L'indirizzo è confermato.
notices-said-saved = Salvato.
notices-said-removed = L'indirizzo è stato tolto.
notices-refused-address = Questo non è un indirizzo di posta elettronica, oppure il server di posta non lo accetta. Non è stato salvato niente.
notices-refused-code = Il codice non corrisponde, oppure le sue 72 ore sono passate. Puoi fartene inviare un altro.
notices-refused-wait = Oggi sono già partiti diversi codici. Riprova domani.
notices-refused-server = In questo momento il server di posta non risponde. Non è stato salvato niente. Riprova più tardi.
notices-mail-waiting = C'è un messaggio in attesa.
notices-mail-overdue = Qualcosa attende da più tempo di quanto promesso.
notices-mail-near = Qualcosa sta per arrivare alla fine del suo termine.
notices-mail-code = Il tuo codice di conferma:
notices-mail-code-explains = Scrivilo, entro 72 ore, nella pagina in cui hai indicato questo indirizzo. Se non lo hai indicato tu, non occorre fare niente: non arriverà altro.
notices-line-waiting = { $number ->
    [1] 1 messaggio attende di essere aperto
   *[other] { $number } messaggi attendono di essere aperti
}
notices-line-overdue = Qualcosa attende da più tempo di quanto il centro abbia promesso
notices-line-second = { $number ->
    [1] 1 messaggio che un altro centro non ha aperto in tempo si può aprire qui
   *[other] { $number } messaggi che altri centri non hanno aperto in tempo si possono aprire qui
}
notices-line-near = { $number ->
    [1] 1 caso è vicino alla fine del suo termine
   *[other] { $number } casi sono vicini alla fine del loro termine
}
