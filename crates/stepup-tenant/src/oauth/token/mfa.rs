//! The three MFA grants: a pending token request goes on once its factor is proved.
//!
//! An `mfa_token` survives wrong codes and is dead after a right one.

use stepup_protocol::{
    claims::AccessTokenClaims,
    mfa::FactorType,
    scope::Scopes,
    token::{GrantType, TokenResponse},
};
use stepup_seal::jws::Algorithm;

use super::{TokenRequest, UserGrant};
use crate::{
    actions::Changes,
    factors::{
        recovery_code,
        verify::{Acceptable, Typed, Verdict},
    },
    mfa::{pending::Pending, requirement::How},
    model::User,
    oauth::{
        access::{self, Target},
        audit::Audit,
        error::{Exhausted, Failure, GrantFault, UserFault},
        issue::{self, Granted},
    },
};

/// `mfa-otp`: a code of an authenticator app, active or, where an enrolment is due, pending.
pub(super) async fn by_otp(request: &TokenRequest<'_>) -> Result<TokenResponse, Failure> {
    let mfa_token = request.required("mfa_token")?;
    let code = request.required("otp")?;
    if let Some(claims) = mfa_api_token(request, mfa_token) {
        return confirm_enrolment(request, &claims, code).await;
    }
    let pending = Pending::open_for(request.shared, request.caller, mfa_token, request.client).await?;
    let user = user_of(request, &pending).await?;
    let result = pass_otp(request, pending, &user, code).await;
    log(request, &user, &result, ("seotpft", "feotpft")).await;
    result
}

async fn pass_otp(
    request: &TokenRequest<'_>,
    pending: Pending,
    user: &User,
    code: &str,
) -> Result<TokenResponse, Failure> {
    let held = request.shared.store.authenticators(&user.user_id).await?;
    let acceptable = Acceptable::of(&pending.progress, FactorType::Otp, &held);
    if acceptable.nothing() {
        return Err(GrantFault::MfaRejected.into());
    }
    let how = passed(typed(request, user, code).as_otp(&held, acceptable).await?, GrantFault::OtpCode)?;
    go_on(request, pending, user, FactorType::Otp, how).await
}

/// `mfa-recovery-code`: the code is spent, and the answer brings its successor.
pub(super) async fn by_recovery_code(request: &TokenRequest<'_>) -> Result<TokenResponse, Failure> {
    let mfa_token = request.required("mfa_token")?;
    let code = request.required("recovery_code")?;
    let pending = Pending::open_for(request.shared, request.caller, mfa_token, request.client).await?;
    let user = user_of(request, &pending).await?;
    let result = pass_recovery_code(request, pending, &user, code).await;
    log(request, &user, &result, ("sercft", "fercft")).await;
    result
}

async fn pass_recovery_code(
    request: &TokenRequest<'_>,
    pending: Pending,
    user: &User,
    code: &str,
) -> Result<TokenResponse, Failure> {
    if !Acceptable::of(&pending.progress, FactorType::RecoveryCode, &[]).active {
        return Err(GrantFault::MfaRejected.into());
    }
    let replacement = recovery_code::new_code(request.shared.random.as_ref());
    let verdict = typed(request, user, code).as_recovery_code(&replacement).await?;
    let how = passed(verdict, GrantFault::MfaRejected)?;
    match go_on(request, pending, user, FactorType::RecoveryCode, how).await {
        Ok(tokens) => Ok(TokenResponse { recovery_code: Some(replacement), ..tokens }),
        Err(Failure::User(UserFault::MfaRequired(mut required))) => {
            required.recovery_code = Some(replacement);
            Err(UserFault::MfaRequired(required).into())
        }
        Err(failure) => Err(failure),
    }
}

/// `mfa-oob`: there is no out-of-band factor to have been challenged, so no `oob_code` is one of ours.
pub(super) async fn by_oob_code(request: &TokenRequest<'_>) -> Result<TokenResponse, Failure> {
    let mfa_token = request.required("mfa_token")?;
    request.required("oob_code")?;
    let pending = Pending::open_for(request.shared, request.caller, mfa_token, request.client).await?;
    let user = user_of(request, &pending).await?;
    let result = Err(GrantFault::OobCodeMalformed.into());
    log(request, &user, &result, ("seoobft", "feoobft")).await;
    result
}

async fn user_of(request: &TokenRequest<'_>, pending: &Pending) -> Result<User, Failure> {
    let user = request.shared.store.user(&pending.transaction.user_id).await?;
    let user = user.ok_or(GrantFault::MfaTokenMalformed)?;
    if user.blocked { Err(UserFault::Blocked.into()) } else { Ok(user) }
}

fn typed<'a>(request: &TokenRequest<'a>, user: &'a User, code: &'a str) -> Typed<'a> {
    Typed { shared: request.shared, caller: request.caller, user, code }
}

fn passed(verdict: Verdict, otherwise: GrantFault) -> Result<How, Failure> {
    match verdict {
        Verdict::Passed(how) => Ok(how),
        Verdict::TooMany => Err(Exhausted::Codes.into()),
        Verdict::AlreadyUsed | Verdict::Malformed | Verdict::Wrong => Err(otherwise.into()),
    }
}

/// Takes the pending request, which ends its `mfa_token`, and lets it go on.
async fn go_on(
    request: &TokenRequest<'_>,
    pending: Pending,
    user: &User,
    factor: FactorType,
    how: How,
) -> Result<TokenResponse, Failure> {
    let shared = request.shared;
    let Pending { digest, mut progress, .. } = pending;
    let taken = shared.store.take_mfa(&digest).await?.ok_or(GrantFault::MfaTokenMalformed)?;
    progress.pass(factor, how, shared.clock.now());
    let grant = UserGrant::resume(
        shared,
        request.caller,
        request.client,
        taken,
        user.clone(),
        progress,
        request.dpop_jkt,
    )
    .await?;
    grant.proceed().await
}

async fn log(
    request: &TokenRequest<'_>,
    user: &User,
    result: &Result<TokenResponse, Failure>,
    (success, failure): (&str, &str),
) {
    let audit = Audit::new(request.shared, request.caller).client(request.client).user(user);
    match result {
        Ok(tokens) => audit.scope(tokens.scope.as_ref().unwrap_or(&Scopes::none())).write(success).await,
        // The factor was right; that another is due is told by its own event.
        Err(Failure::User(UserFault::MfaRequired(_))) => audit.write(success).await,
        Err(fault) => audit.describe(fault.to_string()).write(failure).await,
    }
}

/// The claims of an access token for the MFA API that stands in for an `mfa_token`.
fn mfa_api_token(request: &TokenRequest<'_>, token: &str) -> Option<AccessTokenClaims> {
    let state = request.shared;
    let verified = state.keys.published().set.verify(token, &[Algorithm::Rs256]).ok()?;
    let claims: AccessTokenClaims = verified.claims().ok()?;
    let good = claims.iss == state.issuer.as_str()
        && claims.exp > state.clock.now()
        && claims.azp == request.client.client_id
        && claims.aud.contains(&access::mfa_api(&state.issuer));
    good.then_some(claims)
}

/// Confirms an enrolment that was begun with an access token for the MFA API; the answer is a fresh token for it.
async fn confirm_enrolment(
    request: &TokenRequest<'_>,
    claims: &AccessTokenClaims,
    code: &str,
) -> Result<TokenResponse, Failure> {
    let state = request.shared;
    let user = state.store.user(&claims.sub).await?.filter(|user| !user.blocked);
    let user = user.ok_or(GrantFault::MfaTokenMalformed)?;
    let scope = claims.scope.as_deref().map(Scopes::from).unwrap_or_default();
    let held = state.store.authenticators(&user.user_id).await?;
    let acceptable = Acceptable { active: false, pending: scope.contains("enroll") };
    let verdict = typed(request, &user, code).as_otp(&held, acceptable).await?;
    let result = passed(verdict, GrantFault::OtpCode).and_then(|_| {
        issue::tokens(
            state,
            &Granted {
                client: request.client,
                user: &user,
                target: Target::Mfa,
                scope: &scope,
                grant: GrantType::MfaOtp,
                session_id: None,
                nonce: None,
                auth_time: None,
                mfa: false,
                changes: &Changes::default(),
                dpop_jkt: request.dpop_jkt,
            },
        )
    });
    log(request, &user, &result, ("seotpft", "feotpft")).await;
    result
}
