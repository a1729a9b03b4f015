//! Users from a file in the bulk-import form.

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use stepup_tenant::{
    Tenant,
    model::{Authenticator, Credential, PhoneChannel, User},
};

use crate::support::{Scratch, chain};

const CONNECTION: &str = "Username-Password-Authentication";

const USERS: &str = r#"[
  {"email":"eve@example.com","email_verified":true,"password":"plain","given_name":"Eve","app_metadata":{"plan":"gold"},
   "user_metadata":{"theme":"light"},
   "mfa_factors":[{"totp":{"secret":"GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4"}},{"phone":{"value":"+12025550123"}},
                  {"email":{"value":"other@example.com"}}]},
  {"user_id":"abc","email":"bob@example.com","blocked":true,"family":"x",
   "password_hash":"$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K"},
  {"username":"sean","custom_password_hash":{"algorithm":"md5","salt":{"value":"salt"},
   "hash":{"value":"DE8498EB12B0309737310C8971CFC7A2","encoding":"hex"}}}
]"#;

async fn user(tenant: &Tenant, identifier: &str) -> Option<User> {
    tenant.state().store.user_by_identifier(CONNECTION, identifier).await.unwrap()
}

async fn log_in(tenant: &Tenant, username: &str, password: &str) -> u16 {
    let body = json!({
        "grant_type": "http://auth0.com/oauth/grant-type/password-realm", "realm": CONNECTION, "client_id": "stepup-webapp",
        "client_secret": "stepup-webapp-secret", "username": username, "password": password, "scope": "openid",
    });
    let request = reqwest::Client::builder().build().unwrap().post(format!("{}oauth/token", tenant.issuer()));
    let answer =
        request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap();
    answer.status().as_u16()
}

#[tokio::test]
async fn imported_users_replace_ada() {
    let tenant = Tenant::builder().users_json(USERS).start().await.unwrap();
    assert!(user(&tenant, "ada@example.com").await.is_none());
    let eve = user(&tenant, "eve@example.com").await.unwrap();
    assert_eq!((eve.name.as_str(), eve.nickname.as_str()), ("eve@example.com", "eve"));
    assert_eq!((&eve.app_metadata["plan"], &eve.user_metadata["theme"]), (&json!("gold"), &json!("light")));
    let authenticators = tenant.state().store.authenticators(&eve.user_id).await.unwrap();
    assert!(authenticators.iter().all(Authenticator::active));
    let [app, phone, email] = &authenticators[..] else { panic!("{authenticators:?}") };
    let Credential::Totp { secret, .. } = &app.credential else { panic!("not an app") };
    assert_eq!(secret.expose_secret(), "GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4");
    let Credential::Phone { number, reach } = &phone.credential else { panic!("not a phone") };
    assert_eq!((number.as_str(), reach.preferred), ("+12025550123", PhoneChannel::Sms));
    let Credential::Email { address } = &email.credential else { panic!("not an address") };
    assert_eq!(address, "other@example.com");
    let bob = user(&tenant, "bob@example.com").await.unwrap();
    assert_eq!((bob.user_id.as_str(), bob.blocked), ("auth0|abc", true));
    assert_eq!(tenant.warnings(), ["the users: [1].family is not honoured"]);
}

#[tokio::test]
async fn a_hash_from_elsewhere_is_replaced_at_the_first_right_password() {
    let tenant = Tenant::builder().users_json(USERS).start().await.unwrap();
    let hash = async || user(&tenant, "sean").await.unwrap().password_hash.unwrap();
    let imported = hash().await;
    assert!(imported.expose_secret().contains(r#""algorithm":"md5""#));
    assert_eq!(log_in(&tenant, "sean", "wrong").await, 403);
    assert_eq!(hash().await.expose_secret(), imported.expose_secret());
    assert_eq!(log_in(&tenant, "sean", "correct horse").await, 200);
    let renewed = hash().await;
    assert!(renewed.expose_secret().starts_with("$argon2id$"));
    assert_eq!(log_in(&tenant, "sean", "correct horse").await, 200);
    assert_eq!(hash().await.expose_secret(), renewed.expose_secret());
    assert_eq!(log_in(&tenant, "sean", "correct horse!").await, 403);

    // Whoever changed the password in between is not undone.
    let store = &tenant.state().store;
    store.renew_password_hash("auth0|abc", &"another hash".into(), &"late".into()).await.unwrap();
    assert!(
        user(&tenant, "bob@example.com")
            .await
            .unwrap()
            .password_hash
            .unwrap()
            .expose_secret()
            .starts_with("$2b$")
    );
}

#[tokio::test]
async fn wrong_users_are_refused_with_their_place() {
    for (json, told) in [
        ("[{]", "the users:1:3: key must be a string"),
        ("{}", "the users:1:0: there is a mapping where a list is expected"),
        ("[5]", "the users:1:2: [0]: a user must be an object"),
        (r#"[{"given_name":"A"}]"#, "the users:1:2: [0]: a user needs an `email` or a `username`"),
        ("[{\"email\":\"a@b\"},\n  {\"email\":\"A@b\"}]", "the users:2:3: [1]: `A@b` is there twice"),
        (
            r#"[{"email":"a@b","connection":"x"}]"#,
            "the users:1:30: [0].connection: there is no such database connection in the configuration",
        ),
        (r#"[{"email":"ab"}]"#, "the users:1:11: [0].email: this is not an e-mail address"),
        (
            "[\n {\n  \"email\": \"a@b\",\n  \"blocked\": \"yes\"\n }\n]",
            "the users:4:14: [0].blocked: there is a string where a boolean is expected",
        ),
        (r#"[{"email":"a@b","name":""}]"#, "the users:1:24: [0].name: this must have 1 to 300 characters"),
        (
            r#"[{"email":"a@b","app_metadata":{"email":"x"}}]"#,
            "the users:1:41: [0].app_metadata.email: the service keeps this itself: name it otherwise",
        ),
        (
            r#"[{"email":"a@b","password_hash":"5f4dcc3b5aa765d61d8327deb882cf99"}]"#,
            "the users:1:33: [0].password_hash: this must be a bcrypt hash, $2a$ or $2b$, or argon2 in PHC form",
        ),
        (
            r#"[{"email":"a@b","password":"x","password_hash":"y"}]"#,
            "the users:1:2: [0]: only one of `password`, `password_hash` and `custom_password_hash` is allowed",
        ),
        (
            r#"[{"email":"a@b","custom_password_hash":{"algorithm":"md5","hash":{"value":"00","encoding":"hex"}}}]"#,
            "the users:1:40: [0].custom_password_hash: `hash.value` has 1 bytes where 16 are expected",
        ),
        (
            r#"[{"email":"a@b","custom_password_hash":{"algorithm":"rot13","hash":{"value":"00"}}}]"#,
            "[0].custom_password_hash.algorithm: unknown variant `rot13`",
        ),
        (r#"[{"email":"a@b","mfa_factors":[]}]"#, "[0].mfa_factors: there must be 1 to 10 factors"),
        (
            r#"[{"email":"a@b","mfa_factors":[{"totp":{"secret":"lower"}}]}]"#,
            "[0].mfa_factors[0].totp.secret: a TOTP secret is base32 in capitals, without padding",
        ),
        (
            r#"[{"email":"a@b","mfa_factors":[{"phone":{"value":"0123"}}]}]"#,
            "[0].mfa_factors[0].phone.value: a phone number is + and 1 to 15 digits",
        ),
        (
            r#"[{"email":"a@b","mfa_factors":[{"email":{"value":"x"}}]}]"#,
            "[0].mfa_factors[0].email.value: this is not an e-mail address",
        ),
        (
            r#"[{"email":"a@b","mfa_factors":[{"email":{"value":"a@b"},"totp":{"secret":"AAAA"}}]}]"#,
            "[0].mfa_factors[0]: a factor is one of `email`, `phone` and `totp`: write an entry for each",
        ),
        (r#"[{"email":"a@b","mfa_factors":[{"pigeon":{"value":"x"}}]}]"#, "unknown variant `pigeon`"),
        (r#"[{"email":"a@b","mfa_factors":[{"email":{"value":"a@b","x":1}}]}]"#, "unknown field `x`"),
    ] {
        let error = Tenant::builder().users_json(json).start().await.unwrap_err();
        assert!(chain(&error).contains(told), "{json}\n{}", chain(&error));
        assert!(!chain(&error).contains("5f4dcc3b"), "a hash is told");
    }
}

#[tokio::test]
async fn an_import_is_made_once() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", USERS);
    let start = || Tenant::builder().users_file(&file).database(&scratch.database()).start();
    let first = start().await.unwrap();
    let eve = user(&first, "eve@example.com").await.unwrap();
    first.state().store.record_login(&eve.user_id, first.clock().now()).await.unwrap();
    assert_eq!(log_in(&first, "sean", "correct horse").await, 200);
    assert!(first.state().store.delete_user("auth0|abc").await.unwrap());
    first.shutdown().await;

    let second = start().await.unwrap();
    assert_eq!(user(&second, "eve@example.com").await.unwrap().logins_count, 1);
    assert!(user(&second, "bob@example.com").await.is_none(), "who was deleted stays deleted");
    assert_eq!(second.state().store.authenticators(&eve.user_id).await.unwrap().len(), 3);
    assert_eq!(
        second.warnings(),
        ["the users: [1].family is not honoured".replace("the users", &file.display().to_string())]
    );
    second.reset().await.unwrap();
    assert!(user(&second, "bob@example.com").await.is_some(), "a reset goes back to the file");
    second.shutdown().await;

    // A file that has changed is imported again: who is there keeps what became of them.
    let mut users: Vec<Value> = serde_json::from_str(USERS).unwrap();
    users.push(json!({ "email": "new@example.com" }));
    scratch.write("users.json", &json!(users).to_string());
    let third = start().await.unwrap();
    assert!(user(&third, "new@example.com").await.is_some());
    assert_eq!(third.state().store.authenticators(&eve.user_id).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_mark_of_the_encoding_is_no_part_of_the_users() {
    let json = "\u{feff}[{\"email\":\"eve@example.com\"}]";
    let tenant = Tenant::builder().users_json(json).start().await.unwrap();
    assert!(user(&tenant, "eve@example.com").await.is_some());
}

#[tokio::test]
async fn a_file_of_users_is_watched() {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", USERS);
    let tenant = Tenant::builder().users_file(&file).start().await.unwrap();
    assert!(tenant.state().store.delete_user("auth0|abc").await.unwrap());
    tokio::time::pause();
    scratch.write("users.json", "[{");
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    let mut users: Vec<Value> = serde_json::from_str(USERS).unwrap();
    users.remove(1);
    users.push(json!({ "email": "new@example.com" }));
    scratch.write("users.json", &json!(users).to_string());
    for _ in 0..20_000 {
        if user(&tenant, "new@example.com").await.is_some() {
            assert!(user(&tenant, "eve@example.com").await.is_some());
            tenant.reset().await.unwrap();
            assert!(
                user(&tenant, "new@example.com").await.is_some(),
                "a reset goes back to the file as it is"
            );
            return;
        }
        tokio::time::advance(std::time::Duration::from_millis(20)).await;
        // As for the configuration: real time for the store's own threads.
        tokio::task::spawn_blocking(std::thread::yield_now).await.unwrap();
    }
    panic!("the file was changed, and nobody looked");
}

#[tokio::test]
async fn whoever_the_built_in_user_left_behind_is_warned_about() {
    let scratch = Scratch::new();
    let start = || Tenant::builder().database(&scratch.database());
    start().start().await.unwrap().shutdown().await;
    let later = start().users_json(r#"[{"email":"eve@example.com"}]"#).start().await.unwrap();
    let warned = "ada@example.com is still in the database, from a start without users of its own, and can log in with a \
                  password that everybody knows";
    assert_eq!(later.warnings(), [warned]);
    let ada = user(&later, "ada@example.com").await.unwrap();
    later.state().store.delete_user(&ada.user_id).await.unwrap();
    later.shutdown().await;
    let last = start().users_json(r#"[{"email":"eve@example.com"}]"#).start().await.unwrap();
    assert_eq!(last.warnings(), Vec::<String>::new());
}
