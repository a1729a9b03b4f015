//! Exchanges as they are shown: readable, and with their secrets covered until somebody asks for them.

use std::collections::BTreeMap;

use serde_json::Value;

/// Whether secrets are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrets {
    Covered,
    Shown,
}

/// Members, parameters and headers whose value lets somebody in.
const SECRET: &[&str] = &[
    "access_token",
    "assertion",
    "authorization",
    "barcode_uri",
    "binding_code",
    "challenge_response",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "cookie",
    "dpop",
    "id_token",
    "id_token_hint",
    "logout_token",
    "mfa-dpop",
    "mfa_token",
    "oob_code",
    "otp",
    "password",
    "recovery_code",
    "recovery_codes",
    "refresh_token",
    "secret",
    "set-cookie",
    "state",
    "subject_token",
    "ticket",
    "token",
];

const COVER: &str = "••••••";

/// Headers, one a line.
pub(super) fn headers(headers: &BTreeMap<String, String>, secrets: Secrets) -> String {
    let line = |(name, value): (&String, &String)| format!("{name}: {}", shown(name, value, secrets));
    headers.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// An address with its query and with its fragment, where a `response_mode` puts what a query would carry.
pub(super) fn address(address: &str, secrets: Secrets) -> String {
    let carried = |sign: char, pairs: &str| format!("{sign}{}", form(pairs, secrets, "&"));
    let (rest, fragment) = match address.split_once('#') {
        Some((rest, fragment)) => (rest, carried('#', fragment)),
        None => (address, String::new()),
    };
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, carried('?', query)),
        None => (rest, String::new()),
    };
    format!("{path}{query}{fragment}")
}

/// A body: JSON indented, a form one parameter a line, a page by its size alone.
pub(super) fn body(content_type: &str, body: &str, secrets: Secrets) -> String {
    if body.is_empty() {
        String::new()
    } else if let Ok(mut json) = serde_json::from_str::<Value>(body) {
        if secrets == Secrets::Covered {
            cover(&mut json);
        }
        serde_json::to_string_pretty(&json).unwrap_or_default()
    } else if content_type.starts_with("application/x-www-form-urlencoded") {
        form(body, secrets, "\n")
    } else if content_type.starts_with("text/html") {
        format!("a page of {} bytes", body.len())
    } else if secrets == Secrets::Shown {
        body.to_owned()
    } else {
        format!("{} bytes", body.len())
    }
}

fn form(pairs: &str, secrets: Secrets, separator: &str) -> String {
    let pair = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        format!("{name}={}", shown(&name, &value, secrets))
    };
    form_urlencoded::parse(pairs.as_bytes()).map(pair).collect::<Vec<_>>().join(separator)
}

fn shown<'a>(name: &str, value: &'a str, secrets: Secrets) -> &'a str {
    if secrets == Secrets::Covered && is_secret(name) { COVER } else { value }
}

fn is_secret(name: &str) -> bool {
    SECRET.binary_search(&name.to_ascii_lowercase().as_str()).is_ok()
}

fn cover(json: &mut Value) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                if is_secret(name) { *value = COVER.into() } else { cover(value) }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(cover),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_covered_wherever_they_stand() {
        assert!(SECRET.is_sorted());
        let json =
            r#"{"access_token":"AT","scope":"openid","list":[{"mfa_token":"M"}],"recovery_codes":["R"]}"#;
        let covered = body("application/json", json, Secrets::Covered);
        for secret in ["AT", "\"M\"", "\"R\""] {
            assert!(!covered.contains(secret), "{covered}");
        }
        assert!(covered.contains("openid"));
        assert!(body("application/json", json, Secrets::Shown).contains("AT"));
        let sent = "grant_type=refresh_token&refresh_token=RT%2B&Client_Secret=x";
        assert_eq!(
            body("application/x-www-form-urlencoded", sent, Secrets::Covered),
            "grant_type=refresh_token\nrefresh_token=••••••\nClient_Secret=••••••"
        );
        assert_eq!(address("/continue?state=S&x=y", Secrets::Covered), "/continue?state=••••••&x=y");
        for (shown, covered) in [
            ("https://app.example/cb#code=C&scope=openid", "https://app.example/cb#code=••••••&scope=openid"),
            ("/cb?state=S#id_token=I", "/cb?state=••••••#id_token=••••••"),
            ("/dashboard", "/dashboard"),
        ] {
            assert_eq!(address(shown, Secrets::Covered), covered);
            assert_eq!(address(shown, Secrets::Shown), shown);
        }
        assert_eq!(body("text/html; charset=utf-8", "<p>pw</p>", Secrets::Shown), "a page of 9 bytes");
        assert_eq!(body("text/plain", "pw=1", Secrets::Covered), "4 bytes");
        let sent = BTreeMap::from([("authorization".to_owned(), "Bearer x".to_owned())]);
        assert_eq!(headers(&sent, Secrets::Covered), "authorization: ••••••");
    }
}
