//! The protocol around logins: client assertions, pushed requests, proofs of possession, back-channel logout.

mod assertions;
mod backchannel;
mod dpop;
mod pushed;
mod rate;
mod revoke;

use serde_json::{Value, json};
use stepup_protocol::time::UnixTime;
use stepup_seal::jws::{Algorithm, SigningKey};
use stepup_tenant::Tenant;

use crate::rig::{Config, Rig};

/// A tenant with more clients than the usual ones: entries of `clients`, in YAML.
async fn with_clients(clients: &str) -> Rig {
    let yaml = Config::default().yaml().replacen("clients:\n", &format!("clients:\n{clients}\n"), 1);
    Rig::built(Tenant::builder().config_yaml(&yaml)).await
}

fn now(rig: &Rig) -> UnixTime {
    rig.tenant.clock().now()
}

/// A PEM text as the value of a YAML member.
fn folded(pem: &str) -> String {
    json!(pem).to_string()
}

const KEY: &str = include_str!("../../fixtures/client-key.pem");
const PUBLIC_KEY: &str = include_str!("../../fixtures/client-key.pub.pem");
const SECOND_KEY: &str = include_str!("../../fixtures/client-key-2.pem");
const SECOND_PUBLIC_KEY: &str = include_str!("../../fixtures/client-key-2.pub.pem");

fn signed(pem: &str, algorithm: Algorithm, claims: &Value) -> String {
    SigningKey::from_pkcs8_pem(pem, algorithm).unwrap().sign("JWT", None, claims).unwrap()
}

/// A key of a client that makes DPoP proofs.
struct Prover(SigningKey);

impl Prover {
    fn new() -> Self {
        Self(SigningKey::generate_p256().unwrap())
    }

    fn jkt(&self) -> String {
        stepup_seal::thumbprint::sha256(&self.0.public_jwk().unwrap()).unwrap()
    }

    /// A proof for `POST` to `path`; `more` replaces and adds claims.
    fn proof(&self, rig: &Rig, path: &str, more: &Value) -> String {
        let mut claims = json!({
            "jti": unique(), "htm": "POST", "htu": rig.at(path), "iat": now(rig).seconds(),
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        self.0.sign_with_jwk("dpop+jwt", &self.0.public_jwk().unwrap(), &claims).unwrap()
    }
}

/// A value that no other call returns.
fn unique() -> String {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string()
}
