//! English.

use super::{Texts, text};

pub(super) const TEXTS: Texts = Texts {
    gone_heading: text("This page is no longer open"),
    gone_text: text(
        "It was finished already, or it took too long. Nothing is lost: go back and begin again.",
    ),
    other_user_heading: text("This belongs to somebody else"),
    other_user_text: text(
        "Another user began this in your browser, or you have been logged out since. Nothing was sent. Go back and begin again.",
    ),
    form_lost_heading: text("Please send your form again"),
    form_lost_text: text(
        "You have confirmed that it is you. Your form was sent once, or your browser no longer has it, so nothing was sent a second time.",
    ),
    resume_heading: text("Thank you, it is you"),
    resume_text: text("We now send on the form that you had filled in."),
    resume_button: text("Continue"),
    to_the_start: text("To the start page"),
    back_to_the_page: text("Back to the page"),
};
