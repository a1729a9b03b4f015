//! The token endpoint: client authentication, each grant, and what each refuses.

use serde_json::json;

use crate::rig::{
    ADA, API, Config, OOB_GRANT, OTP_GRANT, PASSWORD, RECOVERY_GRANT, Rig, WEBAPP, WEBAPP_SECRET,
};

const UNAUTHORIZED: &str = "401 access_denied: Unauthorized";
const REALM_GRANT: &str = "http://auth0.com/oauth/grant-type/password-realm";
const DEAD: &str = "403 invalid_grant: Unknown or invalid refresh token.";

#[tokio::test]
async fn a_client_proves_itself_by_basic_or_in_the_body_form_or_json() {
    let rig = Rig::start().await;
    let grant = [("grant_type", "password"), ("username", ADA), ("password", PASSWORD)];
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(grant).finish();
    let basic = |id: &str, secret: &str| {
        let request = rig.http.post(rig.at("/oauth/token")).basic_auth(id, Some(secret)).body(form.clone());
        request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
    };
    assert_eq!(rig.send(basic(WEBAPP, WEBAPP_SECRET)).await.status, 200);
    let refused = rig.send(basic(WEBAPP, "wrong")).await;
    assert_eq!(refused.failure(), UNAUTHORIZED);
    assert_eq!(refused.header("www-authenticate"), "Basic realm=\"oauth\"");
    assert_eq!(rig.send(basic("nobody", "wrong")).await.failure(), UNAUTHORIZED);

    let json = json!({ "grant_type": "password", "username": ADA, "password": PASSWORD, "client_id": WEBAPP, "client_secret": WEBAPP_SECRET });
    let answer = rig.json("/oauth/token", None, &json).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));

    for (fields, expected) in [
        (&[("client_id", WEBAPP)][..], UNAUTHORIZED),
        (&[("client_id", WEBAPP), ("client_secret", "wrong")], UNAUTHORIZED),
        (&[("client_id", "nobody"), ("client_secret", "x")], UNAUTHORIZED),
        (&[], "400 invalid_request: Missing required parameter: client_id"),
    ] {
        let fields: Vec<_> = grant.iter().chain(fields).copied().collect();
        assert_eq!(rig.form("/oauth/token", &fields).await.failure(), expected);
    }
    let public: Vec<_> =
        grant.iter().copied().chain([("client_id", "stepup-native"), ("client_secret", "ignored")]).collect();
    assert_eq!(rig.form("/oauth/token", &public).await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let rig = Rig::start().await;
    let raw = |content_type: &'static str, body: String| {
        rig.http.post(rig.at("/oauth/token")).header("content-type", content_type).body(body)
    };
    for (content_type, body, expected) in [
        ("application/json", "{".to_owned(), "400 invalid_request: the body is not a JSON object"),
        ("application/json", "[1]".to_owned(), "400 invalid_request: the body is not a JSON object"),
        (
            "application/json",
            r#"{"grant_type":"a","grant_type":"b"}"#.to_owned(),
            "400 invalid_request: duplicated parameter: grant_type",
        ),
        (
            "application/x-www-form-urlencoded",
            "grant_type=a&grant_type=b".to_owned(),
            "400 invalid_request: duplicated parameter: grant_type",
        ),
        (
            "application/x-www-form-urlencoded",
            String::new(),
            "400 invalid_request: Missing required parameter: grant_type",
        ),
        (
            "application/json",
            r#"{"grant_type":{}}"#.to_owned(),
            "400 invalid_request: \"grant_type\" must be a string",
        ),
        (
            "application/x-www-form-urlencoded",
            "grant_type=".to_owned(),
            "400 invalid_request: Missing required parameter: grant_type",
        ),
    ] {
        assert_eq!(rig.send(raw(content_type, body)).await.failure(), expected);
    }
    let deep = format!("{{\"a\":{}", "[".repeat(60_000));
    assert_eq!(rig.send(raw("application/json", deep)).await.status, 400);
    let large = format!("grant_type={}", "x".repeat(70_000));
    assert_eq!(rig.send(raw("application/x-www-form-urlencoded", large)).await.status, 413);
    let garbled = rig.http.post(rig.at("/oauth/token")).body(vec![0xff, 0xfe, 0x00]);
    assert_eq!(rig.send(garbled).await.failure(), "400 invalid_request: the body is not UTF-8");
}

#[tokio::test]
async fn a_parameter_of_another_type_is_not_taken_for_none() {
    let rig = Rig::start().await;
    let refresh_token = rig.refresh_token().await;
    let ask = async |name: &str, value: serde_json::Value| {
        let mut body = json!({
            "client_id": WEBAPP, "client_secret": WEBAPP_SECRET,
            "grant_type": "refresh_token", "refresh_token": refresh_token,
        });
        body[name] = value;
        rig.json("/oauth/token", None, &body).await
    };
    for name in
        ["scope", "audience", "resource", "refresh_token", "client_id", "client_secret", "client_assertion"]
    {
        for value in [json!(["openid"]), json!([]), json!({ "a": 1 })] {
            let expected = format!("400 invalid_request: \"{name}\" must be a string");
            assert_eq!(ask(name, value).await.failure(), expected);
        }
    }
    assert_eq!(ask("scope", json!(null)).await.status, 200, "null is none, and nothing was spent");
}

#[tokio::test]
async fn each_grant_says_what_it_needs() {
    let rig = Rig::start().await;
    for (grant, missing) in [
        ("authorization_code", "code"),
        ("refresh_token", "refresh_token"),
        ("password", "username"),
        (REALM_GRANT, "realm"),
        (OTP_GRANT, "mfa_token"),
        (OOB_GRANT, "mfa_token"),
        (RECOVERY_GRANT, "mfa_token"),
    ] {
        let expected = format!("400 invalid_request: Missing required parameter: {missing}");
        assert_eq!(rig.token(&[("grant_type", grant)]).await.failure(), expected);
    }
    for (grant, missing) in [(OTP_GRANT, "otp"), (OOB_GRANT, "oob_code"), (RECOVERY_GRANT, "recovery_code")] {
        let expected = format!("400 invalid_request: Missing required parameter: {missing}");
        assert_eq!(rig.token(&[("grant_type", grant), ("mfa_token", "x")]).await.failure(), expected);
    }
    assert_eq!(
        rig.token(&[("grant_type", "implicit")]).await.failure(),
        "403 unsupported_grant_type: Unsupported grant type: implicit"
    );
    assert_eq!(
        rig.token(&[("grant_type", "client_credentials")]).await.failure(),
        "403 unauthorized_client: Grant type 'client_credentials' not allowed for the client."
    );
}

#[tokio::test]
async fn passwords_in_the_default_directory_and_in_a_realm() {
    let rig = Rig::start().await;
    let tokens = rig.password(&[]).await;
    assert_eq!(tokens.text("scope"), "openid profile email address phone");
    assert!(tokens.value().get("refresh_token").is_none());
    let for_api = rig.password(&[("audience", API), ("scope", "openid read:sensitive")]).await;
    let claims = for_api.claims("access_token");
    assert_eq!((&claims["gty"], &claims["azp"]), (&json!("password"), &json!(WEBAPP)));
    let unknown = rig.password(&[("scope", "teapot")]).await;
    assert_eq!(unknown.status, 200);
    assert!(unknown.value().get("scope").is_none() && unknown.value().get("id_token").is_none());

    let wrong = "403 invalid_grant: Wrong email or password.";
    for (username, password) in
        [(ADA, "wrong"), ("nobody@example.com", PASSWORD), (ADA, "x".repeat(2000).as_str())]
    {
        let fields = [("grant_type", "password"), ("username", username), ("password", password)];
        assert_eq!(rig.token(&fields).await.failure(), wrong);
    }
    let realm = [("grant_type", REALM_GRANT), ("username", "ADA@example.com"), ("password", PASSWORD)];
    let named: Vec<_> =
        realm.iter().copied().chain([("realm", "Username-Password-Authentication")]).collect();
    assert_eq!(rig.token(&named).await.status, 200);
    let other: Vec<_> = realm.iter().copied().chain([("realm", "nowhere")]).collect();
    assert_eq!(
        rig.token(&other).await.failure(),
        "400 invalid_request: the realm nowhere is not a connection of this tenant"
    );
    assert_eq!(
        rig.password(&[("audience", "https://nowhere")]).await.failure(),
        "403 access_denied: Service not enabled within domain: https://nowhere"
    );
}

#[tokio::test]
async fn client_credentials_name_what_was_granted() {
    let rig = Rig::start().await;
    let ask = |more: Vec<(&'static str, &'static str)>| {
        let rig = &rig;
        async move {
            let mut fields = vec![
                ("grant_type", "client_credentials"),
                ("client_id", "stepup-m2m"),
                ("client_secret", "stepup-m2m-secret"),
            ];
            fields.extend(more);
            rig.form("/oauth/token", &fields).await
        }
    };
    let tokens = ask(vec![("audience", API)]).await;
    assert_eq!(tokens.text("scope"), "read:sensitive");
    assert!(tokens.value().get("id_token").is_none());
    let claims = tokens.claims("access_token");
    assert_eq!(
        claims,
        json!({
            "iss": rig.tenant.issuer(), "sub": "stepup-m2m@clients", "aud": API, "azp": "stepup-m2m",
            "iat": 1_767_225_600, "exp": 1_767_312_000, "gty": "client-credentials", "scope": "read:sensitive",
        })
    );
    for (more, expected) in [
        (vec![], "403 access_denied: Non-global clients are not allowed access to APIv1"),
        (
            vec![("audience", "https://nowhere")],
            "403 access_denied: Service not enabled within domain: https://nowhere",
        ),
        (
            vec![("audience", API), ("scope", "transfer:funds")],
            "403 access_denied: Client has not been granted scopes: transfer:funds",
        ),
    ] {
        assert_eq!(ask(more).await.failure(), expected);
    }
    let log = rig.log().await;
    assert_eq!(log, ["seccft", "feccft", "feccft", "feccft"], "one event a request");
}

#[tokio::test]
async fn a_replayed_refresh_token_revokes_its_family() {
    let rig = Rig::start().await;
    let first = rig.refresh_token().await;
    let second = rig.refresh(&first, &[]).await.text("refresh_token");
    let third = rig.refresh(&second, &[]).await.text("refresh_token");
    assert_eq!(rig.refresh(&first, &[]).await.failure(), DEAD);
    assert_eq!(rig.refresh(&third, &[]).await.failure(), DEAD, "the last one too");
    assert!(rig.log().await.contains(&"ferrt".to_owned()));

    assert_eq!(rig.refresh("v1.unknown", &[]).await.failure(), DEAD);
    let other = rig.refresh_token().await;
    let fields =
        [("grant_type", "refresh_token"), ("client_id", "stepup-native"), ("refresh_token", other.as_str())];
    assert_eq!(rig.form("/oauth/token", &fields).await.failure(), DEAD, "another client's");
    assert_eq!(rig.refresh(&other, &[]).await.status, 200, "and its owner's still");
}

#[tokio::test]
async fn within_the_overlap_a_token_may_come_twice() {
    let rig = Rig::with(&Config { leeway: 10, ..Config::default() }).await;
    let first = rig.refresh_token().await;
    assert_eq!(rig.refresh(&first, &[]).await.status, 200);
    rig.advance(9);
    let sibling = rig.refresh(&first, &[]).await;
    assert_eq!(sibling.status, 200, "{}", sibling.body);
    rig.advance(2);
    assert_eq!(rig.refresh(&first, &[]).await.failure(), DEAD);
    assert_eq!(rig.refresh(&sibling.text("refresh_token"), &[]).await.failure(), DEAD);
}

#[tokio::test]
async fn a_token_that_does_not_rotate_stays() {
    let rig = Rig::with(&Config { non_rotating: true, ..Config::default() }).await;
    let token = rig.refresh_token().await;
    for _ in 0..2 {
        let answer = rig.refresh(&token, &[]).await;
        assert_eq!(answer.status, 200);
        assert!(answer.value().get("refresh_token").is_none());
    }
    rig.advance(1_296_000);
    assert_eq!(rig.refresh(&token, &[]).await.failure(), DEAD, "fifteen idle days");
}

#[tokio::test]
async fn rotation_does_not_move_the_end_of_a_family() {
    let rig = Rig::with(&Config::default()).await;
    let mut token = rig.refresh_token().await;
    for _ in 0..2 {
        rig.advance(1_200_000);
        token = rig.refresh(&token, &[]).await.text("refresh_token");
    }
    rig.advance(192_000);
    assert_eq!(rig.refresh(&token, &[]).await.failure(), DEAD, "thirty days after the login");
}

#[tokio::test]
async fn one_token_serves_several_apis_and_narrower_scopes() {
    let rig = Rig::with(&Config::default()).await;
    let token = rig.refresh_token().await;
    let mut token = token;
    for (more, audience, scope) in [
        (&[][..], None, "openid profile email offline_access"),
        (&[("scope", "openid profile offline_access teapot")], None, "openid profile offline_access"),
        (
            &[("audience", API)],
            Some(API),
            "openid profile email offline_access read:sensitive transfer:funds",
        ),
        (&[("audience", API), ("scope", "transfer:funds openid")], Some(API), "transfer:funds openid"),
        (&[("audience", "https://nowhere")], None, "openid profile email offline_access"),
        (&[], None, "openid profile email offline_access"),
    ] {
        let answer = rig.refresh(&token, more).await;
        assert_eq!(answer.text("scope"), scope, "{more:?}");
        if let Some(audience) = audience {
            let claims = answer.claims("access_token");
            assert_eq!(claims["aud"][0], audience);
            assert_eq!(claims["gty"], "refresh_token");
        } else {
            assert_eq!(answer.text("access_token").split('.').count(), 5);
        }
        token = answer.text("refresh_token");
    }
}

#[tokio::test]
async fn a_revoked_token_is_dead_and_an_unknown_one_is_no_error() {
    let rig = Rig::start().await;
    let token = rig.refresh_token().await;
    let child = rig.refresh(&token, &[]).await.text("refresh_token");
    let client = [("client_id", WEBAPP), ("client_secret", WEBAPP_SECRET)];
    for token in ["unknown", child.as_str()] {
        let fields: Vec<_> = client.iter().copied().chain([("token", token)]).collect();
        let answer = rig.form("/oauth/revoke", &fields).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        assert_eq!(answer.header("content-type"), "application/json");
    }
    assert_eq!(rig.refresh(&child, &[]).await.failure(), DEAD);
    assert_eq!(
        rig.form("/oauth/revoke", &client).await.failure(),
        "400 invalid_request: Missing required parameter: token"
    );
    assert_eq!(
        rig.form("/oauth/revoke", &[("client_id", WEBAPP), ("token", "x")]).await.failure(),
        "401 invalid_client: Unauthorized"
    );
}

#[tokio::test]
async fn userinfo_tells_what_the_scope_allows() {
    let rig = Rig::with(&Config::default()).await;
    let ask = |token: String| {
        rig.send(rig.http.get(rig.at("/userinfo")).header("authorization", format!("bearer {token}")))
    };
    let opaque = rig.password(&[("scope", "openid email")]).await.text("access_token");
    let answer = ask(opaque.clone()).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json; charset=utf-8"));
    assert_eq!(answer.value()["email"], ADA);
    assert_eq!(answer.value().as_object().unwrap().len(), 3, "{}", answer.body);
    let jwt = rig.password(&[("audience", API), ("scope", "openid profile")]).await.text("access_token");
    let profile = ask(jwt).await.value();
    assert!(profile["updated_at"].as_str().unwrap().ends_with('Z') && profile.get("email").is_none());
    let not_for_it =
        rig.password(&[("audience", API), ("scope", "read:sensitive")]).await.text("access_token");
    for token in [not_for_it, "garbage".to_owned(), format!("{opaque}x")] {
        let refused = ask(token).await;
        assert_eq!((refused.status, refused.body.as_str()), (401, "Unauthorized"));
        assert!(
            refused.header("www-authenticate").starts_with("Bearer realm=\"Users\", error=\"invalid_token\"")
        );
    }
    let bare = rig.get("/userinfo").await;
    assert_eq!((bare.status, bare.header("www-authenticate")), (401, "Bearer realm=\"Users\""));
    rig.advance(86_400);
    let expired = ask(opaque).await;
    assert_eq!(expired.status, 401);
    assert_eq!(
        expired.header("www-authenticate"),
        r#"Bearer realm="Users", error="invalid_token", error_description="The token has expired""#
    );
}
