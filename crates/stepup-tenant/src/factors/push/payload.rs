//! What a push notification carries, as the Guardian libraries read it.

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::{factors::Transaction, state::Issuer};

/// Where the phone's API is.
pub(super) fn base_url(issuer: &Issuer) -> String {
    issuer.endpoint("appliance-mfa")
}

/// The data of a question to the phone with the enrolment `device_id`, but for the token that answers it.
pub(super) fn payload(transaction: &Transaction<'_>, device_id: &str, challenge: &str) -> Value {
    let shared = transaction.shared;
    let asked_at = Timestamp::from_second(shared.clock.now().seconds()).unwrap_or_default();
    json!({
        "sh": base_url(&shared.issuer),
        "dai": device_id,
        "c": challenge,
        "d": asked_at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(),
        "s": source(&transaction.caller.user_agent),
        "l": {},
    })
}

/// The notification of the question `id`, as the libraries of `service` read it, with the token that answers it: sent, and
/// kept nowhere.
pub(super) fn notification(
    mut payload: Value,
    id: &str,
    token: &SecretString,
    service: Option<&str>,
) -> Value {
    payload["txlnkid"] = json!(id);
    payload["txtkn"] = json!(token.expose_secret());
    if service == Some("APNS") {
        return json!({ "aps": { "category": CATEGORY }, "mfa": payload });
    }
    // The data of a message to Android is texts alone.
    for value in payload.as_object_mut().into_iter().flat_map(|members| members.values_mut()) {
        if !value.is_string() {
            *value = json!(value.to_string());
        }
    }
    payload
}

/// What Guardian.swift takes as a question of its own.
const CATEGORY: &str = "com.auth0.notification.authentication";

/// What a browser calls itself, as far as a person can use it: name and version of browser and system.
fn source(user_agent: &str) -> Value {
    /// Later ones call themselves earlier ones too, so the most particular come first.
    const BROWSERS: [(&str, &str); 5] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Version/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 5] = [
        ("Android ", "Android"),
        ("iPhone OS ", "iOS"),
        ("Mac OS X ", "macOS"),
        ("Windows NT ", "Windows"),
        ("Linux", "Linux"),
    ];
    let found = |known: &[(&str, &str)]| {
        let (name, rest) = known
            .iter()
            .find_map(|(mark, name)| user_agent.split_once(mark).map(|(_, rest)| (*name, rest)))
            .unwrap_or((if user_agent.is_empty() { "Unknown" } else { "Application" }, ""));
        let version: String = rest
            .chars()
            .take_while(|it| it.is_ascii_digit() || matches!(it, '.' | '_'))
            .take(20)
            .map(|it| if it == '_' { '.' } else { it })
            .collect();
        json!({ "n": name, "v": version })
    };
    json!({ "b": found(&BROWSERS), "os": found(&SYSTEMS) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_named_as_people_know_them() {
        for (user_agent, browser, system) in [
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
                "Chrome 138.0.0.0",
                "macOS 10.15.7",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari 18.5",
                "iOS 18.5",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox 140.0",
                "Linux ",
            ),
            ("python-httpx/0.28", "Application ", "Application "),
            ("", "Unknown ", "Unknown "),
        ] {
            let source = source(user_agent);
            let told = |part: &str| {
                format!("{} {}", source[part]["n"].as_str().unwrap(), source[part]["v"].as_str().unwrap())
            };
            assert_eq!((told("b").as_str(), told("os").as_str()), (browser, system), "{user_agent}");
        }
    }
}
