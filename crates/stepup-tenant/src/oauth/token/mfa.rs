//! The three MFA grants: a pending token request goes on once its factor is proved.
//!
//! An `mfa_token` survives wrong codes and is dead after a right one.

use stepup_protocol::{
    claims::AccessTokenClaims,
    scope::Scopes,
    token::{GrantType, TokenResponse},
};

use super::{TokenRequest, UserGrant};
use crate::{
    actions::Changes,
    factors::{self, Acceptable, Answer, Transaction, Verdict, oob, recovery_code},
    mfa::{bearer, pending::Pending, requirement::Passed},
    model::{Digest, OobOwner, User},
    oauth::{
        access::Target,
        audit::Audit,
        dpop,
        error::{Failure, GrantFault, Limit, RequestFault, UserFault},
        issue::{self, Granted},
    },
};

/// `mfa-otp`: a code of an authenticator app, active or, where an enrolment is due, pending.
pub(super) async fn by_otp(request: &TokenRequest<'_>) -> Result<TokenResponse, Failure> {
    let mfa_token = request.required("mfa_token")?;
    let code = request.required("otp")?;
    let by = By::App { code };
    grant(request, mfa_token, by).await
}

/// `mfa-oob`: the code that was sent, or what a phone has answered.
pub(super) async fn by_oob_code(request: &TokenRequest<'_>) -> Result<TokenResponse, Failure> {
    let mfa_token = request.required("mfa_token")?;
    let oob_code = Digest::of(request.required("oob_code")?);
    let by = By::Oob { oob_code, binding_code: request.optional("binding_code")? };
    grant(request, mfa_token, by).await
}

/// `mfa-recovery-code`: the code is spent, and the answer brings its successor.
pub(super) async fn by_recovery_code(request: &TokenRequest<'_>) -> Result<TokenResponse, Failure> {
    let mfa_token = request.required("mfa_token")?;
    let code = request.required("recovery_code")?;
    let replacement = recovery_code::new_code(request.shared.random.as_ref());
    grant(request, mfa_token, By::RecoveryCode { code, replacement: &replacement }).await
}

/// What a request answers with.
#[derive(Clone, Copy)]
enum By<'a> {
    App { code: &'a str },
    Oob { oob_code: Digest, binding_code: Option<&'a str> },
    RecoveryCode { code: &'a str, replacement: &'a str },
}

impl By<'_> {
    /// The log's codes for success and failure.
    const fn events(&self) -> (&'static str, &'static str) {
        match self {
            Self::App { .. } => ("seotpft", "feotpft"),
            Self::Oob { .. } => ("seoobft", "feoobft"),
            Self::RecoveryCode { .. } => ("sercft", "fercft"),
        }
    }

    const fn grant(&self) -> GrantType {
        match self {
            Self::App { .. } => GrantType::MfaOtp,
            Self::Oob { .. } => GrantType::MfaOob,
            Self::RecoveryCode { .. } => GrantType::MfaRecoveryCode,
        }
    }
}

async fn grant(request: &TokenRequest<'_>, mfa_token: &str, by: By<'_>) -> Result<TokenResponse, Failure> {
    // A recovery code confirms nothing.
    if !matches!(by, By::RecoveryCode { .. })
        && let Some(claims) = mfa_api_token(request, mfa_token)?
    {
        return confirm_enrolment(request, &claims, by).await;
    }
    let pending = Pending::open_for(request.shared, request.caller, mfa_token, request.client).await?;
    dpop::same_key(pending.transaction.dpop_jkt.as_deref(), request.dpop_jkt)?;
    let user = request.shared.store.user(&pending.transaction.user_id).await?;
    let user = user.ok_or(GrantFault::MfaTokenMalformed)?;
    let (passed, result) = match answered(request, &pending, &user, by).await {
        Ok(passed) => (true, go_on(request, pending, &user, passed).await),
        Err(failure) => (false, Err(failure)),
    };
    log(request, &user, &result, by).await;
    match by {
        By::RecoveryCode { replacement, .. } if passed => with_new_code(result, replacement),
        _ => result,
    }
}

/// Judges the answer, which ends the `mfa_token` if it is right.
async fn answered(
    request: &TokenRequest<'_>,
    pending: &Pending,
    user: &User,
    by: By<'_>,
) -> Result<Passed, Failure> {
    if user.blocked {
        return Err(UserFault::Blocked.into());
    }
    let held = factors::held(request.shared, user).await?;
    judge(&pending.transaction(request.shared, request.caller, user, &held), by).await
}

/// The old code is dead, whatever came of the login.
fn with_new_code(
    result: Result<TokenResponse, Failure>,
    replacement: &str,
) -> Result<TokenResponse, Failure> {
    match result {
        Ok(tokens) => Ok(TokenResponse { recovery_code: Some(replacement.to_owned()), ..tokens }),
        Err(failure) => {
            Err(Failure::AfterRecovery { failure: Box::new(failure), recovery_code: replacement.into() })
        }
    }
}

/// Lets the request go on.
async fn go_on(
    request: &TokenRequest<'_>,
    pending: Pending,
    user: &User,
    Passed { factor, how }: Passed,
) -> Result<TokenResponse, Failure> {
    let shared = request.shared;
    let Pending { transaction: waited, mut progress, .. } = pending;
    progress.pass(factor, how, shared.clock.now());
    let grant = UserGrant::resume(
        shared,
        request.caller,
        request.client,
        waited,
        user.clone(),
        progress,
        request.dpop_jkt,
    )
    .await?;
    grant.proceed().await
}

/// What the answer proves.
///
/// # Errors
/// It proves nothing.
async fn judge(transaction: &Transaction<'_>, by: By<'_>) -> Result<Passed, Failure> {
    let verdict = match by {
        By::App { code } => factors::verify(transaction, Answer::App { code, only: None }).await?,
        By::RecoveryCode { code, replacement } => {
            factors::verify(transaction, Answer::RecoveryCode { code, replacement }).await?
        }
        By::Oob { oob_code, binding_code } => oob::answer(transaction, &oob_code, binding_code).await?,
    };
    match verdict {
        Verdict::Passed(passed) => Ok(passed),
        Verdict::AlreadyEnrolled => Err(UserFault::AlreadyEnrolled.into()),
        Verdict::Denied if transaction.shared.config.mfa.push_rejected_as_invalid_grant => {
            Err(GrantFault::MfaRejected.into())
        }
        Verdict::Denied => Err(GrantFault::PushRejected.into()),
        Verdict::Expired => Err(GrantFault::OobCodeExpired.into()),
        Verdict::Foreign => Err(RequestFault::OobCodeOfOtherToken.into()),
        Verdict::Missing => Err(RequestFault::Missing("binding_code").into()),
        Verdict::NotAccepted => Err(GrantFault::MfaRejected.into()),
        Verdict::Pending => Err(GrantFault::PushPending.into()),
        Verdict::Spent => Err(GrantFault::MfaTokenMalformed.into()),
        Verdict::TooFast => Err(GrantFault::PushTooFast.into()),
        Verdict::TooMany(empty) => Err(Limit::Codes.reached(empty).into()),
        Verdict::Unknown => Err(GrantFault::OobCodeMalformed.into()),
        Verdict::AlreadyUsed if matches!(by, By::Oob { .. }) => Err(GrantFault::OobCodeMalformed.into()),
        Verdict::AlreadyUsed | Verdict::Malformed | Verdict::Wrong => Err(match by {
            By::App { .. } => GrantFault::OtpCode,
            By::Oob { .. } => GrantFault::BindingCode,
            By::RecoveryCode { .. } => GrantFault::MfaRejected,
        }
        .into()),
    }
}

async fn log(request: &TokenRequest<'_>, user: &User, result: &Result<TokenResponse, Failure>, by: By<'_>) {
    let (success, failure) = by.events();
    let audit = Audit::new(request.shared, request.caller).client(request.client).user(user);
    match result {
        Ok(tokens) => audit.scope(tokens.scope.as_ref().unwrap_or(&Scopes::none())).write(success).await,
        // The factor was right; that another is due is told by its own event.
        Err(Failure::User(UserFault::MfaRequired(_))) => audit.write(success).await,
        // A phone that has not answered is no failure: clients ask every second.
        Err(Failure::Grant(GrantFault::PushPending | GrantFault::PushTooFast)) => {}
        Err(fault) => audit.describe(fault.to_string()).write(failure).await,
    }
}

/// The claims of an access token for the MFA API that stands in for an `mfa_token`; nothing where it is not the client's.
///
/// # Errors
/// It is too old.
fn mfa_api_token(request: &TokenRequest<'_>, token: &str) -> Result<Option<AccessTokenClaims>, GrantFault> {
    let own = |claims: &AccessTokenClaims| {
        claims.azp == request.client.client_id && dpop::same_key(claims.bound_to(), request.dpop_jkt).is_ok()
    };
    match bearer::access_token(request.shared, token).filter(own) {
        Some(claims) if claims.exp <= request.shared.clock.now() => Err(GrantFault::MfaTokenExpired),
        claims => Ok(claims),
    }
}

/// Confirms an enrolment that was begun with an access token for the MFA API; the answer is a fresh token for it.
async fn confirm_enrolment(
    request: &TokenRequest<'_>,
    claims: &AccessTokenClaims,
    by: By<'_>,
) -> Result<TokenResponse, Failure> {
    let shared = request.shared;
    let user = shared.store.user(&claims.sub).await?.ok_or(GrantFault::MfaTokenMalformed)?;
    if user.blocked {
        return Err(UserFault::Blocked.into());
    }
    let scope = claims.scope.as_deref().map(Scopes::from).unwrap_or_default();
    let held = factors::held(shared, &user).await?;
    let transaction = Transaction {
        shared,
        caller: request.caller,
        client: Some(request.client),
        user: &user,
        held: &held,
        owner: OobOwner::AccessToken,
        acceptable: Acceptable::New,
    };
    let judged = if scope.contains("enroll") {
        judge(&transaction, by).await
    } else {
        Err(GrantFault::MfaRejected.into())
    };
    let result = judged.and_then(|_| {
        issue::tokens(
            shared,
            &Granted {
                client: request.client,
                user: &user,
                target: Target::Mfa,
                scope: &scope,
                grant: by.grant(),
                session_id: None,
                nonce: None,
                auth_time: None,
                mfa: false,
                changes: &Changes::default(),
                dpop_jkt: request.dpop_jkt,
            },
        )
    });
    log(request, &user, &result, by).await;
    result
}
