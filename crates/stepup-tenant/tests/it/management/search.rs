//! Finding users.

use serde_json::{Value, json};

use super::Admin;

/// A tenant with Ada and four others, one second apart.
async fn crowd() -> Admin {
    let admin = Admin::start().await;
    let people = [
        (
            "grace@example.com",
            json!({ "name": "Grace Hopper", "app_metadata": { "plan": { "tier": "gold" }, "roles": ["admin", "dev"], "seats": 3 } }),
        ),
        (
            "joan@example.org",
            json!({ "name": "Joan Clarke", "app_metadata": { "plan": { "tier": "free" }, "trial": true }, "blocked": true }),
        ),
        ("john@example.org", json!({ "name": "John Doe", "username": "doe" })),
        ("50%_off@example.org", json!({ "name": "Percent", "user_metadata": { "colour": "Blue" } })),
    ];
    for (email, more) in people {
        admin.rig.advance(1);
        admin.user(email, more).await;
    }
    admin
}

async fn found(admin: &Admin, q: &str) -> Vec<String> {
    let query: String = form_urlencoded::byte_serialize(q.as_bytes()).collect();
    let answer = admin.get(&format!("users?q={query}&search_engine=v3&sort=email:1")).await;
    answer.each("email")
}

#[tokio::test]
async fn queries_find_what_they_say() {
    let admin = crowd().await;
    let all = [
        "50%_off@example.org",
        "ada@example.com",
        "grace@example.com",
        "joan@example.org",
        "john@example.org",
    ];
    let cases: Vec<(&str, &[&str])> = vec![
        ("", &all),
        ("*", &all),
        ("email:\"GRACE@example.com\"", &["grace@example.com"]),
        ("email:grace@example.com", &["grace@example.com"]),
        ("email:jo*", &["joan@example.org", "john@example.org"]),
        ("email:*example.com", &["ada@example.com", "grace@example.com"]),
        ("email:50%_*", &["50%_off@example.org"]),
        ("email:5%", &[]),
        ("email.domain:\"example.org\"", &["50%_off@example.org", "joan@example.org", "john@example.org"]),
        ("name:\"grace hopper\"", &["grace@example.com"]),
        ("name:jo?n*", &["joan@example.org", "john@example.org"]),
        ("username:doe", &["john@example.org"]),
        ("doe", &["john@example.org"]),
        ("blocked:true", &["joan@example.org"]),
        ("NOT blocked:true AND email:jo*", &["john@example.org"]),
        ("NOT username:doe AND email:jo*", &["joan@example.org"]),
        ("app_metadata.plan.tier:gold", &["grace@example.com"]),
        ("app_metadata.plan.tier:\"Gold\"", &[]),
        ("app_metadata.roles:dev", &["grace@example.com"]),
        ("app_metadata.seats:3", &["grace@example.com"]),
        ("app_metadata.trial:true", &["joan@example.org"]),
        ("_exists_:app_metadata.trial", &["joan@example.org"]),
        ("user_metadata.colour:Blue", &["50%_off@example.org"]),
        ("user_metadata.colour:blue", &[]),
        (
            "created_at:[2026-01-01T00:00:01Z TO 2026-01-01T00:00:02Z]",
            &["grace@example.com", "joan@example.org"],
        ),
        ("created_at:{2026-01-01T00:00:02Z TO *]", &["50%_off@example.org", "john@example.org"]),
        ("created_at:2026-01", &all),
        ("logins_count:>0", &[]),
        (
            "logins_count:0 AND identities.connection:\"Username-Password-Authentication\" AND email:ada*",
            &["ada@example.com"],
        ),
        (
            "identities.provider:auth0 AND (email:ada* OR email:grace*)",
            &["ada@example.com", "grace@example.com"],
        ),
        ("identities.provider:google-oauth2", &[]),
        ("no_such_member:x", &[]),
        ("NOT no_such_member:x", &all),
        ("email:\"x' OR '1'='1\"", &[]),
        ("app_metadata.a\\\"b'c.d:x", &[]),
    ];
    for (query, emails) in cases {
        assert_eq!(found(&admin, query).await, emails, "{query}");
    }
    let id = admin.ada().await;
    assert_eq!(found(&admin, &format!("user_id:\"{id}\"")).await, ["ada@example.com"]);
    assert_eq!(found(&admin, &format!("user_id:{id}")).await, ["ada@example.com"]);
}

#[tokio::test]
async fn pages_end_with_an_empty_one() {
    let admin = crowd().await;
    let page = admin
        .get("users?per_page=2&page=0&include_totals=true&fields=email&sort=created_at:-1")
        .await
        .value();
    assert_eq!(
        page,
        json!({
            "start": 0, "limit": 2, "length": 2, "total": 5,
            "users": [{ "email": "50%_off@example.org" }, { "email": "john@example.org" }],
        })
    );
    let last = admin.get("users?per_page=2&page=2&include_totals=true&fields=email").await.value();
    assert_eq!(last["users"], json!([{ "email": "50%_off@example.org" }]));
    let past = admin.get("users?per_page=2&page=3&include_totals=true").await.value();
    assert_eq!(past, json!({ "start": 6, "limit": 2, "length": 0, "total": 5, "users": [] }));
    assert_eq!(admin.get("users?page=9000000").await.value(), json!([]));
    assert_eq!(admin.get("users?per_page=0&include_totals=true").await.value()["users"], json!([]));
    assert_eq!(admin.get("users?connection=nowhere").await.value(), json!([]));
    assert_eq!(admin.get("users-by-email?email=GRACE@example.com").await.each("name"), ["Grace Hopper"]);
    assert_eq!(admin.get("users-by-email?email=nobody@example.com").await.value(), json!([]));
}

#[tokio::test]
async fn wrong_questions_are_refused() {
    let admin = Admin::start().await;
    let cases = [
        ("users?per_page=101", "'Value 101 is greater than maximum 100' on property per_page."),
        ("users?page=-1", "'Value -1 is less than minimum 0' on property page."),
        ("users?page=x", "'Expected type integer but found type string' on property page."),
        ("users?page=1&page=2", "'Expected type string but found type array' on property page."),
        (
            "users?include_totals=maybe",
            "'Expected type boolean but found type string' on property include_totals.",
        ),
        ("users?limit=1", "'Additional properties not allowed: limit'."),
        ("users?search_engine=v9", "'No enum match for: v9' on property search_engine."),
        ("users?sort=email", "'Object didn't pass validation for format sort: email' on property sort."),
        ("users-by-email", "'Missing required property: email'."),
        (
            "users?q=email:(",
            "'The query is not in Lucene syntax: a term is expected at its end' on property q.",
        ),
    ];
    for (path, problem) in cases {
        let refused = admin.get(path).await.refusal();
        assert_eq!(refused, format!("400 invalid_query_string: Query validation error: {problem}"), "{path}");
    }
}

#[tokio::test]
async fn an_unsortable_member_orders_nothing() {
    let admin = crowd().await;
    assert_eq!(
        admin.get("users?sort=app_metadata.plan:1&fields=email").await.value().as_array().map(Vec::len),
        Some(5)
    );
    let all: Value = admin.get("users?sort=email:1,name:-1").await.value();
    assert_eq!(all[0]["email"], "50%_off@example.org");
}
