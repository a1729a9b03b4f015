//! The ID token of a login, by the rules that the SDK has for it (OpenID Connect Core section 3.1.3.7). Its nonce is looked
//! at where one was sent.

use stepup::{Clock as _, SystemClock};
use stepup_protocol::{claims::IdTokenClaims, time::UnixTime};
use stepup_seal::jws::{Algorithm, JwsError};

use super::{
    finding::Report,
    tenant::{LEEWAY, Tenant, clock},
};

const CHECK: &str = "ID token";
const ALGORITHM: &str = "Dashboard > Applications > your application > Settings > Advanced Settings > OAuth > JsonWebToken Signature Algorithm: RS256";
const BETWEEN: &str = "check what stands between the application and the tenant: a cache with old keys, or a proxy that answers for another?";

pub(super) fn check(tenant: &Tenant<'_>, id_token: &str, report: &mut Report) {
    let listed = tenant.metadata.id_token_signing_alg_values_supported.as_deref();
    let verified = match tenant.keys.verify(id_token, &allowed(listed)) {
        Ok(verified) => verified,
        Err(JwsError::AlgorithmNotAllowed(algorithm)) if Algorithm::HMAC.contains(&algorithm) => {
            let why = "whoever knows the secret can make one";
            report.fail(
                CHECK,
                format!("it is signed with {algorithm}, which the SDK refuses: {why}"),
                ALGORITHM,
            );
            return;
        }
        Err(error @ JwsError::AlgorithmNotAllowed(_)) => {
            report.fail(
                CHECK,
                format!("the SDK refuses it, as discovery lists no such algorithm: {error}"),
                ALGORITHM,
            );
            return;
        }
        Err(error) => {
            let keys = &tenant.metadata.jwks_uri;
            report.fail(CHECK, format!("the SDK refuses it with the keys of {keys}: {error}"), BETWEEN);
            return;
        }
    };
    let claims = match verified.claims::<IdTokenClaims>() {
        Ok(claims) => claims,
        Err(error) => {
            report.fail(CHECK, format!("its claims cannot be read: {error}"), BETWEEN);
            return;
        }
    };
    clock(report, "the ID token", claims.iat);
    match wrong(&claims, &tenant.settings.issuer, &tenant.settings.client_id, SystemClock.now()) {
        None => report.ok(CHECK, "signed by a key of the tenant, and for this client"),
        Some((problem, change)) => report.fail(CHECK, format!("the SDK refuses it: {problem}"), change),
    }
}

/// What the tenant lists, without shared secrets; RS256 where it lists nothing.
fn allowed(listed: Option<&[String]>) -> Vec<Algorithm> {
    let Some(listed) = listed else { return vec![Algorithm::Rs256] };
    let is_listed = |algorithm: &Algorithm| listed.iter().any(|name| name == algorithm.name());
    Algorithm::ASYMMETRIC.into_iter().filter(is_listed).collect()
}

/// What is wrong with the claims, and what to change. When it was issued is the clocks' business.
fn wrong(
    claims: &IdTokenClaims,
    issuer: &str,
    client_id: &str,
    now: UnixTime,
) -> Option<(String, &'static str)> {
    if claims.iss != issuer {
        let change =
            "set AUTH0_DOMAIN to the domain that the tenant signs for: with a custom domain, to that one";
        return Some((format!("`iss` is {}, and not {issuer}", claims.iss), change));
    }
    let others = claims.aud.iter().count() > 1;
    let party = claims.azp.as_deref();
    let problem = if claims.sub.is_empty() {
        "`sub` is empty".to_owned()
    } else if !claims.aud.contains(client_id) {
        format!("`aud` does not name {client_id}")
    } else if party.is_some_and(|party| party != client_id) {
        format!("`azp` is another client than {client_id}")
    } else if party.is_none() && others {
        "`azp` is missing beside several audiences".to_owned()
    } else if claims.exp + LEEWAY <= now {
        let lifetime = claims.exp.since(claims.iat);
        format!("`exp` is over, {} s after it was issued", lifetime.as_secs())
    } else {
        return None;
    };
    Some((problem, BETWEEN))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_claim_has_its_rule() {
        let good =
            json!({ "iss": "https://a.example/", "sub": "ada", "aud": "app", "iat": 1000, "exp": 2000 });
        for (changed, told) in [
            (json!({}), None),
            (json!({ "aud": ["app", "api"], "azp": "app" }), None),
            (
                json!({ "iss": "https://b.example/" }),
                Some("`iss` is https://b.example/, and not https://a.example/"),
            ),
            (json!({ "sub": "" }), Some("`sub` is empty")),
            (json!({ "aud": "other" }), Some("`aud` does not name app")),
            (json!({ "azp": "other" }), Some("`azp` is another client than app")),
            (json!({ "aud": ["app", "api"] }), Some("`azp` is missing beside several audiences")),
            (json!({ "exp": 1060 }), Some("`exp` is over, 60 s after it was issued")),
        ] {
            let mut claims = good.clone();
            claims.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
            let claims = serde_json::from_value(claims).unwrap();
            let problem = wrong(&claims, "https://a.example/", "app", UnixTime::from_seconds(1100));
            assert_eq!(problem.as_ref().map(|(problem, _)| problem.as_str()), told);
        }
    }

    #[test]
    fn what_is_listed_is_allowed_but_for_shared_secrets() {
        let listed = ["HS256".to_owned(), "RS256".to_owned(), "PS256".to_owned()];
        assert_eq!(allowed(Some(&listed)), [Algorithm::Rs256, Algorithm::Ps256]);
        assert_eq!(allowed(None), [Algorithm::Rs256]);
    }
}
