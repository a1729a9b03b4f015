//! `stepup push`: the user's phone, from the terminal.

use std::time::Duration;

use clap::{Args, Subcommand};
use fast_qr::QRBuilder;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    control::{Control, ControlArguments},
    failure::Failure,
    output,
};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    control: ControlArguments,
    #[command(subcommand)]
    call: Option<Call>,
}

#[derive(Debug, Subcommand)]
enum Call {
    /// Print the pending requests, one JSON object a line, oldest first (the default)
    List {
        /// Wait as long as this for one
        #[arg(long, value_name = "SECONDS")]
        wait: Option<u64>,
    },
    /// Approve a pending request
    Approve {
        /// Which one; the only one that is pending if not said
        id: Option<String>,
    },
    /// Deny a pending request
    Deny {
        /// Which one; the only one that is pending if not said
        id: Option<String>,
    },
    /// Let a virtual phone scan the QR code of an enrolment
    Enroll {
        /// What is in the QR code; that of the newest enrolment if not said
        barcode_uri: Option<String>,
    },
    /// Show the QR code of an enrolment, for a phone's camera
    Qr {
        /// What is in the QR code; that of the newest enrolment if not said
        barcode_uri: Option<String>,
    },
}

/// What is read of a pending request.
#[derive(Deserialize)]
struct Pending {
    id: String,
    user_id: String,
    created_at: String,
}

/// Does what was asked.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let call = arguments.call.as_ref().unwrap_or(&Call::List { wait: None });
    // A QR code that is at hand needs no tenant.
    if let Call::Qr { barcode_uri: Some(barcode_uri) } = call {
        return show(barcode_uri);
    }
    let control = Control::find(&arguments.control)?;
    match call {
        Call::List { wait } => list(&control, *wait).await,
        Call::Approve { id } => answer(&control, id.as_deref(), "approve").await,
        Call::Deny { id } => answer(&control, id.as_deref(), "deny").await,
        Call::Enroll { barcode_uri } => {
            let barcode_uri = match barcode_uri {
                Some(barcode_uri) => barcode_uri.clone(),
                None => newest_enrolment(&control).await?,
            };
            let device: Value = control.post("devices", &json!({ "barcode_uri": barcode_uri })).await?;
            output::line(device);
            Ok(())
        }
        Call::Qr { .. } => show(&newest_enrolment(&control).await?),
    }
}

async fn list(control: &Control, wait: Option<u64>) -> Result<(), Failure> {
    let seconds = wait.map(|seconds| seconds.to_string());
    let query: Vec<(&str, &str)> = seconds.iter().map(|seconds| ("wait", seconds.as_str())).collect();
    let patience = Duration::from_secs(wait.unwrap_or(0));
    let pending: Vec<Value> = control.get("push", &query, patience).await?;
    if let (Some(seconds), true) = (wait, pending.is_empty()) {
        return Err(Failure::Other(format!("nobody was asked within {seconds} s")));
    }
    pending.iter().for_each(output::line);
    Ok(())
}

async fn answer(control: &Control, id: Option<&str>, decision: &str) -> Result<(), Failure> {
    let pending: Vec<Pending> = control.get("push", &[], Duration::ZERO).await?;
    let request = choose(&pending, id).map_err(Failure::Other)?;
    let answered = json!({ "decision": decision });
    let _: Value = control.post(&format!("push/{}", request.id), &answered).await?;
    let done = if decision == "approve" { "approved" } else { "denied" };
    output::line(format_args!("{done} {} of {}", request.id, request.user_id));
    Ok(())
}

/// The request that is meant; else which there are.
fn choose<'a>(pending: &'a [Pending], id: Option<&str>) -> Result<&'a Pending, String> {
    let listed = || {
        let lines =
            pending.iter().map(|it| format!("\n  {} of {}, since {}", it.id, it.user_id, it.created_at));
        lines.collect::<String>()
    };
    match (id, pending) {
        (_, []) => Err("no push request is pending".to_owned()),
        (None, [only]) => Ok(only),
        (None, _) => Err(format!("several push requests are pending, say which:{}", listed())),
        (Some(id), _) => pending
            .iter()
            .find(|it| it.id == id)
            .ok_or_else(|| format!("no push request `{id}` is pending, but:{}", listed())),
    }
}

/// What is in the QR code of the newest push enrolment, as the tenant answered or showed it. The tenant keeps only a
/// digest of it, but the control API knows the exchanges.
async fn newest_enrolment(control: &Control) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Exchange {
        response: Answered,
    }
    #[derive(Deserialize)]
    struct Answered {
        body: String,
    }
    let exchanges: Vec<Exchange> = control.get("requests", &[], Duration::from_secs(20)).await?;
    exchanges.iter().rev().find_map(|exchange| enrolment_in(&exchange.response.body)).ok_or_else(|| {
        Failure::Other("nobody has begun to enrol a phone: no QR code was answered or shown".to_owned())
    })
}

/// The text of a QR code for push notifications in an answer of the MFA API, or on a page.
fn enrolment_in(body: &str) -> Option<String> {
    let answered = serde_json::from_str::<Value>(body).ok();
    let barcode_uri = match answered {
        Some(answer) => answer["barcode_uri"].as_str()?.to_owned(),
        None => {
            let (_, after) = body.split_once("data-barcode-uri=\"")?;
            after.split_once('"')?.0.replace("&#38;", "&").replace("&amp;", "&")
        }
    };
    barcode_uri.contains("enrollment_tx_id=").then_some(barcode_uri)
}

/// Draws a QR code, two of its rows in one of the terminal.
fn show(text: &str) -> Result<(), Failure> {
    if !text.starts_with("otpauth:") {
        return Err(Failure::Usage(format!(
            "`{text}` is not what the QR code of an enrolment holds: that begins with `otpauth:`"
        )));
    }
    let code = QRBuilder::new(text).build();
    let code =
        code.map_err(|error| Failure::Usage(format!("`{text}` is too long for a QR code: {error}")))?;
    output::line(code.to_str());
    output::line(text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(ids: &[&str]) -> Vec<Pending> {
        let request = |id: &&str| Pending {
            id: (*id).to_owned(),
            user_id: "auth0|ada".to_owned(),
            created_at: "2026-01-01T00:00:00.000Z".to_owned(),
        };
        ids.iter().map(request).collect()
    }

    #[test]
    fn the_only_request_need_not_be_named() {
        assert_eq!(choose(&pending(&["oob_1"]), None).unwrap().id, "oob_1");
        assert_eq!(choose(&pending(&["oob_1", "oob_2"]), Some("oob_2")).unwrap().id, "oob_2");
        let refused = |ids: &[&str], id| choose(&pending(ids), id).err().unwrap();
        assert_eq!(refused(&[], None), "no push request is pending");
        assert_eq!(refused(&[], Some("oob_1")), "no push request is pending");
        assert_eq!(
            refused(&["oob_1", "oob_2"], None),
            "several push requests are pending, say which:\n  oob_1 of auth0|ada, since 2026-01-01T00:00:00.000Z\n  \
             oob_2 of auth0|ada, since 2026-01-01T00:00:00.000Z"
        );
        assert!(
            refused(&["oob_1"], Some("oob_9"))
                .starts_with("no push request `oob_9` is pending, but:\n  oob_1")
        );
    }

    #[test]
    fn finds_the_qr_code_in_an_answer_and_on_a_page() {
        let uri = "otpauth://totp/t:ada?enrollment_tx_id=abc&base_url=http%3A%2F%2Ft";
        let answer = json!({ "barcode_uri": uri }).to_string();
        assert_eq!(enrolment_in(&answer).as_deref(), Some(uri));
        let page = format!("<div data-barcode-uri=\"{}\">", uri.replace('&', "&#38;"));
        assert_eq!(enrolment_in(&page).as_deref(), Some(uri));
        assert_eq!(enrolment_in(r#"{"barcode_uri":"otpauth://totp/t?secret=GEZDGNBV"}"#), None);
        assert_eq!(enrolment_in("<p>nothing</p>"), None);
        assert_eq!(enrolment_in(""), None);
    }
}
