//! What the MFA routes accept: header, query and body to typed requests, in nextjs-auth0's order and words.

use std::borrow::Cow;

use http::{HeaderMap, header};
use serde_json::{Map, Value};

use crate::mfa::{Challenge, Enroll, InvalidRequest, MfaToken, OutOfBand, Verify};

/// The token of an `Authorization: Bearer …` header. The scheme's spelling counts, as it does for the browser client.
pub(super) fn bearer(headers: &HeaderMap) -> Result<MfaToken, InvalidRequest> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::trim)
        .filter(|token| !token.is_empty())
        .map(MfaToken::from)
        .ok_or_else(|| InvalidRequest::new("Missing or invalid Authorization header"))
}

/// A body of `POST mfa/challenge`: `{mfa_token, challenge_type, authenticator_id?}`.
pub(super) fn challenge(body: &[u8]) -> Result<(MfaToken, Challenge), InvalidRequest> {
    let body = members(body)?;
    let token = required(&body, "mfa_token")?;
    let challenge = Challenge::of_type(required(&body, "challenge_type")?);
    let challenge = match body.get("authenticator_id") {
        None => challenge,
        Some(absent) if is_falsy(absent) => challenge,
        Some(_) => challenge.authenticator(required(&body, "authenticator_id")?),
    };
    Ok((MfaToken::from(token), challenge))
}

/// A body of `POST mfa/associate`: `{authenticator_types, oob_channels?, phone_number?, email?}`. Of several types the
/// first one counts.
pub(super) fn associate(body: &[u8]) -> Result<Enroll, InvalidRequest> {
    let body = members(body)?;
    let first = body.get("authenticator_types").and_then(Value::as_array).and_then(|types| types.first());
    match first {
        None => Err(missing("authenticator_types")),
        Some(Value::String(kind)) if kind == "otp" => Ok(Enroll::otp()),
        Some(Value::String(kind)) if kind == "oob" => out_of_band(&body),
        Some(other) => {
            let word = other.as_str().map_or_else(|| Cow::Owned(other.to_string()), Cow::Borrowed);
            Err(InvalidRequest::new(format!("Unsupported authenticator_type: {word}")))
        }
    }
}

fn out_of_band(body: &Map<String, Value>) -> Result<Enroll, InvalidRequest> {
    let channels = body
        .get("oob_channels")
        .and_then(Value::as_array)
        .and_then(|channels| channels.iter().map(|channel| channel.as_str().map(str::to_owned)).collect())
        .ok_or_else(|| InvalidRequest::new("Missing or invalid oob_channels for OOB enrollment"))?;
    let phone_number = optional(body, "phone_number")?;
    let email = optional(body, "email")?;
    Ok(Enroll::out_of_band(channels).with_contact(phone_number, email))
}

/// A body of `POST mfa/verify`: `{otp}`, `{oob_code, binding_code?}` or `{recovery_code}`; of several the first in this
/// order. A push has no binding code.
pub(super) fn verify(body: &[u8]) -> Result<Verify, InvalidRequest> {
    let body = members(body)?;
    if let Some(otp) = text(&body, "otp") {
        return Ok(Verify::otp(otp));
    }
    if let Some(oob_code) = text(&body, "oob_code") {
        match (body.get("binding_code"), text(&body, "binding_code")) {
            (None | Some(Value::Null), _) => return Ok(Verify::oob(oob_code).into()),
            (Some(_), Some(code)) => return Ok(Verify::oob(oob_code).binding_code(code)),
            (Some(_), None) => {}
        }
    }
    text(&body, "recovery_code").map(Verify::recovery_code).ok_or_else(|| {
        InvalidRequest::new(
            "Missing verification credential (otp, oob_code+binding_code, or recovery_code required)",
        )
    })
}

/// A body of `POST mfa/push`: `{mfa_token, oob_code}`.
pub(super) fn push(body: &[u8]) -> Result<(MfaToken, OutOfBand), InvalidRequest> {
    let body = members(body)?;
    Ok((MfaToken::from(required(&body, "mfa_token")?), Verify::oob(required(&body, "oob_code")?)))
}

/// The authenticator that `DELETE mfa/authenticators/{id}` or `?id=` names.
pub(super) fn authenticator_id(path_id: Option<&str>, query: Option<&str>) -> Result<String, InvalidRequest> {
    let from_query = || {
        form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .find(|(name, _)| name == "id")
            .map(|(_, id)| id.into_owned())
    };
    let is_an_id = |id: &String| !matches!(id.as_str(), "" | "." | "..");
    path_id.map(str::to_owned).or_else(from_query).filter(is_an_id).ok_or_else(|| missing("id"))
}

/// The members of a JSON object; any other JSON has none.
fn members(body: &[u8]) -> Result<Map<String, Value>, InvalidRequest> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Ok(Map::new()),
        Err(_) => Err(InvalidRequest::new("Invalid JSON in request body")),
    }
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

fn required<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a str, InvalidRequest> {
    text(body, name).ok_or_else(|| missing(name))
}

fn optional(body: &Map<String, Value>, name: &str) -> Result<Option<String>, InvalidRequest> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(missing(name)),
    }
}

fn missing(name: &str) -> InvalidRequest {
    InvalidRequest::new(format!("Missing or invalid {name}"))
}

/// What JavaScript takes for absent.
fn is_falsy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal<T: std::fmt::Debug>(result: Result<T, InvalidRequest>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn only_a_bearer_is_a_bearer() {
        for (header, token) in [
            ("Bearer abc", Some("abc")),
            ("Bearer  abc ", Some("abc")),
            ("bearer abc", None),
            ("Basic abc", None),
            ("Bearer", None),
            ("Bearer ", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, header.parse().unwrap())]);
            assert_eq!(bearer(&headers).ok(), token.map(MfaToken::from), "{header:?}");
        }
        assert_eq!(refusal(bearer(&HeaderMap::new())), "Missing or invalid Authorization header");
    }

    #[test]
    fn a_challenge_names_the_first_member_that_is_wrong() {
        for (body, text) in [
            ("{", "Invalid JSON in request body"),
            ("", "Invalid JSON in request body"),
            ("null", "Missing or invalid mfa_token"),
            ("[]", "Missing or invalid mfa_token"),
            (r#"{"challenge_type":"otp"}"#, "Missing or invalid mfa_token"),
            (r#"{"mfa_token":5}"#, "Missing or invalid mfa_token"),
            (r#"{"mfa_token":"x"}"#, "Missing or invalid challenge_type"),
            (
                r#"{"mfa_token":"x","challenge_type":"otp","authenticator_id":7}"#,
                "Missing or invalid authenticator_id",
            ),
        ] {
            assert_eq!(refusal(challenge(body.as_bytes())), text, "{body}");
        }
        let body = br#"{"mfa_token":"x","challenge_type":"OOB","authenticator_id":"sms|1","more":1}"#;
        let expected = (MfaToken::from("x"), Challenge::of_type("OOB").authenticator("sms|1"));
        assert_eq!(challenge(body).unwrap(), expected);
    }

    #[test]
    fn an_enrolment_counts_its_first_type() {
        for (body, text) in [
            ("{}", "Missing or invalid authenticator_types"),
            (r#"{"authenticator_types":[]}"#, "Missing or invalid authenticator_types"),
            (r#"{"authenticator_types":"otp"}"#, "Missing or invalid authenticator_types"),
            (r#"{"authenticator_types":["email"]}"#, "Unsupported authenticator_type: email"),
            (r#"{"authenticator_types":[7]}"#, "Unsupported authenticator_type: 7"),
            (r#"{"authenticator_types":["oob"]}"#, "Missing or invalid oob_channels for OOB enrollment"),
            (
                r#"{"authenticator_types":["oob"],"oob_channels":[1]}"#,
                "Missing or invalid oob_channels for OOB enrollment",
            ),
            (
                r#"{"authenticator_types":["oob"],"oob_channels":["sms"],"phone_number":1}"#,
                "Missing or invalid phone_number",
            ),
        ] {
            assert_eq!(refusal(associate(body.as_bytes())), text, "{body}");
        }
        assert_eq!(
            associate(br#"{"authenticator_types":["otp","oob"],"email":"a@b"}"#).unwrap(),
            Enroll::otp()
        );
        let sms = br#"{"authenticator_types":["oob"],"oob_channels":["sms"],"phone_number":"+1555"}"#;
        assert_eq!(associate(sms).unwrap(), Enroll::sms("+1555"));
    }

    #[test]
    fn a_proof_is_the_first_usable_one() {
        for (body, proof) in [
            (json!({"otp":"1","oob_code":"o","binding_code":"b","recovery_code":"r"}), "Verify(otp)"),
            (json!({"otp":1,"oob_code":"o"}), "Verify(oob)"),
            (json!({"oob_code":"o","binding_code":"1"}), "Verify(oob with binding code)"),
            (json!({"oob_code":"o","binding_code":null}), "Verify(oob)"),
            (json!({"oob_code":"o","binding_code":"","recovery_code":"r"}), "Verify(recovery-code)"),
        ] {
            assert_eq!(format!("{:?}", verify(body.to_string().as_bytes()).unwrap()), proof, "{body}");
        }
        for body in [
            json!({}),
            json!({"otp":123_456}),
            json!({"otp":" "}),
            json!({"oobCode":"a"}),
            json!({"oob_code":"o","binding_code":""}),
        ] {
            assert_eq!(
                refusal(verify(body.to_string().as_bytes())),
                "Missing verification credential (otp, oob_code+binding_code, or recovery_code required)"
            );
        }
    }

    #[test]
    fn an_authenticator_is_named_by_path_or_query() {
        for (path, query, id) in [
            (Some("totp|dev_1"), Some("id=other"), Some("totp|dev_1")),
            (None, Some("x=1&id=totp%7Cdev_1"), Some("totp|dev_1")),
            (None, Some("id="), None),
            (None, None, None),
        ] {
            assert_eq!(authenticator_id(path, query).ok().as_deref(), id, "{path:?} {query:?}");
        }
    }
}
