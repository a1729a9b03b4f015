//! The rules of the store, held against every kind of database.

mod authenticators;
mod databases;
mod grants;
mod oob;
mod pages;
mod sessions;
mod traces;

use std::{sync::Arc, time::Duration};

use serde_json::{Map, json};
use stepup_protocol::{time::UnixTime, token::GrantType};
use stepup_tenant::{
    actions::Changes,
    model::{
        AuthenticationMethod, Authenticator, AuthorizationCode, CodeChallenge, CodeChallengeMethod,
        Credential, Digest, MfaTransaction, RefreshToken, TenantSession, User,
    },
    store::{Presented, SqliteStore, Store, Vault},
};

use crate::support::Scratch;

const NOW: UnixTime = UnixTime::from_seconds(1_767_225_600);

fn at(seconds: u64) -> UnixTime {
    NOW + Duration::from_secs(seconds)
}

/// Runs a case on a database in memory and on one in a file.
async fn on_every_database(case: impl AsyncFn(Arc<dyn Store>)) {
    let memory = SqliteStore::open("sqlite::memory:", Vault::new(&[7; 32])).unwrap();
    case(Arc::new(memory)).await;
    let scratch = Scratch::new();
    let file = Arc::new(SqliteStore::open(&scratch.database(), Vault::new(&[7; 32])).unwrap());
    case(Arc::clone(&file) as Arc<dyn Store>).await;
    file.close().await;
}

fn user(id: &str, email: &str) -> User {
    User {
        user_id: id.to_owned(),
        connection: "db".to_owned(),
        email: Some(email.to_owned()),
        email_verified: true,
        username: Some(format!("name-of-{id}")),
        phone_number: None,
        phone_verified: false,
        name: "Ada".to_owned(),
        nickname: "ada".to_owned(),
        given_name: None,
        family_name: None,
        picture: None,
        password_hash: Some("$argon2id$".into()),
        user_metadata: Map::new(),
        app_metadata: Map::new(),
        blocked: false,
        logins_count: 0,
        last_login: None,
        last_password_reset: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn authenticator(id: &str, credential: Credential) -> Authenticator {
    Authenticator {
        id: id.to_owned(),
        user_id: "auth0|1".to_owned(),
        credential,
        name: None,
        created_at: NOW,
        confirmed_at: None,
        last_used_at: None,
    }
}

fn totp(id: &str) -> Authenticator {
    authenticator(id, Credential::totp("GAXVUW2SJRRE2MJR".into()))
}

fn recovery(id: &str, code: &str, came_with: &str) -> Authenticator {
    let credential =
        Credential::RecoveryCode { digest: Digest::of(code), came_with: Some(came_with.to_owned()) };
    authenticator(id, credential)
}

async fn ids(store: &dyn Store) -> Vec<(String, bool)> {
    let all = store.authenticators("auth0|1").await.unwrap();
    all.iter().map(|authenticator| (authenticator.id.clone(), authenticator.active())).collect()
}

fn session(id: &str) -> TenantSession {
    TenantSession {
        id: id.to_owned(),
        user_id: "auth0|1".to_owned(),
        methods: vec![AuthenticationMethod::password(NOW)],
        mailbox_proved: false,
        clients: vec!["webapp".to_owned()],
        authenticated_at: NOW,
        created_at: NOW,
        last_interacted_at: NOW,
        idle_expires_at: at(60),
        expires_at: at(600),
        initial_ip: "127.0.0.1".to_owned(),
        initial_user_agent: "test".to_owned(),
        last_ip: "127.0.0.1".to_owned(),
        last_user_agent: "test".to_owned(),
        cookie_mode: stepup_tenant::actions::CookieMode::Persistent,
        metadata: Map::new(),
    }
}

fn code() -> AuthorizationCode {
    AuthorizationCode {
        transaction_id: "txn_1".to_owned(),
        client_id: "webapp".to_owned(),
        user_id: "auth0|1".to_owned(),
        session_id: "s1".to_owned(),
        family: "f1".to_owned(),
        redirect_uri: Some("http://localhost:3000/callback".to_owned()),
        code_challenge: Some(CodeChallenge { value: "c".to_owned(), method: CodeChallengeMethod::S256 }),
        dpop_jkt: None,
        nonce: Some("n".to_owned()),
        audience: Some("https://api.example.com".to_owned()),
        scope: "openid offline_access".into(),
        auth_time: Some(NOW),
        mfa: true,
        changes: Changes::default(),
        methods: vec![AuthenticationMethod::password(NOW)],
        created_at: NOW,
        expires_at: at(600),
    }
}

fn mfa() -> MfaTransaction {
    MfaTransaction {
        transaction_id: "txn_1".to_owned(),
        client_id: "webapp".to_owned(),
        user_id: "auth0|1".to_owned(),
        connection: "db".to_owned(),
        grant: GrantType::RefreshToken,
        audience: None,
        scope: "openid".into(),
        session_id: None,
        refresh_token: Some(Digest::of("a")),
        dpop_jkt: None,
        progress: json!({"step": 1}),
        request: Map::new(),
        created_at: NOW,
        expires_at: at(300),
    }
}

fn token(id: &str, parent: Option<&str>) -> RefreshToken {
    RefreshToken {
        id: id.to_owned(),
        family: "f1".to_owned(),
        parent: parent.map(str::to_owned),
        client_id: "webapp".to_owned(),
        user_id: "auth0|1".to_owned(),
        session_id: Some("s1".to_owned()),
        grant: GrantType::AuthorizationCode,
        audience: None,
        scope: "openid offline_access".into(),
        methods: Vec::new(),
        dpop_jkt: None,
        rotating: true,
        created_at: NOW,
        expires_at: Some(at(1000)),
        idle_expires_at: None,
        last_exchanged_at: None,
        device: Box::default(),
        metadata: Map::new(),
    }
}

/// Exchanges the token `from` for `to`.
async fn rotate(store: &dyn Store, from: &str, to: &str, leeway: u64, now: UnixTime) -> Presented {
    let child = token(to, Some(from));
    store.rotate_refresh_token(&Digest::of(from), &Digest::of(to), &child, leeway, now).await.unwrap()
}

/// A second factor brings `to` for the token `from`.
async fn branch(store: &dyn Store, from: &str, to: &str, now: UnixTime) -> Presented {
    store.branch_refresh_token(&Digest::of(to), &token(to, Some(from)), now).await.unwrap()
}

async fn present(store: &dyn Store, name: &str, leeway: u64, now: UnixTime) -> Presented {
    store.present_refresh_token(&Digest::of(name), "webapp", leeway, now).await.unwrap()
}

fn valid(presented: &Presented) -> bool {
    matches!(presented, Presented::Valid(_))
}
