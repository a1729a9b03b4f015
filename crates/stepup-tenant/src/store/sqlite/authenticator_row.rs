//! An authenticator as a row, and back.

use rusqlite::Row;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stepup_protocol::time::UnixTime;

use super::{SqliteStore, decode, encode, text};
use crate::{
    model::{Authenticator, Credential, Digest, PhoneReach, PushCredentials, PushDevice},
    store::StoreError,
};

/// The columns in which a credential is kept.
#[derive(Default)]
pub(super) struct Columns<'a> {
    pub(super) secret: Option<Vec<u8>>,
    pub(super) last_step: Option<i64>,
    pub(super) email: Option<&'a str>,
    pub(super) phone_number: Option<&'a str>,
    pub(super) data: Option<String>,
    pub(super) came_with: Option<&'a str>,
}

/// What is kept of a device, but for the sealed address of its app.
#[derive(Serialize, Deserialize)]
struct Device {
    identifier: String,
    name: String,
    service: Option<String>,
    public_key: Value,
    token: Digest,
}

const WHAT: &str = "an authenticator";

impl SqliteStore {
    /// The columns of a credential, its secrets sealed.
    pub(super) fn columns<'a>(&self, authenticator: &'a Authenticator) -> Result<Columns<'a>, StoreError> {
        let seal = |secret: &str| self.vault.seal(&authenticator.id, secret);
        Ok(match &authenticator.credential {
            Credential::Email { address } => Columns { email: Some(address), ..Columns::default() },
            Credential::Phone { number, reach } => {
                Columns { phone_number: Some(number), data: Some(encode(WHAT, reach)?), ..Columns::default() }
            }
            Credential::Push { device: None, .. } => Columns::default(),
            Credential::Push { device: Some(device), .. } => {
                let kept = Device {
                    identifier: device.identifier.clone(),
                    name: device.name.clone(),
                    service: device.push.as_ref().map(|push| push.service.clone()),
                    public_key: device.public_key.clone(),
                    token: device.token,
                };
                let address = device.push.as_ref().map(|push| seal(push.token.expose_secret()));
                Columns {
                    secret: address.transpose()?,
                    data: Some(encode(WHAT, &kept)?),
                    ..Columns::default()
                }
            }
            Credential::RecoveryCode { digest, came_with } => {
                let secret = Some(digest.as_bytes().to_vec());
                Columns { secret, came_with: came_with.as_deref(), ..Columns::default() }
            }
            Credential::Totp { secret, last_step, .. } => Columns {
                secret: Some(seal(secret.expose_secret())?),
                last_step: last_step.map(|step| step as i64),
                ..Columns::default()
            },
        })
    }

    /// The authenticator in a row.
    pub(super) fn authenticator(&self, row: &Row<'_>) -> Result<Authenticator, StoreError> {
        let id: String = row.get("id")?;
        let time = |name| -> Result<_, StoreError> {
            Ok(row.get::<_, Option<i64>>(name)?.map(UnixTime::from_seconds))
        };
        let credential = match text(row, "kind")? {
            "email" => Credential::Email { address: row.get("email")? },
            "phone" => Credential::Phone {
                number: row.get("phone_number")?,
                reach: decode::<PhoneReach>(WHAT, text(row, "data")?)?,
            },
            "push" => {
                Credential::Push { device: self.device(row, &id)?.map(Box::new), totp: row.get("twin")? }
            }
            "recovery-code" => Credential::RecoveryCode {
                digest: Digest::from_bytes(&row.get::<_, Vec<u8>>("secret")?).ok_or_else(|| {
                    StoreError::Corrupt {
                        what: "a recovery code",
                        reason: "its digest is not 32 bytes".to_owned(),
                    }
                })?,
                came_with: row.get("came_with")?,
            },
            _ => Credential::Totp {
                secret: self.vault.open(&id, &row.get::<_, Vec<u8>>("secret")?)?.into(),
                last_step: row.get::<_, Option<i64>>("last_step")?.map(i64::unsigned_abs),
                push: row.get("twin")?,
            },
        };
        Ok(Authenticator {
            id,
            user_id: row.get("user_id")?,
            credential,
            name: row.get("name")?,
            created_at: UnixTime::from_seconds(row.get("created_at")?),
            confirmed_at: time("confirmed_at")?,
            last_used_at: time("last_used_at")?,
        })
    }

    fn device(&self, row: &Row<'_>, id: &str) -> Result<Option<PushDevice>, StoreError> {
        let Some(data) = row.get::<_, Option<String>>("data")? else { return Ok(None) };
        let kept: Device = decode(WHAT, &data)?;
        let address = match row.get::<_, Option<Vec<u8>>>("secret")? {
            Some(sealed) => Some(self.vault.open(id, &sealed)?),
            None => None,
        };
        Ok(Some(PushDevice {
            identifier: kept.identifier,
            name: kept.name,
            push: kept
                .service
                .zip(address)
                .map(|(service, token)| PushCredentials { service, token: token.into() }),
            public_key: kept.public_key,
            token: kept.token,
        }))
    }
}
