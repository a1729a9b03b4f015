//! `/u/mfa-phone-enrollment` and `/u/mfa-email-enrollment`: where codes go. The first one confirms it, on the page where
//! later ones are asked for too.

use axum::response::Response;
use http::StatusCode;

use super::{Given, begin, due, has_other_ways, is_due};
use crate::{
    factors::{self, Ceremony, Kind, email::is_address, is_e164},
    login::{
        asked::Asked,
        enroll,
        outcome::Outcome,
        path,
        sent::{Sent, send_problem},
        visit::{Lost, Visit},
    },
    pages::{
        mfa_email_enrollment, mfa_phone_enrollment,
        problem::{Channel, EmailProblem, PhoneProblem, SendProblem},
    },
};

/// Asks for a number.
pub(in crate::login) async fn show_phone(visit: Visit) -> Result<Response, Lost> {
    let Some((asked, channels)) = phone_due(&visit).await? else { return Ok(visit.go(path::RESUME)) };
    let number = asked.user.phone_number.clone().unwrap_or_default();
    let chosen = preferred(&channels);
    Ok(phone_page(&visit, &asked, &channels, &number, chosen, None))
}

/// Takes it, and sends the first code.
pub(in crate::login) async fn submit_phone(mut visit: Visit) -> Result<Response, Lost> {
    let Some((asked, channels)) = phone_due(&visit).await? else { return Ok(visit.go(path::RESUME)) };
    let wanted = visit.params.text("channel");
    let chosen = channels.iter().copied().find(|it| Some(it.as_str()) == wanted);
    let chosen = chosen.unwrap_or_else(|| preferred(&channels));
    let typed = visit.params.text("phone").unwrap_or_default().trim().to_owned();
    if typed.is_empty() {
        return Ok(phone_page(&visit, &asked, &channels, "", chosen, Some(PhoneProblem::Missing)));
    }
    let number = international(&typed);
    if !is_e164(&number) {
        let found = Some(PhoneProblem::Malformed);
        return Ok(phone_page(&visit, &asked, &channels, &typed, chosen, found));
    }
    let kind = match chosen {
        Channel::Voice => Kind::Voice,
        Channel::Email | Channel::Sms => Kind::Sms,
    };
    let given = Given { phone_number: Some(&number), ..Given::default() };
    match confirm(&mut visit, &asked, kind, given).await? {
        None => Ok(visit.go(factors::of(kind).pages().challenge)),
        Some(found) => {
            let found = Some(PhoneProblem::Send(found, chosen));
            Ok(phone_page(&visit, &asked, &channels, &typed, chosen, found))
        }
    }
}

/// Asks for an address.
pub(in crate::login) async fn show_email(visit: Visit) -> Result<Response, Lost> {
    let Some(asked) = due(&visit, Kind::Email).await? else { return Ok(visit.go(path::RESUME)) };
    let address = asked.user.email.clone().unwrap_or_default();
    Ok(email_page(&visit, &asked, &address, None))
}

/// Takes it, and sends the first code.
pub(in crate::login) async fn submit_email(mut visit: Visit) -> Result<Response, Lost> {
    let Some(asked) = due(&visit, Kind::Email).await? else { return Ok(visit.go(path::RESUME)) };
    let address = visit.params.text("email").unwrap_or_default().trim().to_owned();
    let found = match address.as_str() {
        "" => Some(EmailProblem::Missing),
        text if !is_address(text) => Some(EmailProblem::Malformed),
        text => {
            let given = Given { email: Some(text), ..Given::default() };
            confirm(&mut visit, &asked, Kind::Email, given).await?.map(EmailProblem::Send)
        }
    };
    match found {
        None => Ok(visit.go(path::EMAIL_CHALLENGE)),
        found => Ok(email_page(&visit, &asked, &address, found)),
    }
}

/// Whoever may enrol a phone, and by which of the ways that are on.
async fn phone_due(visit: &Visit) -> Result<Option<(Asked, Vec<Channel>)>, Lost> {
    let channels: Vec<_> = [(Kind::Sms, Channel::Sms), (Kind::Voice, Channel::Voice)]
        .into_iter()
        .filter(|(kind, _)| is_due(visit, *kind))
        .map(|(_, channel)| channel)
        .collect();
    if channels.is_empty() {
        return Ok(None);
    }
    Ok(enroll::asked(visit).await?.map(|asked| (asked, channels)))
}

fn preferred(channels: &[Channel]) -> Channel {
    channels.first().copied().unwrap_or(Channel::Sms)
}

/// Begins the enrolment, which sends a code; what kept it from being sent, if anything did.
async fn confirm(
    visit: &mut Visit,
    asked: &Asked,
    kind: Kind,
    given: Given<'_>,
) -> Result<Option<SendProblem>, Lost> {
    match begin(visit, asked, kind, given).await? {
        Ok(begun) => {
            if let Ceremony::Code { oob_code } = &begun.ceremony {
                let now = visit.shared.clock.now();
                visit.kept.keep_sent(Sent::to(kind, begun.authenticator_id.clone(), oob_code, now));
            }
            visit.save().await?;
            Ok(None)
        }
        Err(failure) => send_problem(visit, failure).map(Some),
    }
}

/// A number as people write it, without what is between its digits; `00` stands for `+`.
fn international(typed: &str) -> String {
    let plain: String = typed
        .chars()
        .filter(|it| {
            !it.is_whitespace() && !matches!(it, '-' | '.' | '(' | ')' | '/' | '\u{a0}' | '\u{2011}')
        })
        .collect();
    match plain.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => plain,
    }
}

fn phone_page(
    visit: &Visit,
    asked: &Asked,
    channels: &[Channel],
    phone: &str,
    chosen: Channel,
    problem: Option<PhoneProblem>,
) -> Response {
    let outcome = problem.map(|problem| match problem {
        PhoneProblem::Send(unsent, _) => Outcome::from(unsent),
        PhoneProblem::Missing | PhoneProblem::Malformed => StatusCode::BAD_REQUEST.into(),
    });
    let has_other_ways = has_other_ways(visit);
    let frame = visit.frame(Some(&asked.user));
    let view = mfa_phone_enrollment::View { frame, phone, channels, chosen, has_other_ways, problem };
    visit.page(outcome, mfa_phone_enrollment::render(&view))
}

fn email_page(visit: &Visit, asked: &Asked, email: &str, problem: Option<EmailProblem>) -> Response {
    let outcome = problem.map(|problem| match problem {
        EmailProblem::Send(unsent) => Outcome::from(unsent),
        EmailProblem::Missing | EmailProblem::Malformed => StatusCode::BAD_REQUEST.into(),
    });
    let frame = visit.frame(Some(&asked.user));
    let has_other_ways = has_other_ways(visit);
    let view = mfa_email_enrollment::View { frame, email, has_other_ways, problem };
    visit.page(outcome, mfa_email_enrollment::render(&view))
}

#[cfg(test)]
mod tests {
    use super::international;

    #[test]
    fn numbers_are_taken_as_people_write_them() {
        for typed in [
            "+442079460958",
            "+44 20 7946 0958",
            "+44 (20) 7946-0958",
            "0044 20 7946 0958",
            "+44.20.7946.0958",
        ] {
            assert_eq!(international(typed), "+442079460958", "{typed}");
        }
        assert_eq!(international("020 7946 0958"), "02079460958", "whose country is not for us to guess");
    }
}
