//! `/u/mfa-enroll-options` and `/u/mfa-login-options`: which factor it shall be.

use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use stepup_protocol::mfa::FactorType;

use super::{
    asked::{Asked, Way},
    challenge::sent::recipient,
    enroll, path,
    visit::{Lost, Visit},
};
use crate::{
    factors::{Kind, wire_id},
    model::{Authenticator, Credential},
    pages::{
        factor::{self, WayKind},
        mfa_enroll_options, mfa_login_options,
    },
};

/// Which factor to enrol.
pub(super) async fn show_enroll(visit: Visit) -> Result<Response, Lost> {
    show(visit, "mfa-enroll-options").await
}

/// The same at its other address.
pub(super) async fn show_begin_enroll(visit: Visit) -> Result<Response, Lost> {
    show(visit, "mfa-begin-enroll-options").await
}

async fn show(mut visit: Visit, page: &str) -> Result<Response, Lost> {
    let Some(choice) = visit.progress.enrolment().cloned() else { return Ok(visit.go(path::RESUME)) };
    let Some(asked) = enroll::asked(&visit).await? else { return Ok(visit.go(path::RESUME)) };
    if visit.kept.enroll.take().is_some() {
        visit.save().await?;
    }
    let factors: Vec<_> =
        choice.factors.into_iter().filter(|&factor| enroll::page_of(&visit, factor).is_some()).collect();
    let view = mfa_enroll_options::View { frame: visit.frame(Some(&asked.user)), page, factors: &factors };
    Ok(visit.page(StatusCode::OK, mfa_enroll_options::render(&view)))
}

/// Takes the choice; what was not on offer leaves things as they were.
pub(super) async fn submit_enroll(mut visit: Visit) -> Result<Response, Lost> {
    let clicked = visit.params.text("action").and_then(FactorType::parse);
    let offered = |factor: &FactorType| {
        visit.progress.enrolment().is_some_and(|choice| choice.factors.contains(factor))
    };
    if let Some(factor) = clicked.filter(offered) {
        visit.kept.enroll = Some(factor);
        visit.kept.enrolling = visit.kept.enrolling.take().filter(|it| it.kind.factor() == factor);
        visit.save().await?;
        if let Some(page) = enroll::page_of(&visit, factor) {
            return Ok(visit.go(page));
        }
    }
    Ok(visit.go(path::RESUME))
}

/// Which factor to prove.
pub(super) async fn show_login(visit: Visit) -> Result<Response, Lost> {
    let Some(asked) = Asked::of(&visit).await? else { return Ok(visit.go(path::RESUME)) };
    let ways = asked.ways(&visit);
    if ways.is_empty() {
        return Ok(visit.go(path::RESUME));
    }
    let mut rows: Vec<_> =
        ways.iter().enumerate().map(|(at, way)| Row::of(*way, &ways[..at], &asked.held)).collect();
    tell_apart(&mut rows, &ways);
    let rows: Vec<_> = rows.iter().map(Row::view).collect();
    let view = mfa_login_options::View { frame: visit.frame(Some(&asked.user)), ways: &rows };
    Ok(visit.page(StatusCode::OK, mfa_login_options::render(&view)))
}

/// Takes the choice; what was not on offer leaves things as they were.
pub(super) async fn submit_login(mut visit: Visit) -> Result<Response, Lost> {
    let Some(asked) = Asked::of(&visit).await? else { return Ok(visit.go(path::RESUME)) };
    let clicked = visit.params.text("action").unwrap_or_default();
    let ways = asked.ways(&visit);
    let by_value = || {
        let mut rows = ways.iter().enumerate();
        rows.find(|(at, way)| Row::of(**way, &ways[..*at], &asked.held).value == clicked).map(|(_, way)| *way)
    };
    let by_id = || ways.iter().find(|way| wire_id(way.authenticator, way.kind) == clicked).copied();
    let by_word = || {
        let kind = match clicked {
            "sms" => Kind::Sms,
            word => {
                return ways.iter().find(|way| FactorType::parse(word) == Some(way.kind.factor())).copied();
            }
        };
        ways.iter().find(|way| way.kind == kind).copied()
    };
    if let Some(way) = by_value().or_else(by_id).or_else(by_word) {
        visit.kept.choose(way);
        visit.save().await?;
    }
    Ok(visit.go(path::RESUME))
}

/// A way as it is offered.
struct Row {
    value: String,
    kind: WayKind,
    detail: String,
}

impl Row {
    /// The first of a kind has a word for its value, every other one its id.
    fn of(way: Way<'_>, before: &[Way<'_>], held: &[Authenticator]) -> Self {
        let word = match way.kind {
            Kind::Voice => "voice",
            kind => kind.factor().as_str(),
        };
        let is_first = before.iter().all(|other| other.kind != way.kind);
        let value = if is_first { word.to_owned() } else { wire_id(way.authenticator, way.kind) };
        let kind = match way.kind {
            Kind::Email => WayKind::Email,
            Kind::Otp => WayKind::Otp,
            Kind::Push => WayKind::Push,
            Kind::RecoveryCode => WayKind::RecoveryCode,
            Kind::Sms => WayKind::Sms,
            Kind::Voice => WayKind::Voice,
        };
        Self { value, kind, detail: detail(way, is_first, held) }
    }

    fn view(&self) -> factor::Way<'_> {
        factor::Way { value: &self.value, kind: self.kind, detail: &self.detail }
    }
}

/// Adds to rows that read alike when each was set up.
fn tell_apart(rows: &mut [Row], ways: &[Way<'_>]) {
    let read = |row: &Row| (row.kind, row.detail.clone());
    let before: Vec<_> = rows.iter().map(read).collect();
    for (row, way) in rows.iter_mut().zip(ways) {
        let alike = before.iter().filter(|other| **other == read(row)).count();
        if alike > 1 && !row.detail.is_empty() {
            row.detail
                .push_str(&format!(", set up on {}", since(way.authenticator, "%-d %B %Y at %H:%M UTC")));
        }
    }
}

/// When it was enrolled.
fn since(authenticator: &Authenticator, format: &str) -> String {
    let since = Timestamp::from_second(authenticator.created_at.seconds()).unwrap_or_default();
    since.strftime(format).to_string()
}

/// What the phone of the push enrolment `id` calls itself.
fn phone<'a>(id: &str, held: &'a [Authenticator]) -> Option<&'a str> {
    match &held.iter().find(|it| it.id == id)?.credential {
        Credential::Push { device, .. } => device.as_ref().map(|device| device.name.as_str()),
        _ => None,
    }
}

/// Which one it is, in words.
fn detail(way: Way<'_>, is_first: bool, held: &[Authenticator]) -> String {
    match &way.authenticator.credential {
        Credential::Email { .. } | Credential::Phone { .. } => recipient(way.authenticator),
        Credential::Push { device, .. } => {
            device.as_ref().map(|device| device.name.clone()).unwrap_or_default()
        }
        Credential::Totp { push: Some(push), .. } => match phone(push, held) {
            Some(name) => format!("was set up with notifications on {name}"),
            None => "was set up with notifications".to_owned(),
        },
        Credential::Totp { .. } if !is_first => {
            format!("was set up on {}", since(way.authenticator, "%-d %B %Y"))
        }
        Credential::Totp { .. } | Credential::RecoveryCode { .. } => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stepup_protocol::time::UnixTime;

    use super::*;
    use crate::model::{Digest, PushDevice};

    fn held(id: &str, credential: Credential, minute: i64) -> Authenticator {
        let created_at = UnixTime::from_seconds(1_767_225_600 + 60 * minute);
        Authenticator {
            id: id.to_owned(),
            user_id: "auth0|ada".to_owned(),
            credential,
            name: None,
            created_at,
            confirmed_at: Some(created_at),
            last_used_at: None,
        }
    }

    fn push(name: &str) -> Credential {
        let device = PushDevice {
            identifier: "device".to_owned(),
            name: name.to_owned(),
            push: None,
            public_key: json!({}),
            token: Digest::of(name),
        };
        Credential::Push { device: Some(Box::new(device)), totp: String::new() }
    }

    fn app(push: &str) -> Credential {
        let secret = String::new().into();
        Credential::Totp { secret, last_step: None, push: Some(push.to_owned()) }
    }

    #[test]
    fn each_row_says_which_phone_it_is() {
        for (names, expected) in [
            (
                ["Ada's phone", "Spare"],
                [
                    "Ada's phone",
                    "Spare",
                    "was set up with notifications on Ada's phone",
                    "was set up with notifications on Spare",
                ],
            ),
            (
                ["Phone", "Phone"],
                [
                    "Phone, set up on 1 January 2026 at 00:00 UTC",
                    "Phone, set up on 1 January 2026 at 00:07 UTC",
                    "was set up with notifications on Phone, set up on 1 January 2026 at 00:00 UTC",
                    "was set up with notifications on Phone, set up on 1 January 2026 at 00:07 UTC",
                ],
            ),
        ] {
            let held = [
                held("push|dev_1", push(names[0]), 0),
                held("push|dev_2", push(names[1]), 7),
                held("totp|dev_1", app("push|dev_1"), 0),
                held("totp|dev_2", app("push|dev_2"), 7),
            ];
            let kinds = [Kind::Push, Kind::Push, Kind::Otp, Kind::Otp];
            let ways = kinds.into_iter().zip(&held).map(|(kind, authenticator)| Way { kind, authenticator });
            let ways: Vec<_> = ways.collect();
            let mut rows: Vec<_> =
                ways.iter().enumerate().map(|(at, way)| Row::of(*way, &ways[..at], &held)).collect();
            tell_apart(&mut rows, &ways);
            assert_eq!(rows.iter().map(|row| row.detail.as_str()).collect::<Vec<_>>(), expected);
        }
    }
}
