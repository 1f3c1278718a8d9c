"""What the rendered signs say: of each sign its paragraphs in English and in German; '\\n' ends a line on the board."""

from __future__ import annotations

SIGNS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("NO PARKING",), ("PARKEN VERBOTEN",)),
    (("Exit",), ("Ausgang",)),
    (("Please do not\nfeed the animals.",), ("Bitte die Tiere\nnicht füttern.",)),
    (
        ("Opening hours", "Monday to Friday\n8:30 am to 6 pm", "Closed on Sundays"),
        ("Öffnungszeiten", "Montag bis Freitag\n8:30 bis 18 Uhr", "Sonntags geschlossen"),
    ),
    (("CAUTION", "Wet floor"), ("VORSICHT", "Rutschgefahr bei Nässe")),
    (("Emergency exit.\nKeep clear.",), ("Notausgang.\nBitte freihalten.",)),
    (("The museum is closed\nuntil 15 March.",), ("Das Museum ist bis\nzum 15. März geschlossen.",)),
    (
        ("Train to Munich\nleaves at 7:45\nfrom platform 12.",),
        ("Der Zug nach München\nfährt um 7:45 Uhr\nvon Gleis 12 ab.",),
    ),
    (("Café crème 3,20 €", "Apple cake 4,50 €"), ("Café crème 3,20 €", "Apfelkuchen 4,50 €")),
    (("Danger!", "High voltage"), ("Lebensgefahr!", "Hochspannung")),
    (("Private property.\nNo trespassing.",), ("Privatgrundstück.\nBetreten verboten.",)),
    (("Ticket office",), ("Fahrkartenschalter",)),
    (
        ("Swimming is not allowed\nwhen the red flag\nis flying.",),
        ("Bei roter Flagge\nist das Schwimmen\nnicht erlaubt.",),
    ),
    (
        ("Breakfast is served\nfrom 7 to 10 am\non the first floor.",),
        ("Frühstück gibt es\nvon 7 bis 10 Uhr\nim ersten Stock.",),
    ),
    (("Pharmacy",), ("Apotheke",)),
    (
        ("Quiet please!", "Patients are sleeping.\nVisits until 8 pm only."),
        ("Bitte Ruhe!", "Die Patienten schlafen.\nBesuche nur bis 20 Uhr."),
    ),
    (("Dogs must be kept\non a lead.",), ("Hunde sind an der\nLeine zu führen.",)),
    (("Road closed", "Diversion via\nStation Street"), ("Straße gesperrt", "Umleitung über die\nBahnhofstraße")),
    (("Push",), ("Drücken",)),
    (("Out of order.\nPlease use the stairs.",), ("Außer Betrieb.\nBitte benutzen Sie\ndie Treppe.",)),
    (("Fire extinguisher",), ("Feuerlöscher",)),
    (("Cash only.\nWe do not accept cards.",), ("Nur Barzahlung.\nWir nehmen keine Karten.",)),
    (
        ("Mind the gap between\nthe train and the platform.",),
        ("Achten Sie auf den Spalt\nzwischen Zug und Bahnsteig.",),
    ),
    (("Children under 6 years\nenter free of charge.",), ("Kinder unter 6 Jahren\nhaben freien Eintritt.",)),
    (("Checkout", "Please leave your room\nby 11 am."), ("Abreise", "Bitte verlassen Sie Ihr\nZimmer bis 11 Uhr.")),
    (("Drinking water",), ("Trinkwasser",)),
    (("SALE", "50% off all shoes"), ("SCHLUSSVERKAUF", "50% auf alle Schuhe")),
    (("Do not touch\nthe exhibits!",), ("Die Ausstellungsstücke\nnicht berühren!",)),
    (("Smoking is prohibited\nin the entire building.",), ("Im ganzen Gebäude\nist das Rauchen verboten.",)),
    (("Town hall 500 m",), ("Rathaus 500 m",)),
    (("Lost property",), ("Fundbüro",)),
    (("This machine gives\nno change.",), ("Dieser Automat gibt\nkein Wechselgeld.",)),
    (("Beware of the dog",), ("Vorsicht, bissiger Hund",)),
    (("Waiting room",), ("Wartezimmer",)),
    (("Doors close\nautomatically.",), ("Die Türen schließen\nselbsttätig.",)),
    (
        ("Menu of the day", "Soup of the day 5,80 €", "Fried fish 14,90 €"),
        ("Tagesmenü", "Tagessuppe 5,80 €", "Gebratener Fisch 14,90 €"),
    ),
    (("Bicycles will be\nremoved at the\nowner's expense.",), ("Fahrräder werden\nkostenpflichtig\nentfernt.",)),
    (("Reception open\n24 hours",), ("Rezeption rund um\ndie Uhr geöffnet",)),
    (("Please ring\nthe bell twice.",), ("Bitte zweimal\nklingeln.",)),
    (("Slow down!", "School ahead"), ("Langsam fahren!", "Achtung, Schule")),
)
