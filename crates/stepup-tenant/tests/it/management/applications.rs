//! Applications, their keys, APIs, and the grants between them.

use serde_json::{Value, json};

use super::{Admin, token};

#[tokio::test]
async fn an_application_is_made_used_changed_and_removed() {
    let admin = Admin::start().await;
    let made = admin
        .post("clients", json!({ "name": "Billing", "app_type": "non_interactive", "grant_types": ["client_credentials"], "callbacks": ["https://billing.example.com/cb"] }))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let (id, secret) = (made.text("client_id"), made.text("client_secret"));
    assert_eq!((id.len(), secret.len(), &made.value()["global"]), (32, 64, &json!(false)));
    let granted = admin
        .post(
            "client-grants",
            json!({ "client_id": id, "audience": "https://api.example.com", "scope": ["read:sensitive"] }),
        )
        .await;
    assert_eq!(granted.status, 201, "{}", granted.body);
    let exchange = |secret: String| {
        let body = json!({ "grant_type": "client_credentials", "client_id": id, "client_secret": secret, "audience": "https://api.example.com" });
        let rig = &admin.rig;
        async move { rig.json("oauth/token", None, &body).await }
    };
    assert_eq!(exchange(secret.clone()).await.text("scope"), "read:sensitive");

    let rotated = admin.post(&format!("clients/{id}/rotate-secret"), Value::Null).await;
    assert_eq!(exchange(secret).await.status, 401);
    assert_eq!(exchange(rotated.text("client_secret")).await.status, 200);
    assert_ne!(rotated.text("client_secret"), made.text("client_secret"));

    let changed = admin.patch(&format!("clients/{id}"), json!({ "name": "Invoices", "client_metadata": { "team": "a" }, "jwt_configuration": { "lifetime_in_seconds": 60 } })).await.value();
    assert_eq!(
        (
            &changed["name"],
            &changed["jwt_configuration"]["alg"],
            &changed["jwt_configuration"]["lifetime_in_seconds"]
        ),
        (&json!("Invoices"), &json!("RS256"), &json!(60))
    );
    let found = admin.get(&format!("clients/{id}?fields=name,client_metadata")).await.value();
    assert_eq!(found, json!({ "name": "Invoices", "client_metadata": { "team": "a" } }));
    assert_eq!(
        admin.get("clients?app_type=non_interactive&include_totals=true&per_page=1").await.value()["total"],
        json!(2)
    );
    assert_eq!(admin.get("clients?page=40").await.value(), json!([]));

    assert_eq!(admin.delete(&format!("clients/{id}")).await.status, 204);
    assert_eq!(admin.delete(&format!("clients/{id}")).await.status, 204);
    assert_eq!(
        admin.get(&format!("clients/{id}")).await.refusal(),
        "404 inexistent_client: The client does not exist"
    );
    assert_eq!(admin.get(&format!("client-grants?client_id={id}")).await.value(), json!([]));
}

#[tokio::test]
async fn secrets_are_told_to_those_alone_who_may_have_them() {
    let admin = Admin::start().await;
    let narrow = token(&admin.rig, "read:clients").await.text("access_token");
    let told = admin.raw(&narrow, "GET", "clients", String::new()).await;
    assert_eq!(told.status, 200);
    assert!(
        !told.body.contains("client_secret\"") && !told.body.contains("stepup-webapp-secret"),
        "{}",
        told.body
    );
    assert!(admin.get("clients/stepup-webapp").await.body.contains("stepup-webapp-secret"));
}

#[tokio::test]
async fn what_is_no_application_is_refused() {
    let admin = Admin::start().await;
    let cases = [
        (json!({}), "'Missing required property: name'."),
        (json!({ "name": "x", "app_type": "toaster" }), "'No enum match for: toaster' on property app_type."),
        (
            json!({ "name": "x", "callbacks": "https://x" }),
            "'Expected type array but found type string' on property callbacks.",
        ),
        (
            json!({ "name": "x", "callbacks": [1] }),
            "'Expected type string but found type integer' on property callbacks[0].",
        ),
        (json!({ "name": "x", "admin": true }), "'Additional properties not allowed: admin'."),
    ];
    for (body, problem) in cases {
        let refused = admin.post("clients", body.clone()).await.refusal();
        assert_eq!(refused, format!("400 invalid_body: Payload validation error: {problem}"), "{body}");
    }
    for body in [
        json!({ "name": "x", "callbacks": ["not an address"] }),
        json!({ "name": "x", "refresh_token": { "rotation_type": "spinning" } }),
        json!({ "name": "x", "jwt_configuration": { "alg": 7 } }),
    ] {
        let refused = admin.post("clients", body.clone()).await.refusal();
        assert!(refused.starts_with("400 invalid_body: Payload validation error: "), "{body}: {refused}");
    }
    assert_eq!(admin.get("clients").await.value().as_array().unwrap().len(), 4, "nothing was kept");
    assert_eq!(admin.patch("clients/none", json!({ "name": "x" })).await.status, 404);
    assert_eq!(admin.post("clients/none/rotate-secret", Value::Null).await.status, 404);
}

#[tokio::test]
async fn keys_of_an_application_are_kept_apart_from_their_use() {
    let admin = Admin::start().await;
    let pem = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo\n4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0/IzW7yWR7QkrmBL7jTKEn5u\n+qKhbwKfBstIs+bMY2Zkp18gnTxKLxoS2tFczGkPLPgizskuemMghRniWaoLcyeh\nkd3qqGElvW/VDL5AaWTg0nLVkjRo9z+40RQzuVaE8AkAFmxZzow3x+VJYKdjykkJ\n0iT9wCS0DRTXu269V264Vf/3jvredZiKRkgwlL9xNAwxXFg0x/XFw005UWVRIkdg\ncKWTjpBP2dPwVZ4WWC+9aGVd+Gyn1o0CLelf4rEjGoXbAAEgAqeGUxrcIlbjXfbc\nmwIDAQAB\n-----END PUBLIC KEY-----\n";
    let made = admin
        .post("clients", json!({
            "name": "Signed",
            "app_type": "non_interactive",
            "client_authentication_methods": { "private_key_jwt": { "credentials": [{ "credential_type": "public_key", "name": "first", "pem": pem }] } },
        }))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert!(!made.body.contains("PUBLIC KEY") && !made.body.contains("client_secret\""), "{}", made.body);
    let id = made.text("client_id");
    let first = made.at("/client_authentication_methods/private_key_jwt/credentials/0/id");
    assert_eq!(
        made.value()["client_authentication_methods"]["private_key_jwt"]["credentials"],
        json!([{ "id": first }])
    );

    let keys = format!("clients/{id}/credentials");
    let second = admin
        .post(&keys, json!({ "credential_type": "public_key", "name": "second", "pem": pem, "alg": "PS256" }))
        .await;
    assert_eq!(second.status, 201, "{}", second.body);
    assert_eq!(admin.get(&keys).await.each("name"), ["first", "second"]);
    let used = json!({ "client_authentication_methods": { "private_key_jwt": { "credentials": [{ "id": first }, { "id": second.text("id") }] } } });
    let both = admin.patch(&format!("clients/{id}"), used).await;
    assert_eq!(
        both.value()["client_authentication_methods"]["private_key_jwt"]["credentials"]
            .as_array()
            .unwrap()
            .len(),
        2,
        "{}",
        both.body
    );
    let one = format!("{keys}/{first}");
    assert!(admin.delete(&one).await.refusal().starts_with("409 credential_in_use"));
    let ending = admin.patch(&one, json!({ "expires_at": "2027-01-01T00:00:00Z" })).await.value();
    assert_eq!(ending["expires_at"], "2027-01-01T00:00:00Z");
    assert!(
        admin.patch(&one, json!({ "expires_at": "soon" })).await.refusal().starts_with("400 invalid_body")
    );
    let kept = json!({ "client_authentication_methods": { "private_key_jwt": { "credentials": [{ "id": second.text("id") }] } } });
    admin.patch(&format!("clients/{id}"), kept).await;
    assert_eq!(admin.delete(&one).await.status, 204);
    assert_eq!(admin.get(&one).await.status, 404);
    let unknown = json!({ "client_authentication_methods": { "private_key_jwt": { "credentials": [{ "id": "cred_none" }] } } });
    assert_eq!(admin.patch(&format!("clients/{id}"), unknown).await.status, 404);
}

#[tokio::test]
async fn an_api_is_made_granted_changed_and_removed() {
    let admin = Admin::start().await;
    let made = admin
        .post("resource-servers", json!({ "identifier": "https://invoices.example.com", "name": "Invoices", "scopes": [{ "value": "read:invoices", "description": "Read" }], "token_lifetime": 600 }))
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.text("id");
    let body = made.value();
    assert_eq!(
        (&body["signing_alg"], &body["token_lifetime"], &body["is_system"]),
        (&json!("RS256"), &json!(600), &json!(false))
    );
    let by_identifier = admin.get("resource-servers/https%3A%2F%2Finvoices.example.com").await.value();
    assert_eq!(by_identifier, body);
    assert_eq!(
        admin.get("resource-servers?identifiers=https://invoices.example.com").await.each("id"),
        std::slice::from_ref(&id)
    );
    let again = admin
        .post("resource-servers", json!({ "identifier": "https://invoices.example.com" }))
        .await
        .refusal();
    assert_eq!(
        again,
        "409 resource_server_conflict: A resource server with the same identifier already exists."
    );

    let grant = admin.post("client-grants", json!({ "client_id": "stepup-m2m", "audience": "https://invoices.example.com", "scope": ["read:invoices"] })).await;
    let issued = admin.rig.json("oauth/token", None, &json!({ "grant_type": "client_credentials", "client_id": "stepup-m2m", "client_secret": "stepup-m2m-secret", "audience": "https://invoices.example.com" })).await;
    assert_eq!(
        (issued.value()["expires_in"].clone(), issued.text("scope")),
        (json!(600), "read:invoices".to_owned())
    );
    let grant_id = grant.text("id");
    assert_eq!(admin.get(&format!("client-grants/{grant_id}")).await.value(), grant.value());
    assert_eq!(
        admin.patch(&format!("client-grants/{grant_id}"), json!({ "scope": [] })).await.value()["scope"],
        json!([])
    );
    let cases = [
        (
            json!({ "client_id": "stepup-m2m", "audience": "https://invoices.example.com" }),
            "409 client_grant_conflict",
        ),
        (json!({ "client_id": "none", "audience": "https://invoices.example.com" }), "404 inexistent_client"),
        (
            json!({ "client_id": "stepup-webapp", "audience": "https://none.example.com" }),
            "404 inexistent_resource_server",
        ),
        (
            json!({ "client_id": "stepup-webapp", "audience": "https://invoices.example.com", "scope": ["fly"] }),
            "400 invalid_body",
        ),
        (json!({ "audience": "https://invoices.example.com" }), "400 invalid_body"),
    ];
    for (body, start) in cases {
        let refused = admin.post("client-grants", body.clone()).await.refusal();
        assert!(refused.starts_with(start), "{body}: {refused}");
    }
    let page = admin.get("client-grants?take=1").await.value();
    let next = page["next"].as_str().unwrap();
    let rest = admin.get(&format!("client-grants?take=50&from={next}")).await.value();
    assert_eq!(rest.get("next"), None);

    assert_eq!(
        admin.patch(&format!("resource-servers/{id}"), json!({ "token_lifetime": 60 })).await.value()["token_lifetime"],
        json!(60)
    );
    assert!(
        admin
            .patch(&format!("resource-servers/{id}"), json!({ "identifier": "x" }))
            .await
            .refusal()
            .starts_with("400")
    );
    assert_eq!(admin.delete(&format!("resource-servers/{id}")).await.status, 204);
    assert_eq!(admin.delete(&format!("resource-servers/{id}")).await.status, 404);
    assert_eq!(admin.get(&format!("client-grants/{grant_id}")).await.status, 404);
    assert_eq!(admin.delete(&format!("client-grants/{grant_id}")).await.status, 204);
    let own: String = form_urlencoded::byte_serialize(admin.rig.at("api/v2/").as_bytes()).collect();
    assert!(
        admin
            .delete(&format!("resource-servers/{own}"))
            .await
            .refusal()
            .starts_with("400 system_resource_server")
    );
}
