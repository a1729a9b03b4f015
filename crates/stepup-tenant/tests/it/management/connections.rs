//! Directories of users.

use serde_json::json;

use super::Admin;

#[tokio::test]
async fn a_connection_is_made_used_and_removed_with_its_users() {
    let admin = Admin::start().await;
    let made = admin
        .post(
            "connections",
            json!({ "name": "partners", "strategy": "auth0", "enabled_clients": ["stepup-webapp"] }),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.text("id");
    let user = admin
        .post(
            "users",
            json!({ "connection": "partners", "email": "pat@example.com", "password": "A good pass phrase" }),
        )
        .await;
    assert_eq!(user.status, 201, "{}", user.body);
    let realm = [
        ("grant_type", "http://auth0.com/oauth/grant-type/password-realm"),
        ("realm", "partners"),
        ("username", "pat@example.com"),
        ("password", "A good pass phrase"),
    ];
    assert_eq!(admin.rig.token(&realm).await.status, 200);

    assert_eq!(
        admin.get(&format!("connections/{id}/clients")).await.value(),
        json!({ "clients": [{ "client_id": "stepup-webapp" }] })
    );
    let off = json!([{ "client_id": "stepup-webapp", "status": false }, { "client_id": "stepup-spa", "status": true }]);
    assert_eq!(admin.patch(&format!("connections/{id}/clients"), off).await.status, 204);
    assert_eq!(
        admin.get(&format!("connections/{id}/clients")).await.value(),
        json!({ "clients": [{ "client_id": "stepup-spa" }] })
    );
    assert_eq!(admin.rig.token(&realm).await.status, 400);

    assert_eq!(
        admin.patch(&format!("connections/{id}"), json!({ "metadata": { "tier": "1" } })).await.value()["metadata"],
        json!({ "tier": "1" })
    );
    assert_eq!(admin.get("connections?name=partners").await.each("id"), std::slice::from_ref(&id));
    assert_eq!(admin.get("connections?strategy=github").await.value(), json!([]));
    let piece = admin.get("connections?take=1&include_totals=true&fields=name").await.value();
    assert_eq!(piece["connections"], json!([{ "name": "Username-Password-Authentication" }]));
    assert!(piece["next"].is_string());

    assert_eq!(admin.delete(&format!("connections/{id}/users?email=pat@example.com")).await.status, 204);
    assert_eq!(admin.get("users-by-email?email=pat@example.com").await.value(), json!([]));
    admin
        .post(
            "users",
            json!({ "connection": "partners", "email": "pat@example.com", "password": "A good pass phrase" }),
        )
        .await;
    assert_eq!(admin.delete(&format!("connections/{id}")).await.status, 202);
    assert_eq!(admin.get("users-by-email?email=pat@example.com").await.value(), json!([]));
    assert_eq!(
        admin.get(&format!("connections/{id}")).await.refusal(),
        "404 inexistent_connection: The connection does not exist"
    );
}

#[tokio::test]
async fn what_is_no_connection_is_refused() {
    let admin = Admin::start().await;
    let cases = [
        (
            json!({ "strategy": "auth0" }),
            "400 invalid_body: Payload validation error: 'Missing required property: name'.",
        ),
        (
            json!({ "name": "x" }),
            "400 invalid_body: Payload validation error: 'Missing required property: strategy'.",
        ),
        (
            json!({ "name": "a b", "strategy": "auth0" }),
            "400 invalid_body: Payload validation error: 'Object didn't pass validation for format connection-name: a b' on property name.",
        ),
        (
            json!({ "name": "Username-Password-Authentication", "strategy": "auth0" }),
            "409 connection_conflict: A connection with the same name already exists",
        ),
    ];
    for (body, refusal) in cases {
        assert_eq!(admin.post("connections", body).await.refusal(), refusal);
    }
    assert_eq!(admin.patch("connections/con_none/clients", json!([])).await.status, 404);
    assert_eq!(admin.patch("connections/con_none", json!({})).await.status, 404);
    let id = admin.get("connections").await.at("/0/id");
    assert!(
        admin
            .patch(&format!("connections/{id}"), json!({ "name": "other" }))
            .await
            .refusal()
            .starts_with("400 invalid_body")
    );
}
