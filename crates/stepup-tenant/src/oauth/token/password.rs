//! `password` (RFC 6749 section 4.3) and `password-realm`, which names the directory.

use stepup_protocol::{
    scope::Scopes,
    token::{GrantType, TokenResponse},
};

use super::{TokenRequest, UserGrant, user_grant::Asked};
use crate::{
    config::Connection,
    login::password::{self, Attempt},
    model::{AuthenticationMethod, User},
    oauth::{
        access::Target,
        audit::Audit,
        error::{ClientFault, Failure, RequestFault, UserFault},
    },
    pipeline::{Progress, SECRET_PARAMETERS},
};

/// What is granted where a request names no scope.
const STANDARD_SCOPES: &str = "openid profile email address phone";

/// Logs in with the tenant's default directory.
pub(super) async fn exchange(request: &TokenRequest<'_>) -> Result<TokenResponse, Failure> {
    let config = &request.shared.config;
    let directory = config.default_directory.as_deref().and_then(|name| config.connection(name));
    login(request, GrantType::Password, directory.ok_or(RequestFault::NoDefaultDirectory)?).await
}

/// Logs in with the directory that the request names.
pub(super) async fn exchange_in_realm(request: &TokenRequest<'_>) -> Result<TokenResponse, Failure> {
    let realm = request.required("realm")?;
    let directory = request.shared.config.connection(realm);
    let directory = directory.filter(|it| it.enabled_for(&request.client.client_id));
    let directory = directory.ok_or_else(|| RequestFault::UnknownRealm(realm.to_owned()))?;
    login(request, GrantType::PasswordRealm, directory).await
}

async fn login(
    request: &TokenRequest<'_>,
    grant: GrantType,
    directory: &Connection,
) -> Result<TokenResponse, Failure> {
    let shared = request.shared;
    let username = request.required("username")?;
    let password = request.required("password")?;
    let audience = request.audience()?;
    let target = Target::find(shared, audience)
        .ok_or_else(|| ClientFault::ApiUnknown(audience.unwrap_or_default().to_owned()))?;
    let asked_scope = request.optional("scope")?.map_or_else(|| Scopes::from(STANDARD_SCOPES), Scopes::from);

    let attempt = Attempt { connections: &[directory], username, password: password.into() };
    let user = password::log_in(shared, request.caller, request.client, attempt).await?;
    let now = shared.clock.now();
    let grant = UserGrant {
        asked: Asked {
            shared,
            caller: request.caller,
            client: request.client,
            grant,
            audience: target.identifier(&shared.issuer),
            scope: target.grantable(shared, request.client, &asked_scope),
            session: None,
            presented: None,
            body: request.params.to_json(SECRET_PARAMETERS),
            dpop_jkt: request.dpop_jkt.map(str::to_owned),
        },
        user: user.clone(),
        progress: Progress::begin(vec![AuthenticationMethod::password(now)]),
    };
    let result = grant.proceed().await;
    log(request, &user, &result).await;
    result
}

async fn log(request: &TokenRequest<'_>, user: &User, result: &Result<TokenResponse, Failure>) {
    let audit = Audit::new(request.shared, request.caller).client(request.client).user(user);
    match result {
        Ok(_) => audit.write("sepft").await,
        // Told by its own event.
        Err(Failure::User(UserFault::MfaRequired(_))) => {}
        Err(failure) => audit.describe(failure.to_string()).write("fepft").await,
    }
}
