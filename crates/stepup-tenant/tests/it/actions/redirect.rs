//! `api.redirect`: there and back.

use std::time::Duration;

use serde_json::{Value, json};
use stepup_tenant::actions::{Action, Engine, Entry, Host, Limits, Outcome};

use super::{NOW, run, thrown};

/// An Action on the way back.
async fn resume(body: &str, event: Value, later: Duration) -> Outcome {
    let code = format!("exports.onContinuePostLogin = async (event, api) => {{ {body} }}");
    let host = Host { now: NOW + later, seed: [3; 32] };
    let engine = Engine::new(Limits::default());
    engine.run(&Action::new("back.js", code), Entry::ContinuePostLogin, event, host).await.unwrap()
}

#[tokio::test]
async fn a_token_goes_out_and_comes_back() {
    let event = json!({ "user": { "user_id": "auth0|ada" }, "request": { "hostname": "localhost:4400", "ip": "127.0.0.1" } });
    let body = "const session_token = api.redirect.encodeToken({ secret: 'short', payload: { state: 's1', sub: 'x', tier: 1 } });
                api.redirect.sendUserTo('https://bank.example/terms?a=1', { query: { session_token, n: 5 } }); console.log(session_token)";
    let outcome = run(body, event).await.unwrap();
    let token = &outcome.console[0].text;
    let url = outcome.redirect.unwrap().url;
    assert_eq!(url, format!("https://bank.example/terms?a=1&session_token={token}&n=5"));

    let check = "try { console.log(JSON.stringify(api.redirect.validateToken({ secret: 'short' }))) } catch (error) { console.log(error.message) }";
    let back = |token: &str, state: &str| json!({ "request": { "query": { "state": state }, "body": { "session_token": token } } });
    let claims = resume(check, back(token, "s1"), Duration::ZERO).await.console.remove(0).text;
    let now = NOW.seconds();
    assert_eq!(
        serde_json::from_str::<Value>(&claims).unwrap(),
        json!({ "sub": "auth0|ada", "iss": "localhost:4400", "ip": "127.0.0.1", "state": "s1", "tier": 1, "iat": now, "exp": now + 900 })
    );

    let problem = async |token: &str, state: &str, later| {
        resume(check, back(token, state), later).await.console.remove(0).text
    };
    assert_eq!(
        problem(token, "s2", Duration::ZERO).await,
        "api.redirect.validateToken: the `state` of the session token is not that of this request"
    );
    assert_eq!(
        problem(token, "s1", Duration::from_secs(900)).await,
        "api.redirect.validateToken: the session token has expired"
    );
    assert_eq!(
        problem("", "s1", Duration::ZERO).await,
        "api.redirect.validateToken: the session token is missing"
    );
    let forged = format!("{}x{}", &token[..token.len() - 10], &token[token.len() - 9..]);
    assert_eq!(
        problem(&forged, "s1", Duration::ZERO).await,
        "api.redirect.validateToken: the signature of the session token is wrong"
    );
    let unsigned = "eyJhbGciOiJub25lIn0.e30.";
    assert!(
        problem(unsigned, "s1", Duration::ZERO)
            .await
            .starts_with("api.redirect.validateToken: the session token is not valid")
    );
}

/// The well-known example of a JWT, whose secret is shorter than the hash: made elsewhere, its signature is right here.
#[tokio::test]
async fn a_token_of_another_maker_is_understood() {
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
    let event = json!({ "request": { "query": { "t": token } } });
    let body = "try { api.redirect.validateToken({ secret: 'your-256-bit-secret', tokenParameterName: 't' }) } catch (error) { console.log(error.message) }";
    let outcome = resume(body, event, Duration::ZERO).await;
    assert_eq!(outcome.console[0].text, "api.redirect.validateToken: the session token has expired");
}

#[tokio::test]
async fn whether_a_browser_is_there_to_send() {
    for (protocol, prompt, can) in [
        ("oidc-basic-profile", json!(["login"]), "true"),
        ("oidc-basic-profile", json!(["none"]), "false"),
        ("oidc-basic-profile", Value::Null, "true"),
        ("oauth2-refresh-token", json!([]), "false"),
        ("oauth2-password", json!([]), "false"),
    ] {
        let event = json!({ "transaction": { "protocol": protocol, "prompt": prompt } });
        let outcome = run("console.log(api.redirect.canRedirect())", event).await.unwrap();
        assert_eq!(outcome.console[0].text, can, "{protocol}");
    }
}

#[tokio::test]
async fn a_token_names_the_tenant_with_its_port() {
    let code =
        "exports.onExecutePostLogin = (event, api) => console.log(api.redirect.encodeToken({ secret: 's' }))";
    let engine = Engine::new(Limits::default()).of_tenant("localhost:4400");
    let event = json!({ "request": { "hostname": "localhost" } });
    let host = Host { now: NOW, seed: [3; 32] };
    let outcome = engine.run(&Action::new("a.js", code), Entry::PostLogin, event, host).await.unwrap();
    let claims = stepup_seal::base64url::decode(outcome.console[0].text.split('.').nth(1).unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&claims).unwrap()["iss"], "localhost:4400");
}

#[tokio::test]
async fn only_the_web_can_be_redirected_to() {
    assert!(
        thrown("api.redirect.sendUserTo('javascript:alert(1)')")
            .await
            .contains("is not an http or https address")
    );
    assert!(thrown("api.redirect.sendUserTo('/terms')").await.contains("`/terms` is no address"));
    assert!(thrown("api.redirect.encodeToken({ payload: {} })").await.contains("`secret` is missing"));
    for seconds in ["'x'", "0", "-5", "Infinity", "null"] {
        let call = format!(
            "api.redirect.encodeToken({{ secret: 's', payload: {{}}, expiresInSeconds: {seconds} }})"
        );
        assert_eq!(
            thrown(&call).await,
            "TypeError: api.redirect.encodeToken: `expiresInSeconds` must be a number of seconds, 1 or more",
            "{seconds}"
        );
    }
}
