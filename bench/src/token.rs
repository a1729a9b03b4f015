//! Tokens of the tenant's client credentials grant: its CPU time for one, beside one bare RSA signature.

use std::time::Duration;

use anyhow::Context;
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};

use crate::{
    cpu, load,
    report::{Figure, Promise, Raw},
    sample::median,
    tenant::Tenant,
};

/// Rounds of load and bare signatures, in turns so that both meet the same machine.
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);

pub(crate) fn client_credentials(tenant: &Tenant) -> anyhow::Result<[Figure; 2]> {
    let request = request(tenant)?;
    let address = tenant.address()?;
    let key = RsaKeyPair::generate(KeySize::Rsa2048).ok().context("no RSA key")?;
    // as long as the signed part of such a token
    let message = [b'm'; 600];
    let sign = || {
        let mut signature = [0; 256];
        let signed = key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature);
        std::hint::black_box((signed.is_ok(), key.public_key(), signature));
    };

    load::run(address, &request, Duration::from_millis(500))?;
    let (mut tokens, mut signatures, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        signatures.push(cpu::of_call(ROUND / 2, &sign)? * 1e6);
        let before = cpu::of(tenant.pid())?;
        let load = load::run(address, &request, ROUND)?;
        tokens.push((cpu::of(tenant.pid())? - before) * 1e6 / load.requests as f64);
        rates.push(load.requests as f64 / load.elapsed.as_secs_f64());
    }
    let raw = Raw { name: "RSA-2048 signature", measured: median(signatures) };
    let measured = median(tokens);
    Ok([
        Figure {
            name: "CPU of one client_credentials token",
            unit: "µs",
            measured,
            raw: Some(raw),
            promise: Some(Promise::TimesRaw(1.25)),
        },
        Figure {
            name: "tokens a second, the load on the same cores",
            unit: "/s",
            measured: median(rates),
            raw: None,
            promise: None,
        },
    ])
}

fn request(tenant: &Tenant) -> anyhow::Result<Vec<u8>> {
    let client = tenant.client("m2m")?;
    let secret = client.client_secret.as_deref().context("`m2m` has no secret")?;
    let body = format!(
        r#"{{"grant_type":"client_credentials","client_id":"{}","client_secret":"{secret}","audience":"{}api/v2/","scope":"read:users"}}"#,
        client.client_id,
        tenant.issuer(),
    );
    Ok(format!(
        "POST /oauth/token HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        tenant.domain(),
        body.len(),
    )
    .into_bytes())
}
