//! What the pages say: one struct of texts, a file a language.

mod english;
mod german;
mod japanese;
mod language;

use std::borrow::Cow;

pub use language::Language;

/// A text: the SDK's own, or the application's.
pub type Text = Cow<'static, str>;

const fn text(words: &'static str) -> Text {
    Cow::Borrowed(words)
}

/// What the pages say. `{name}` stands for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// A guard could not get what it needs from the tenant: heading.
    pub guard_failed_heading: Text,
    /// A guard could not get what it needs from the tenant: what it means.
    pub guard_failed_text: Text,
    /// The tenant does not let the user do it: heading.
    pub guard_refused_heading: Text,
    /// The tenant does not let the user do it: what it means.
    pub guard_refused_text: Text,
    /// A second factor is due, and what was sent cannot be kept meanwhile: heading.
    pub guard_not_kept_heading: Text,
    /// A second factor is due, and what was sent cannot be kept meanwhile: what to do.
    pub guard_not_kept_text: Text,
    /// A second factor is due, and beside the other cookies there is no room for what was sent: what to do.
    pub guard_no_room_text: Text,
    /// A second factor of a certain kind is due, and beside the other cookies there is no room for the pages that ask for it:
    /// what to do.
    pub guard_no_room_factor_text: Text,
    /// Leads to the second factor.
    pub guard_not_kept_way_on: Text,
    /// Nobody is logged in any more: heading.
    pub guard_logged_out_heading: Text,
    /// A form was sent and nobody is logged in: what to do.
    pub guard_logged_out_text: Text,
    /// Leads to the login.
    pub guard_logged_out_way_on: Text,
    /// The second factor that was proved is not the one that is needed: heading.
    pub guard_unmet_heading: Text,
    /// The second factor that was proved is not the one that is needed: what it means.
    pub guard_unmet_text: Text,
    /// Names the factors that are needed, after a text that says that they are missing. `{ways}`: which.
    pub needed_ways: Text,
    /// Between two of which one is enough, with the spaces around it.
    pub or: Text,
    /// A login by another user than the one who was to confirm that it is them: heading.
    pub other_login_heading: Text,
    /// A login by another user than the one who was to confirm that it is them: what to do.
    pub other_login_text: Text,
    /// A login that is not under way in this browser any more: heading.
    pub login_lost_heading: Text,
    /// A login that is not under way in this browser any more: what it means.
    pub login_lost_text: Text,
    /// A login that the user or the tenant refused: heading.
    pub login_refused_heading: Text,
    /// A login that the user or the tenant refused: what it means.
    pub login_refused_text: Text,
    /// A login that needs a second factor which cannot be asked for here: heading.
    pub login_second_factor_heading: Text,
    /// A login that needs a second factor which cannot be asked for here: what to do.
    pub login_second_factor_text: Text,
    /// Leads to the logout.
    pub log_out: Text,
    /// A login that failed by our fault or the tenant's: heading.
    pub login_broken_heading: Text,
    /// A login that failed by our fault or the tenant's: what it means.
    pub login_broken_text: Text,
    /// More is to be kept than the browser may send: heading.
    pub too_large_heading: Text,
    /// More is to be kept than the browser may send: what to do.
    pub too_large_text: Text,
    /// Leads on, for somebody who is logged in.
    pub logged_in_already: Text,
    /// On the way back from the tenant, for a moment.
    pub come_again_heading: Text,
    /// A login in a pop-up is done: heading.
    pub popup_done_heading: Text,
    /// A login in a pop-up is done: what to do.
    pub popup_done_text: Text,
    /// A login in a pop-up did not come to its end: heading.
    pub popup_failed_heading: Text,
    /// A login in a pop-up did not come to its end: what to do.
    pub popup_failed_text: Text,
    /// Closes a pop-up.
    pub close: Text,
    /// There is no such detour: heading.
    pub gone_heading: Text,
    /// There is no such detour: what it means.
    pub gone_text: Text,
    /// The session is over, and the detour waits for its user: what to do.
    pub logged_out_text: Text,
    /// The detour is another user's: heading.
    pub other_user_heading: Text,
    /// The detour is another user's: what it means.
    pub other_user_text: Text,
    /// The kept form is not there: heading.
    pub form_lost_heading: Text,
    /// The kept form is not there: what it means.
    pub form_lost_text: Text,
    /// A form came from elsewhere: heading.
    pub foreign_heading: Text,
    /// A form came from elsewhere: what it means.
    pub foreign_text: Text,
    /// The tenant does not answer: heading.
    pub unavailable_heading: Text,
    /// The tenant does not answer: what it means.
    pub unavailable_text: Text,
    /// The tenant was asked too much in a short time: heading.
    pub wait_heading: Text,
    /// The tenant was asked too much in a short time: what to do.
    pub wait_text: Text,
    /// The step-up is complete, and a form of it came once more: heading.
    pub complete_heading: Text,
    /// The step-up is complete, and a form of it came once more: what comes next.
    pub complete_text: Text,
    /// The step-up took too long: heading.
    pub expired_heading: Text,
    /// The step-up took too long: what it means.
    pub expired_text: Text,
    /// No authenticator will do: heading.
    pub nothing_heading: Text,
    /// No authenticator will do: what it means.
    pub nothing_text: Text,
    /// Asks for the page again.
    pub try_again: Text,
    /// Begins the step-up again.
    pub begin_again: Text,
    /// The form is sent again: heading.
    pub resume_heading: Text,
    /// The form is sent again: what happens.
    pub resume_text: Text,
    /// The form is sent again without a proof, after a step-up that came to nothing: heading.
    pub resume_unproved_heading: Text,
    /// The form is sent again without a proof, after a step-up that came to nothing: what happens.
    pub resume_unproved_text: Text,
    /// The main button.
    pub go_on: Text,
    /// The way out.
    pub cancel: Text,
    /// The way to another factor.
    pub another_way: Text,
    /// To the application's first page.
    pub to_the_start: Text,
    /// Back to the page that the visitor came from.
    pub back_to_the_page: Text,
    /// Choosing an authenticator: heading.
    pub choose_heading: Text,
    /// Choosing an authenticator: what it is about.
    pub choose_lead: Text,
    /// An authenticator app.
    pub app_name: Text,
    /// An authenticator app: what one does.
    pub app_hint: Text,
    /// A text message.
    pub sms_name: Text,
    /// A text message: what happens. `{to}`: the number.
    pub sms_hint: Text,
    /// A phone call.
    pub voice_name: Text,
    /// A phone call: what happens. `{to}`: the number.
    pub voice_hint: Text,
    /// An e-mail.
    pub email_name: Text,
    /// An e-mail: what happens. `{to}`: the address.
    pub email_hint: Text,
    /// A push notification.
    pub push_name: Text,
    /// A push notification: what one does. `{to}`: the device.
    pub push_hint: Text,
    /// The recovery code.
    pub recovery_name: Text,
    /// The recovery code: what it is.
    pub recovery_hint: Text,
    /// A phone whose number is not known.
    pub your_phone: Text,
    /// A device whose name is not known, where something is done on it.
    pub your_device: Text,
    /// The same, where something is sent to it.
    pub to_your_device: Text,
    /// An address that is not known.
    pub your_address: Text,
    /// Choosing what to add: heading.
    pub factors_heading: Text,
    /// Choosing what to add: what it is about.
    pub factors_lead: Text,
    /// Adding an authenticator app.
    pub new_app_hint: Text,
    /// Adding a phone.
    pub phone_name: Text,
    /// Adding a phone: what happens.
    pub new_phone_hint: Text,
    /// Adding an e-mail address: what happens.
    pub new_email_hint: Text,
    /// Adding push notifications: what one does.
    pub new_push_hint: Text,
    /// Typing a phone number: heading.
    pub phone_heading: Text,
    /// Typing a phone number: what happens.
    pub phone_lead: Text,
    /// The field for a phone number.
    pub phone_label: Text,
    /// How to write a phone number.
    pub phone_hint: Text,
    /// How the code is to come.
    pub channel_legend: Text,
    /// Typing an e-mail address: heading.
    pub email_heading: Text,
    /// Typing an e-mail address: what happens.
    pub email_lead: Text,
    /// The field for an e-mail address.
    pub email_label: Text,
    /// Entering a code: heading.
    pub code_heading: Text,
    /// The code of an app: where it is. `{application}`: the application's name.
    pub code_app_lead: Text,
    /// A code that was sent as a text message. `{to}`: the number.
    pub code_sms_lead: Text,
    /// A code that is read out in a call. `{to}`: the number.
    pub code_voice_lead: Text,
    /// A code that was sent by e-mail. `{to}`: the address.
    pub code_email_lead: Text,
    /// The field for a code.
    pub code_label: Text,
    /// Before the button that sends again.
    pub resend_question: Text,
    /// Sends the message again.
    pub resend: Text,
    /// When it can be sent again. `{seconds}`: how many are left.
    pub resend_wait: Text,
    /// Setting up an app: heading.
    pub new_app_heading: Text,
    /// Setting up an app: first step.
    pub new_app_scan: Text,
    /// What the QR code is, for those who cannot see it.
    pub qr_label: Text,
    /// Before the key that can be typed instead.
    pub key_hint: Text,
    /// The button that copies.
    pub copy: Text,
    /// After it copied.
    pub copied: Text,
    /// Before the link for the same phone.
    pub same_phone: Text,
    /// The link for the same phone.
    pub open_app: Text,
    /// Setting up an app: second step.
    pub new_app_enter: Text,
    /// Waiting for a push: heading.
    pub push_heading: Text,
    /// Waiting for a push: what to do. `{to}`: the device.
    pub push_lead: Text,
    /// Waiting for a push: that the page is alive.
    pub push_waiting: Text,
    /// The push was denied.
    pub push_denied: Text,
    /// Nobody answered the push.
    pub push_expired: Text,
    /// Setting up push: heading.
    pub new_push_heading: Text,
    /// Setting up push: what to do.
    pub new_push_scan: Text,
    /// Setting up push: that the page is alive.
    pub new_push_waiting: Text,
    /// Entering the recovery code: heading.
    pub recovery_heading: Text,
    /// Entering the recovery code: what it is.
    pub recovery_lead: Text,
    /// The field for the recovery code.
    pub recovery_label: Text,
    /// The new recovery code: heading.
    pub keep_heading: Text,
    /// The new recovery code: what it is for.
    pub keep_lead: Text,
    /// The button that prints.
    pub print: Text,
    /// The link that saves the recovery code as a file.
    pub download: Text,
    /// The tick under the recovery code.
    pub keep_tick: Text,
    /// The tick is missing.
    pub problem_not_kept: Text,
    /// No code was entered.
    pub problem_missing_code: Text,
    /// What was entered is no code.
    pub problem_malformed_code: Text,
    /// The code that was sent is wrong.
    pub problem_wrong_code: Text,
    /// The app's code is wrong.
    pub problem_wrong_app_code: Text,
    /// The recovery code is wrong.
    pub problem_wrong_recovery_code: Text,
    /// Attempts are used up. `{minutes}`: how long.
    pub problem_locked_out: Text,
    /// Attempts are used up, for an unknown time.
    pub problem_locked_out_for_some_time: Text,
    /// The tenant has too many requests. `{minutes}`: for how long.
    pub problem_busy: Text,
    /// The tenant has too many requests, for an unknown time.
    pub problem_busy_for_some_time: Text,
    /// What was entered is no phone number.
    pub problem_phone: Text,
    /// What was entered is no e-mail address.
    pub problem_email: Text,
    /// The tenant does not offer this.
    pub problem_not_offered: Text,
    /// Too many messages were sent.
    pub problem_sent_too_often: Text,
    /// The tenant does not answer.
    pub problem_unavailable: Text,
    /// The last proof was right, and a further one is wanted.
    pub one_more: Text,
    /// The tenant asks for another factor before the one that is needed: `{needed}` says which that is.
    pub others_first: Text,
    /// One's own authenticators: heading.
    pub manage_heading: Text,
    /// One's own authenticators: what they are for.
    pub manage_lead: Text,
    /// There are none.
    pub manage_none: Text,
    /// Adds one more.
    pub manage_add: Text,
    /// Adds the first one.
    pub manage_add_first: Text,
    /// One was deleted.
    pub manage_deleted: Text,
    /// One was added.
    pub manage_added: Text,
    /// One cannot be deleted.
    pub manage_kept: Text,
    /// No token for the MFA API: heading.
    pub manage_no_token_heading: Text,
    /// No token for the MFA API: what it means.
    pub manage_no_token_text: Text,
    /// Deletes one.
    pub remove: Text,
    /// Before one is deleted. `{name}`: which.
    pub delete_heading: Text,
    /// Before one is deleted: what it means.
    pub delete_text: Text,
    /// Does not delete it.
    pub keep_it: Text,
}

impl Texts {
    /// The SDK's own words; English ones for a language that it does not speak, to begin with.
    #[must_use]
    pub const fn of(language: Language) -> Self {
        match language {
            Language::English | Language::Other(_) => english::TEXTS,
            Language::German => german::TEXTS,
            Language::Japanese => japanese::TEXTS,
        }
    }
}
