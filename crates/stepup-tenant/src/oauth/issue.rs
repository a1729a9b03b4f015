//! Tokens: what a grant that came to its end is given.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use stepup_protocol::{
    claims::{ACR_MULTI_FACTOR, AccessTokenClaims, Audience, IdTokenClaims},
    scope::Scopes,
    time::UnixTime,
    token::{GrantType, TokenResponse},
};
use stepup_seal::{
    base62,
    jwe::{self, JweKey},
    jws, token,
};

use super::{
    access::Target,
    claims,
    dpop::ProofFault,
    error::{Failure, TenantFault},
};
use crate::{
    actions::{Changes, merge},
    config::{Algorithm, Client, TokenDialect},
    model::{AuthenticationMethod, Device, Digest, RefreshToken, User},
    pipeline::Caller,
    state::State,
};

/// A grant of a user that came to its end.
#[derive(Debug)]
pub(crate) struct Granted<'a> {
    /// To whom.
    pub(crate) client: &'a Client,
    /// By whom.
    pub(crate) user: &'a User,
    /// For which API.
    pub(crate) target: Target<'a>,
    /// What was granted, before Actions change it.
    pub(crate) scope: &'a Scopes,
    /// Which grant, for `gty`.
    pub(crate) grant: GrantType,
    /// `sid`.
    pub(crate) session_id: Option<&'a str>,
    /// `nonce`.
    pub(crate) nonce: Option<&'a str>,
    /// `auth_time`, where it is to be told.
    pub(crate) auth_time: Option<UnixTime>,
    /// Whether a second factor was passed on the pages of this very login.
    pub(crate) mfa: bool,
    /// What Actions want done to the tokens.
    pub(crate) changes: &'a Changes,
    /// Thumbprint of the key that the tokens are bound to, if any (RFC 9449 section 6).
    pub(crate) dpop_jkt: Option<&'a str>,
}

/// The answer of the token endpoint, but for a refresh token.
pub(crate) fn tokens(state: &State, granted: &Granted<'_>) -> Result<TokenResponse, Failure> {
    let scope = granted.changes.scopes(granted.scope.iter().map(str::to_owned));
    let scope: Scopes = scope.iter().map(String::as_str).collect();
    let access_token = match granted.target.aud(&state.issuer, &scope) {
        Some(audience) => {
            let subject = Subject {
                sub: &granted.user.user_id,
                gty: gty(granted.grant),
                custom: granted.changes.access_token_claims(),
                dpop_jkt: granted.dpop_jkt,
            };
            access_token(state, granted.client, &granted.target, audience, &scope, subject)?
        }
        None => userinfo_token(state, granted, &scope)?,
    };
    let id_token = if scope.contains("openid") { Some(id_token(state, granted, &scope)?) } else { None };
    Ok(TokenResponse {
        access_token,
        refresh_token: None,
        id_token,
        scope: (!scope.is_empty()).then_some(scope),
        expires_in: Some(granted.target.lifetime().as_secs()),
        token_type: token_type(granted.dpop_jkt),
        recovery_code: None,
    })
}

/// Whom an access token is about.
pub(crate) struct Subject<'a> {
    /// A user, or `{client_id}@clients`.
    pub(crate) sub: &'a str,
    /// The grant, where the token says it.
    pub(crate) gty: Option<&'static str>,
    /// What Actions added.
    pub(crate) custom: Map<String, Value>,
    /// Thumbprint of the key that it is bound to, if any.
    pub(crate) dpop_jkt: Option<&'a str>,
}

/// An access token for an API: a JWT.
pub(crate) fn access_token(
    state: &State,
    client: &Client,
    target: &Target<'_>,
    audience: Audience,
    scope: &Scopes,
    subject: Subject<'_>,
) -> Result<String, Failure> {
    if target.needs_key(client) && subject.dpop_jkt.is_none() {
        return Err(ProofFault::Absent.into());
    }
    let now = state.clock.now();
    let mut claims = AccessTokenClaims {
        iss: state.issuer.as_str().to_owned(),
        sub: subject.sub.to_owned(),
        aud: audience,
        iat: now,
        exp: now + target.lifetime(),
        azp: client.client_id.clone(),
        scope: scope.to_parameter(),
        gty: subject.gty.map(str::to_owned),
        jti: None,
        other: subject.custom,
    };
    let is_rfc9068 = matches!(target, Target::Api(server) if server.dialect == TokenDialect::Rfc9068);
    if is_rfc9068 {
        claims.jti = Some(token(state.random.as_ref(), 16));
        claims.other.insert("client_id".to_owned(), json!(client.client_id));
    }
    if let Some(jkt) = subject.dpop_jkt {
        claims.other.insert("cnf".to_owned(), json!({ "jkt": jkt }));
    }
    let typ = if is_rfc9068 { "at+jwt" } else { "JWT" };
    Ok(state.keys.sign(typ, &claims).map_err(TenantFault::Sign)?)
}

fn id_token(state: &State, granted: &Granted<'_>, scope: &Scopes) -> Result<String, Failure> {
    let now = state.clock.now();
    let mut other = claims::profile(granted.user, scope);
    merge(&mut other, &granted.changes.id_token_claims);
    let claims = IdTokenClaims {
        iss: state.issuer.as_str().to_owned(),
        sub: granted.user.user_id.clone(),
        aud: Audience::One(granted.client.client_id.clone()),
        exp: now + granted.client.id_token_lifetime,
        iat: now,
        nbf: None,
        nonce: granted.nonce.map(str::to_owned),
        azp: None,
        auth_time: granted.auth_time,
        acr: granted.mfa.then(|| ACR_MULTI_FACTOR.to_owned()),
        amr: granted.mfa.then(|| vec!["mfa".to_owned()]),
        sid: granted.session_id.map(str::to_owned),
        at_hash: None,
        org_id: None,
        org_name: None,
        other,
    };
    let signed = match (granted.client.id_token_algorithm, &granted.client.client_secret) {
        (Algorithm::Hs256, Some(secret)) => {
            jws::SigningKey::hmac(secret.expose_secret().as_bytes(), jws::Algorithm::Hs256)
                .map_err(TenantFault::SecretAsKey)?
                .sign("JWT", None, &claims)
        }
        _ => state.keys.sign("JWT", &claims),
    };
    Ok(signed.map_err(TenantFault::Sign)?)
}

/// RFC 9449 section 5.
pub(crate) fn token_type(dpop_jkt: Option<&str>) -> String {
    if dpop_jkt.is_some() { "DPoP" } else { "Bearer" }.to_owned()
}

fn gty(grant: GrantType) -> Option<&'static str> {
    match grant {
        GrantType::ClientCredentials => Some("client-credentials"),
        GrantType::Password | GrantType::PasswordRealm => Some("password"),
        GrantType::RefreshToken => Some("refresh_token"),
        _ => None,
    }
}

/// What a token for `/userinfo` alone lets its bearer see.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UserInfoGrant {
    /// Whose profile.
    #[serde(rename = "sub")]
    pub(crate) user_id: String,
    /// What of it.
    pub(crate) scope: Scopes,
    /// Thumbprint of the key that it is bound to, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dpop_jkt: Option<String>,
    /// Not good any more from then on.
    pub(crate) exp: UnixTime,
}

/// The largest token for `/userinfo` that is looked at.
const USERINFO_TOKEN_BYTES: usize = 4096;

/// A token that says nothing to anybody but this tenant: a JWE under a key of its own.
fn userinfo_token(state: &State, granted: &Granted<'_>, scope: &Scopes) -> Result<String, Failure> {
    let grant = UserInfoGrant {
        user_id: granted.user.user_id.clone(),
        scope: scope.clone(),
        dpop_jkt: granted.dpop_jkt.map(str::to_owned),
        exp: state.clock.now() + granted.target.lifetime(),
    };
    let header = json!({ "alg": "dir", "enc": "A256GCM", "iss": state.issuer.as_str() }).to_string();
    let plaintext = serde_json::to_vec(&grant).map_err(TenantFault::Kept)?;
    Ok(jwe::seal(&userinfo_key(state), &header, &plaintext, state.random.as_ref()))
}

/// What such a token grants, too old or not; nothing where it is not one.
pub(crate) fn read_userinfo_token(state: &State, token: &str) -> Option<UserInfoGrant> {
    let opened = jwe::open(&userinfo_key(state), token, USERINFO_TOKEN_BYTES).ok()?;
    serde_json::from_slice(&opened.plaintext).ok()
}

fn userinfo_key(state: &State) -> JweKey {
    JweKey::a256gcm(&state.keys.derive(b"access token for userinfo"))
}

/// A refresh token that is about to be issued.
pub(crate) struct NewRefreshToken {
    /// What the client gets.
    pub(crate) secret: SecretString,
    /// What the store keeps.
    pub(crate) digest: Digest,
    /// What it stands for.
    pub(crate) value: RefreshToken,
}

/// What the first refresh token of a login stands for.
pub(crate) struct Login<'a> {
    /// From where it is asked for.
    pub(crate) caller: &'a Caller,
    /// To whom.
    pub(crate) client: &'a Client,
    /// Whose.
    pub(crate) user_id: &'a str,
    /// The family, where a code has named it already.
    pub(crate) family: Option<String>,
    /// The browser's session.
    pub(crate) session_id: Option<&'a str>,
    /// The grant of the login.
    pub(crate) grant: GrantType,
    /// The API of the login.
    pub(crate) audience: Option<String>,
    /// What was granted.
    pub(crate) scope: &'a Scopes,
    /// How the user proved who they are.
    pub(crate) methods: &'a [AuthenticationMethod],
    /// Thumbprint of the key that the request proved; the tokens of a public client stay with it (RFC 9449 section 5).
    pub(crate) dpop_jkt: Option<&'a str>,
}

/// The first refresh token of a login.
pub(crate) fn refresh_token(state: &State, login: Login<'_>, changes: &Changes) -> NewRefreshToken {
    let now = state.clock.now();
    let settings = &login.client.refresh_tokens;
    let value = RefreshToken {
        id: format!("rt_{}", base62(state.random.as_ref(), 24)),
        family: login.family.unwrap_or_else(|| new_family(state)),
        parent: None,
        client_id: login.client.client_id.clone(),
        user_id: login.user_id.to_owned(),
        session_id: login.session_id.map(str::to_owned),
        grant: login.grant,
        audience: login.audience,
        scope: login.scope.clone(),
        methods: login.methods.to_vec(),
        dpop_jkt: login.dpop_jkt.filter(|_| login.client.public()).map(str::to_owned),
        rotating: settings.rotating,
        created_at: now,
        expires_at: settings.lifetime.map(|lifetime| now + lifetime),
        idle_expires_at: settings.idle_lifetime.map(|lifetime| now + lifetime),
        last_exchanged_at: None,
        device: Box::new(Device {
            initial_ip: login.caller.ip.clone(),
            initial_user_agent: login.caller.user_agent.clone(),
            last_ip: login.caller.ip.clone(),
            last_user_agent: login.caller.user_agent.clone(),
        }),
        metadata: Map::new(),
    };
    sealed(state, value, changes)
}

/// The token that replaces `parent`.
pub(crate) fn child_of(
    state: &State,
    caller: &Caller,
    client: &Client,
    parent: &RefreshToken,
    changes: &Changes,
) -> NewRefreshToken {
    let value = RefreshToken {
        id: format!("rt_{}", base62(state.random.as_ref(), 24)),
        parent: Some(parent.id.clone()),
        created_at: state.clock.now(),
        ..used(state, caller, client, parent)
    };
    sealed(state, value, changes)
}

/// What `token`, which does not rotate, is once it has been exchanged.
pub(crate) fn exchanged(
    state: &State,
    caller: &Caller,
    client: &Client,
    token: &RefreshToken,
    changes: &Changes,
) -> RefreshToken {
    changed(used(state, caller, client, token), changes)
}

fn used(state: &State, caller: &Caller, client: &Client, token: &RefreshToken) -> RefreshToken {
    let now = state.clock.now();
    let mut token = token.clone();
    token.idle_expires_at = client.refresh_tokens.idle_lifetime.map(|lifetime| now + lifetime);
    token.last_exchanged_at = Some(now);
    token.device.last_ip.clone_from(&caller.ip);
    token.device.last_user_agent.clone_from(&caller.user_agent);
    token
}

/// A name for all tokens that descend from one login.
pub(crate) fn new_family(state: &State) -> String {
    format!("rtf_{}", base62(state.random.as_ref(), 24))
}

fn sealed(state: &State, value: RefreshToken, changes: &Changes) -> NewRefreshToken {
    let secret = format!("v1.M{}", token(state.random.as_ref(), 48));
    let value = changed(value, changes);
    NewRefreshToken { digest: Digest::of(&secret), secret: secret.into(), value }
}

/// `value` as `api.refreshToken` of an Action has it.
fn changed(mut value: RefreshToken, changes: &Changes) -> RefreshToken {
    let changes = &changes.refresh_token;
    let from_milliseconds = |it: i64| UnixTime::from_seconds(it.div_euclid(1000));
    value.expires_at = changes.expires_at.map(from_milliseconds).or(value.expires_at);
    value.idle_expires_at = changes.idle_expires_at.map(from_milliseconds).or(value.idle_expires_at);
    changes.metadata.apply(&mut value.metadata);
    value
}
