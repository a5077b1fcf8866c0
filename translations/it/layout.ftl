# reviewed_by: unreviewed
layout-name = Approdo
layout-exit = Esci da questo sito
layout-exit-keys = Per uscire con la tastiera: premi tre volte il tasto Maiusc.
layout-shortcuts = Scorciatoie
layout-skip = Vai al contenuto
layout-language = Lingua
# The name of this file's language in itself.
layout-language-name = Italiano
layout-navigation = Pagine principali
layout-nav-start = Inizio
layout-nav-places = Trovare aiuto
layout-nav-write = Scrivere
layout-nav-box = Ho un codice
layout-nav-guide = I tuoi diritti
layout-nav-young = Meno di 18 anni
layout-about-site = Su questo sito
layout-footer-privacy = Dati personali
layout-footer-accessibility = Accessibilità
layout-footer-about = Chi siamo
layout-footer-danger = Pericolo adesso? Chiama il 112.
layout-no-cookies = Queste pagine non usano cookie e non chiedono nulla ad altri siti.
layout-demonstration = Dimostrazione: i centri e le persone sono inventati. Qui, per favore, non scrivere nulla di vero.
layout-cover-text = Pagina in pausa
layout-cover-cleared = La pagina è rimasta in pausa per più di 15 minuti. Quello che era nei campi è stato tolto.
layout-cover-continue = Continua
layout-date = { $day } { $month ->
    [1] gennaio
    [2] febbraio
    [3] marzo
    [4] aprile
    [5] maggio
    [6] giugno
    [7] luglio
    [8] agosto
    [9] settembre
    [10] ottobre
    [11] novembre
   *[12] dicembre
} { $year }
layout-weekday = { $day ->
    [1] lunedì
    [2] martedì
    [3] mercoledì
    [4] giovedì
    [5] venerdì
    [6] sabato
   *[7] domenica
}
layout-spoken = { $code ->
    [it] italiano
    [en] inglese
    [fr] francese
    [es] spagnolo
    [ar] arabo
    [fa] persiano
    [sq] albanese
    [ru] russo
    [uk] ucraino
    [pt] portoghese
    [pl] polacco
    [ro] rumeno
    [zh] cinese
    [bn] bengalese
    [ur] urdu
   *[other] { $code }
}
