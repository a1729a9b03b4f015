//! German.

use super::{Texts, text};

pub(super) const TEXTS: Texts = Texts {
    gone_heading: text("Diese Seite ist nicht mehr offen"),
    gone_text: text(
        "Sie wurde schon abgeschlossen, oder es hat zu lange gedauert. Nichts ist verloren: Gehen Sie zurück und beginnen Sie noch einmal.",
    ),
    other_user_heading: text("Das gehört jemand anderem"),
    other_user_text: text(
        "Jemand anderes hat das in Ihrem Browser begonnen, oder Sie wurden inzwischen abgemeldet. Es wurde nichts gesendet. Gehen Sie zurück und beginnen Sie noch einmal.",
    ),
    form_lost_heading: text("Bitte senden Sie Ihr Formular noch einmal"),
    form_lost_text: text(
        "Sie haben bestätigt, dass Sie es sind. Ihr Formular wurde einmal gesendet, oder Ihr Browser hat es nicht mehr; ein zweites Mal wurde nichts gesendet.",
    ),
    resume_heading: text("Danke, Sie sind es"),
    resume_text: text("Wir senden jetzt das Formular weiter, das Sie ausgefüllt hatten."),
    resume_button: text("Weiter"),
    to_the_start: text("Zur Startseite"),
    back_to_the_page: text("Zurück zur Seite"),
};
