//! What services that send for a factor need to know, and the settings of factors that work on pages alone. Secrets go in,
//! and never come out.

use axum::{
    Router,
    extract::State,
    routing::{MethodRouter, get},
};
use serde_json::{Map, Value, json};

use super::{READ, UPDATE};
use crate::{
    config::{Document, Section},
    management::{
        Answer, Answered,
        bearer::Bearer,
        error::Failure,
        request::Payload,
        schema::{Kind, Schema, TEXT, optional, required},
    },
    state::Shared,
};

/// One such set of settings: an entity of the configuration's `guardianFactorProviders`.
struct Settings {
    factor: &'static str,
    provider: &'static str,
    schema: Schema,
    /// What is given back of what is kept.
    read: fn(&Map<String, Value>) -> Value,
    /// What is given back of what was sent.
    written: fn(&Map<String, Value>) -> Value,
}

const WORD: Kind = Kind::Nullable(&TEXT);
const KEY: Kind = Kind::Nullable(&Kind::Text(0, 20_000));

static TWILIO: Settings = Settings {
    factor: "sms",
    provider: "twilio",
    schema: Schema(&[
        optional("from", WORD),
        optional("messaging_service_sid", WORD),
        optional("auth_token", WORD),
        optional("sid", WORD),
    ]),
    read: |kept| {
        json!({
            "auth_token": null,
            "sid": kept.get("sid"),
            "from": kept.get("from"),
            "messaging_service_sid": kept.get("messaging_service_sid"),
        })
    },
    written: |sent| without(sent, &["auth_token"]),
};

static SNS: Settings = Settings {
    factor: "push-notification",
    provider: "sns",
    schema: Schema(&[
        optional("aws_access_key_id", WORD),
        optional("aws_secret_access_key", WORD),
        optional("aws_region", WORD),
        optional("sns_apns_platform_application_arn", WORD),
        optional("sns_gcm_platform_application_arn", WORD),
    ]),
    read: |kept| {
        json!({
            "aws_access_key_id": kept.get("aws_access_key_id"),
            "aws_region": kept.get("aws_region"),
            "sns_apns_platform_application_arn": kept.get("sns_apns_platform_application_arn"),
            "sns_gcm_platform_application_arn": kept.get("sns_gcm_platform_application_arn"),
        })
    },
    written: |sent| without(sent, &["aws_secret_access_key"]),
};

static APNS: Settings = Settings {
    factor: "push-notification",
    provider: "apns",
    schema: Schema(&[optional("sandbox", Kind::Boolean), optional("bundle_id", WORD), optional("p12", KEY)]),
    read: |kept| {
        json!({
            "bundle_id": kept.get("bundle_id"),
            "sandbox": kept.get("sandbox").cloned().unwrap_or(Value::Bool(false)),
            "enabled": kept.get("p12").is_some_and(|p12| !p12.is_null()),
        })
    },
    written: |sent| without(sent, &["p12"]),
};

static FCM: Settings = Settings {
    factor: "push-notification",
    provider: "fcm",
    schema: Schema(&[optional("server_key", KEY)]),
    read: |_| json!({}),
    written: |_| json!({}),
};

static FCM_V1: Settings = Settings {
    factor: "push-notification",
    provider: "fcmv1",
    schema: Schema(&[optional("server_credentials", KEY)]),
    read: |_| json!({}),
    written: |_| json!({}),
};

static PUSH_SERVICE: Settings = Settings {
    factor: "push-notification",
    provider: "selected",
    schema: Schema(&[required("provider", Kind::OneOf(&["guardian", "sns", "direct"]))]),
    read: |kept| json!({ "provider": kept.get("selected").cloned().unwrap_or_else(|| json!("guardian")) }),
    written: |sent| without(sent, &[]),
};

static DUO: Settings = Settings {
    factor: "duo",
    provider: "settings",
    schema: Schema(&[optional("ikey", TEXT), optional("skey", TEXT), optional("host", TEXT)]),
    read: |kept| without(kept, &["name", "provider", "skey"]),
    written: |sent| without(sent, &["skey"]),
};

static ROAMING: Settings = Settings {
    factor: "webauthn-roaming",
    provider: "settings",
    schema: Schema(&[
        required("userVerification", Kind::OneOf(&["discouraged", "preferred", "required"])),
        required("overrideRelyingParty", Kind::Boolean),
        optional("relyingPartyIdentifier", TEXT),
    ]),
    read: |kept| {
        let mut settings = json!({ "userVerification": "preferred", "overrideRelyingParty": false });
        lay_over(&mut settings, kept);
        settings
    },
    written: |sent| without(sent, &[]),
};

static PLATFORM: Settings = Settings {
    factor: "webauthn-platform",
    provider: "settings",
    schema: Schema(&[
        required("overrideRelyingParty", Kind::Boolean),
        optional("relyingPartyIdentifier", TEXT),
    ]),
    read: |kept| {
        let mut settings = json!({ "overrideRelyingParty": false });
        lay_over(&mut settings, kept);
        settings
    },
    written: |sent| without(sent, &[]),
};

pub(super) fn routes() -> Router<Shared> {
    let push = "/guardian/factors/push-notification";
    Router::new()
        .route("/guardian/factors/sms/providers/twilio", calls(&TWILIO))
        .route("/guardian/factors/phone/providers/twilio", calls(&TWILIO))
        .route(&format!("{push}/selected-provider"), calls(&PUSH_SERVICE))
        .route(&format!("{push}/providers/sns"), calls(&SNS))
        .route(&format!("{push}/providers/apns"), calls(&APNS))
        .route(&format!("{push}/providers/fcm"), calls(&FCM))
        .route(&format!("{push}/providers/fcmv1"), calls(&FCM_V1))
        .route("/guardian/factors/duo/settings", calls(&DUO))
        .route("/guardian/factors/webauthn-roaming/settings", calls(&ROAMING))
        .route("/guardian/factors/webauthn-platform/settings", calls(&PLATFORM))
}

fn calls(settings: &'static Settings) -> MethodRouter<Shared> {
    get(move |State(shared): State<Shared>, bearer: Bearer| async move {
        bearer.any(READ)?;
        Ok::<_, Failure>(Answer::ok((settings.read)(&settings.kept(&shared.configuration.document()))))
    })
    .put(move |State(shared): State<Shared>, bearer: Bearer, payload: Payload| async move {
        bearer.any(UPDATE)?;
        settings.write(&shared, &payload, false).await
    })
    .patch(move |State(shared): State<Shared>, bearer: Bearer, payload: Payload| async move {
        bearer.any(UPDATE)?;
        settings.write(&shared, &payload, true).await
    })
}

impl Settings {
    fn key(&self) -> String {
        format!("{}/{}", self.factor, self.provider)
    }

    fn kept(&self, document: &Document) -> Map<String, Value> {
        let entity = document.find(Section::GuardianFactorProviders, &self.key());
        entity.and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// Keeps what was sent, over what is kept or in place of it.
    async fn write(&self, shared: &Shared, payload: &Payload, over: bool) -> Answered {
        let sent = payload.object(&self.schema)?;
        let answer = (self.written)(&sent);
        shared
            .configuration
            .change(|document| {
                let mut entity = if over { self.kept(document) } else { Map::new() };
                entity.extend(sent.clone());
                // The one setting whose member is called as the entity's key is.
                if let Some(selected) = sent.get("provider") {
                    entity.insert("selected".to_owned(), selected.clone());
                }
                entity.insert("name".to_owned(), json!(self.factor));
                entity.insert("provider".to_owned(), json!(self.provider));
                document.remove(Section::GuardianFactorProviders, &self.key());
                document.list_mut(Section::GuardianFactorProviders).push(Value::Object(entity));
                Ok::<_, Failure>(())
            })
            .await?;
        Ok(Answer::ok(answer))
    }
}

fn without(members: &Map<String, Value>, names: &[&str]) -> Value {
    let kept = members.iter().filter(|(name, _)| !names.contains(&name.as_str()));
    Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

fn lay_over(settings: &mut Value, kept: &Map<String, Value>) {
    for name in ["userVerification", "overrideRelyingParty", "relyingPartyIdentifier"] {
        if let Some(value) = kept.get(name) {
            settings[name] = value.clone();
        }
    }
}
