//! The client proves itself as it is configured.

use std::time::Duration;

use serde_json::json;
use stepup_protocol::jwk::JwkSet;
use stepup_seal::jws::{Algorithm, KeySet, SigningKey};
use stepup_tenant::{Fault, Tenant};
use url::form_urlencoded;

use super::{LOGIN, SECRET, environment, look, look_at};

const CLIENT_KEY: &str = include_str!("../../../../stepup/tests/fixtures/client-key.pem");
const CLIENT_PUBLIC_KEY: &str = include_str!("../../../../stepup/tests/fixtures/client-public-key.pem");

/// A request that the client proved to be its own.
struct Sent {
    form: Vec<(String, String)>,
    authorization: Option<String>,
}

/// Everything that the tenant's token and revocation endpoints were sent.
fn sent(tenant: &Tenant) -> Vec<Sent> {
    let requests = tenant.requests();
    let authenticated = requests.iter().filter(|exchange| {
        exchange.method == "POST" && matches!(&*exchange.path, "/oauth/token" | "/oauth/revoke")
    });
    authenticated
        .map(|exchange| Sent {
            form: form_urlencoded::parse(exchange.body.as_bytes()).into_owned().collect(),
            authorization: exchange.headers.get("authorization").cloned(),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_travels_as_the_environment_says() {
    for (method, basic) in [("client_secret_basic", true), ("client_secret_post", false), ("", false)] {
        let tenant = Tenant::builder().start().await.unwrap();
        let looked = look_at(&tenant, Some(("STEPUP_CLIENT_AUTHENTICATION", method)), &LOGIN).await;
        assert_eq!(looked.code, 0, "{:#?}", looked.lines);
        let name = if basic { "client_secret_basic" } else { "client_secret_post" };
        assert_eq!(
            looked.detail("client authentication"),
            format!("the tenant knows the client and takes its {name}")
        );
        assert_eq!(looked.verdicts("revocation"), ["ok"]);
        let sent = sent(&tenant);
        assert_eq!(sent.len(), 8, "authentication, four grants, a login, a refresh, a revocation");
        for Sent { form, authorization } in sent {
            let in_form: Vec<&str> = form
                .iter()
                .map(|(name, _)| name.as_str())
                .filter(|name| name.starts_with("client_"))
                .collect();
            if basic {
                // stepup-webapp:stepup-webapp-secret
                assert_eq!(
                    authorization.as_deref(),
                    Some("Basic c3RlcHVwLXdlYmFwcDpzdGVwdXAtd2ViYXBwLXNlY3JldA==")
                );
                assert_eq!(in_form, [""; 0]);
            } else {
                assert_eq!((authorization, in_form), (None, vec!["client_id", "client_secret"]));
            }
        }
    }
    let tenant = Tenant::builder().start().await.unwrap();
    let looked = look_at(&tenant, Some(("STEPUP_CLIENT_AUTHENTICATION", "post")), &[]).await;
    assert_eq!(looked.change("configuration"), "set STEPUP_CLIENT_AUTHENTICATION");
}

/// The local tenant takes either; others take what the client is set to.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_sent_the_wrong_way_is_told_from_a_wrong_one() {
    let refusal = json!({ "error": "access_denied", "error_description": "Unauthorized" });
    let fault = Fault { status: Some(401), body: Some(refusal), ..Fault::on("POST", "/oauth/token") };
    for (set, other) in
        [("client_secret_post", "client_secret_basic"), ("client_secret_basic", "client_secret_post")]
    {
        let tenant = Tenant::builder().start().await.unwrap();
        tenant.fail_next(fault.clone());
        let looked = look_at(&tenant, Some(("STEPUP_CLIENT_AUTHENTICATION", set)), &[]).await;
        let change = looked.change("client authentication");
        assert!(change.starts_with(&format!("set STEPUP_CLIENT_AUTHENTICATION={other}, or ")), "{change}");
        assert_eq!(
            looked.detail("client authentication"),
            format!("the tenant takes the secret by {other} alone")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_a_key_signs() {
    let configuration = json!({
        "tenant": { "default_directory": "Username-Password-Authentication" },
        "databases": [{ "name": "Username-Password-Authentication" }],
        "guardianFactors": [{ "name": "otp", "enabled": true }],
        "clients": [{
            "name": "signed", "client_id": "signed", "app_type": "regular_web",
            "token_endpoint_auth_method": "private_key_jwt",
            "client_authentication_methods": { "private_key_jwt": { "credentials": [
                { "name": "key", "credential_type": "public_key", "alg": "PS256", "pem": CLIENT_PUBLIC_KEY } ] } },
            "callbacks": ["http://localhost:*"],
            "allowed_logout_urls": ["http://localhost:*"],
            "grant_types": ["authorization_code", "refresh_token", "password", "http://auth0.com/oauth/grant-type/mfa-otp",
                "http://auth0.com/oauth/grant-type/mfa-oob", "http://auth0.com/oauth/grant-type/mfa-recovery-code"],
            "refresh_token": { "rotation_type": "rotating", "expiration_type": "expiring" },
        }],
    });
    let tenant = Tenant::builder().config_yaml(&configuration.to_string()).start().await.unwrap();
    let one_line = CLIENT_KEY.trim().replace('\n', "\\n");
    let key = [
        ("AUTH0_CLIENT_ID", "signed"),
        ("AUTH0_CLIENT_SECRET", ""),
        ("AUTH0_CLIENT_ASSERTION_SIGNING_KEY", one_line.as_str()),
        ("AUTH0_CLIENT_ASSERTION_SIGNING_ALG", "PS256"),
    ];
    let looked = look(&environment(&tenant, &key), &LOGIN).await;
    assert_eq!(looked.code, 0, "{:#?}", looked.lines);
    assert_eq!(
        looked.detail("client authentication"),
        "the tenant knows the client and takes its private_key_jwt"
    );
    assert_eq!(
        (looked.verdicts("background refreshes"), looked.verdicts("revocation")),
        (vec!["ok"], vec!["ok"])
    );

    let public = SigningKey::from_pkcs8_pem(CLIENT_KEY, Algorithm::Ps256).unwrap().public_jwk().unwrap();
    let keys = KeySet::new(&JwkSet { keys: vec![public] });
    let sent = sent(&tenant);
    assert_eq!(sent.len(), 8);
    for Sent { form, authorization } in sent {
        let value =
            |wanted: &str| form.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        assert_eq!((authorization, value("client_id"), value("client_secret")), (None, Some("signed"), None));
        let assertion = keys.verify(value("client_assertion").unwrap(), &[Algorithm::Ps256]).unwrap();
        let claims: serde_json::Value = assertion.claims().unwrap();
        assert_eq!(
            (&claims["iss"], &claims["sub"], &claims["aud"]),
            (&json!("signed"), &json!("signed"), &json!(tenant.issuer()))
        );
    }

    // an assertion whose time is over
    tenant.clock().advance(Duration::from_secs(3600));
    let looked = look(&environment(&tenant, &key), &[]).await;
    let change = looked.change("client authentication");
    assert!(change.ends_with("have the machine's clock set by NTP"), "{change}");

    // the secret that the tenant does not want
    let secret = [("AUTH0_CLIENT_ID", "signed"), ("AUTH0_CLIENT_SECRET", SECRET)];
    let looked = look(&environment(&tenant, &secret), &[]).await;
    let change = looked.change("client authentication");
    assert!(change.ends_with("set AUTH0_CLIENT_ASSERTION_SIGNING_KEY instead of the secret"), "{change}");
    // another algorithm than the key is registered for
    let rs256 = [&key[..3], &[("AUTH0_CLIENT_ASSERTION_SIGNING_ALG", "RS256")]].concat();
    let looked = look(&environment(&tenant, &rs256), &[]).await;
    let change = looked.change("client authentication");
    assert!(change.contains("AUTH0_CLIENT_ASSERTION_SIGNING_ALG"), "{change}");
}
