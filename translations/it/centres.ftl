# reviewed_by: unreviewed
places-title = Approdo · Luoghi
places-heading = Scegli un centro
places-lead = Ogni centro dice qui che cosa deve segnalare ad altri. Prima leggi questo, poi scegli.
places-none = Non c’è ancora nessun centro. Usa per favore i numeri di telefono qui sotto.
places-open = Su questo centro
places-where = Dove
places-phone = Telefono
places-languages = Lingue
places-channels = Modi per scrivere
places-channel-safe = Canale sicuro
places-channel-general = Sostegno generale
places-channel-safe-short = Per ogni persona, soprattutto se una segnalazione sui tuoi documenti potrebbe danneggiarti.
places-channel-general-short = Ascolto, consigli, accompagnamento. Leggi che cosa deve segnalare questo centro.
places-channel-closed = Adesso non è possibile scrivere: la chiave del centro è scaduta. Per favore telefona.
places-phones = Numeri di telefono per ogni persona

place-title = Approdo · Luogo
place-back = Tutti i centri
place-hours = Quando il centro legge
place-hours-closed = Chiuso nei giorni festivi.
place-hours-unknown = Il centro non ci ha detto i suoi orari. Per favore telefona.
place-hours-day = Giorno
place-hours-time = Orario
place-period = { $from }–{ $to }
place-reads-now = A quest’ora il centro legge, fino alle { $time }.
place-reads-next = Il centro legge di nuovo { $weekday } { $date }, dalle { $time }.
place-promise = { $days ->
    [one] Il centro ha detto che legge ciò che arriva entro un giorno.
   *[other] Il centro ha detto che legge ciò che arriva entro { $days } giorni.
}
place-reads-unknown = Non sappiamo quando il centro legge di nuovo. Se ti serve presto una risposta, per favore telefona.
place-call = Chiama { $number }
place-phone-source = Fonte: { $source }, ultimo controllo il { $date }
place-channel-who = Chi può aprire quello che scrivi
place-channel-readers = { $count ->
    [one] Può aprirlo una persona di questo centro.
   *[other] Possono aprirlo { $count } persone di questo centro.
}
place-channel-named = Le persone che possono aprirlo: { $names }.
place-channel-must = Che cosa devono segnalare alle autorità
place-channel-basis = Base: { $basis } Da rivedere entro il { $date }.
place-safe-promise = Nessun account di polizia può aprirlo. Queste persone, indicate per nome, possono. Un giudice può ordinare a una persona di parlare. Se un minore è in pericolo, alcuni di noi devono agire.
place-duty-status-none = Se qualcuno non ha un permesso di soggiorno valido, queste persone non devono segnalarlo.
place-duty-status-contested = I giuristi non sono d’accordo tra loro: non è certo se queste persone devono segnalare chi non ha un permesso di soggiorno valido.
place-duty-status-contested-opinion = Per questo centro è depositato un parere legale scritto.
place-duty-status-strong = Se queste persone vengono a sapere che qualcuno non ha un permesso di soggiorno valido, devono segnalarlo alle autorità. Se questo potrebbe danneggiarti, non scriverlo qui: scegli un canale sicuro, o chiedi prima a un avvocato.
place-duty-crime-none = Non devono segnalare alle autorità il reato di cui parli, a meno che un minore sia in pericolo.
place-duty-crime-contested = I giuristi non sono d’accordo tra loro: non è certo se devono segnalare il reato di cui parli. In caso di dubbio, chiedi prima senza nomi e luoghi.
place-duty-crime-strong = Se parli di certi reati gravi, devono segnalarli alle autorità, anche quando tu non vuoi. In caso di dubbio, chiedi prima senza nomi e luoghi.
place-write-safe = Scrivi sul canale sicuro
place-write-general = Scrivi per il sostegno generale
place-compare = In caso di dubbio scegli il canale sicuro.
place-first = Prima: come proteggerti
