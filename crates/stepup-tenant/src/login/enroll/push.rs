//! `/u/mfa-push-enrollment-qr`: a phone scans the code, and the page moves on.

use axum::response::Response;
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use stepup_seal::{
    hkdf,
    jwe::{self, JweKey},
};

use super::{Given, begin, complete, due, has_other_ways};
use crate::{
    factors::{Ceremony, Kind, Verdict, oob},
    login::{
        asked::Asked,
        path,
        sent::Sent,
        status::{self, Status},
        visit::{Lost, Visit},
    },
    pages::mfa_push_enrollment_qr::{View, render},
};

/// Shows the QR code, the same one when the page is loaded again; goes on once a phone has scanned it.
pub(in crate::login) async fn show(mut visit: Visit) -> Result<Response, Lost> {
    let Some(asked) = due(&visit, Kind::Push).await? else { return Ok(visit.go(path::RESUME)) };
    let Some(sent) = under_way(&visit).cloned() else {
        let barcode_uri = begin_anew(&mut visit, &asked).await?;
        return Ok(page(&visit, &asked, Some(&barcode_uri)));
    };
    match status::of(&visit, Some(&sent)).await? {
        Status::Pending => {
            let barcode_uri = opened(&visit);
            Ok(page(&visit, &asked, barcode_uri.as_ref()))
        }
        Status::Denied | Status::Expired => Ok(page(&visit, &asked, None)),
        Status::Done => {
            let verdict = oob::answer(&asked.transaction(&visit), &sent.oob_code, None).await;
            match verdict.map_err(|failure| visit.failed(failure))? {
                Verdict::Passed(passed) => complete(visit, &asked, passed).await,
                _ => Ok(page(&visit, &asked, None)),
            }
        }
    }
}

/// Makes a new code, where the last one has run out; else looks whether it was scanned.
pub(in crate::login) async fn submit(mut visit: Visit) -> Result<Response, Lost> {
    let Some(asked) = due(&visit, Kind::Push).await? else { return Ok(visit.go(path::RESUME)) };
    let sent = under_way(&visit).cloned();
    if matches!(status::of(&visit, sent.as_ref()).await?, Status::Denied | Status::Expired) {
        begin_anew(&mut visit, &asked).await?;
    }
    Ok(visit.go(path::PUSH_ENROLLMENT))
}

/// How things stand, for the page's script.
pub(in crate::login) async fn status(visit: Visit) -> Result<Response, Lost> {
    if due(&visit, Kind::Push).await?.is_none() {
        return Ok(status::answer(Status::Done));
    }
    Ok(status::answer(status::of(&visit, under_way(&visit)).await?))
}

/// What this login waits for.
fn under_way(visit: &Visit) -> Option<&Sent> {
    let enrolling = visit.kept.enrolling.as_ref().filter(|it| it.kind == Kind::Push)?;
    visit.kept.sent_to(Kind::Push, &enrolling.authenticator_id)
}

async fn begin_anew(visit: &mut Visit, asked: &Asked) -> Result<SecretString, Lost> {
    let begun = begin(visit, asked, Kind::Push, Given::default()).await?;
    let begun = begun.map_err(|failure| visit.failed(failure))?;
    let Ceremony::Scan { oob_code, barcode_uri } = begun.ceremony else {
        return Err(visit.lost());
    };
    let now = visit.shared.clock.now();
    visit.kept.keep_sent(Sent::to(Kind::Push, begun.authenticator_id, &oob_code, now));
    let sealed = jwe::seal(
        &key(visit),
        r#"{"alg":"dir","enc":"A256GCM"}"#,
        barcode_uri.expose_secret().as_bytes(),
        visit.shared.random.as_ref(),
    );
    if let Some(enrolling) = &mut visit.kept.enrolling {
        enrolling.barcode = Some(sealed);
    }
    visit.save().await?;
    Ok(barcode_uri)
}

/// What the QR code of this login says: whoever scans it enrols, so the store holds it sealed for this browser.
fn opened(visit: &Visit) -> Option<SecretString> {
    const LONGEST: usize = 4096;
    let sealed = visit.kept.enrolling.as_ref()?.barcode.as_deref()?;
    let opened = jwe::open(&key(visit), sealed, LONGEST).ok()?;
    String::from_utf8(opened.plaintext.clone()).ok().map(SecretString::from)
}

fn key(visit: &Visit) -> JweKey {
    let key =
        hkdf::derive::<32>(visit.browser.as_bytes(), visit.state.as_bytes(), b"barcode of a push enrolment");
    JweKey::a256gcm(&key)
}

fn page(visit: &Visit, asked: &Asked, barcode_uri: Option<&SecretString>) -> Response {
    let view = View {
        frame: visit.frame(Some(&asked.user)),
        barcode_uri: barcode_uri.map(secrecy::ExposeSecret::expose_secret),
        has_other_ways: has_other_ways(visit),
    };
    visit.page(StatusCode::OK, render(&view))
}
