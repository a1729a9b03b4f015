//! Which API a token is for, and what may be done there with it.

use std::time::Duration;

use stepup_protocol::{claims::Audience, scope::Scopes, token::GrantType};

use crate::{
    config::{Client, ProofOfPossession, ResourceServer, TenantConfig},
    model::RefreshToken,
    state::{Issuer, State},
};

/// Scopes that belong to the user rather than to an API.
const IDENTITY: [&str; 5] = ["openid", "profile", "email", "address", "phone"];
const OFFLINE_ACCESS: &str = "offline_access";
/// Scopes of the MFA API.
const MFA_API: [&str; 3] = ["enroll", "read:authenticators", "remove:authenticators"];
/// Life of a token for the MFA API, which nobody can change.
const MFA_API_LIFETIME: Duration = Duration::from_secs(600);
/// Life of a token that opens `/userinfo` alone.
const USERINFO_LIFETIME: Duration = Duration::from_secs(86_400);

/// What an access token is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'a> {
    /// An API of the tenant's owner.
    Api(&'a ResourceServer),
    /// The tenant's own MFA API.
    Mfa,
    /// `/userinfo` alone: the token is opaque.
    UserInfo,
}

/// The API that a request names, by its parameter `audience`, or by `resource` (RFC 8707) where that stands for it.
pub(crate) fn named<'p>(
    config: &TenantConfig,
    audience: Option<&'p str>,
    resource: Option<&'p str>,
) -> Option<&'p str> {
    audience.or(resource.filter(|_| config.resource_is_audience))
}

impl<'a> Target<'a> {
    /// What `audience` names; nothing where the tenant knows no such API.
    pub(crate) fn find(state: &'a State, audience: Option<&'a str>) -> Option<Self> {
        let Some(audience) = audience.or(state.config.default_audience.as_deref()) else {
            return Some(Self::UserInfo);
        };
        if audience == userinfo(&state.issuer) {
            return Some(Self::UserInfo);
        }
        if audience == mfa_api(&state.issuer) {
            return Some(Self::Mfa);
        }
        state.config.resource_server(audience).map(Self::Api)
    }

    /// What of `requested` a user may grant to `client` here; unknown scopes are dropped without a word.
    pub(crate) fn grantable(&self, state: &State, client: &Client, requested: &Scopes) -> Scopes {
        let offline = client.allows(GrantType::RefreshToken) && self.allows_offline_access();
        requested.filter(|scope| {
            IDENTITY.contains(&scope) || (scope == OFFLINE_ACCESS && offline) || self.knows(state, scope)
        })
    }

    fn allows_offline_access(&self) -> bool {
        match self {
            Self::Api(server) => server.allow_offline_access,
            Self::Mfa => false,
            Self::UserInfo => true,
        }
    }

    fn knows(&self, state: &State, scope: &str) -> bool {
        match self {
            // The Management API is called by programs in their own name: no user can grant it.
            Self::Api(server) => {
                server.identifier != state.issuer.endpoint("api/v2/") && server.scopes.contains(scope)
            }
            Self::Mfa => MFA_API.contains(&scope),
            Self::UserInfo => false,
        }
    }

    /// What a scope means, for people; none where its name has to do.
    pub(crate) fn describes(&self, scope: &str) -> Option<&'a str> {
        match self {
            Self::Api(server) => server.scope_descriptions.get(scope).map(String::as_str),
            Self::Mfa => match scope {
                "enroll" => Some("Set up a new way to verify that it is you"),
                "read:authenticators" => Some("See how you verify that it is you"),
                "remove:authenticators" => Some("Remove a way to verify that it is you"),
                _ => None,
            },
            Self::UserInfo => None,
        }
    }

    /// Whether users are asked before `client` gets a token, where it is sent to `redirect_uri`.
    pub(crate) fn needs_consent(&self, client: &Client) -> bool {
        !client.first_party || matches!(self, Self::Api(server) if !server.skip_consent)
    }

    /// The `audience` as it is kept with codes, transactions and refresh tokens.
    pub(crate) fn identifier(&self, issuer: &Issuer) -> Option<String> {
        match self {
            Self::Api(server) => Some(server.identifier.clone()),
            Self::Mfa => Some(mfa_api(issuer)),
            Self::UserInfo => None,
        }
    }

    /// `aud` of the token; nothing for an opaque one.
    pub(crate) fn aud(&self, issuer: &Issuer, scope: &Scopes) -> Option<Audience> {
        let identifier = self.identifier(issuer)?;
        Some(if scope.contains("openid") {
            Audience::Many(vec![identifier, userinfo(issuer)])
        } else {
            Audience::One(identifier)
        })
    }

    /// How long the token is good.
    pub(crate) fn lifetime(&self) -> Duration {
        match self {
            Self::Api(server) => server.token_lifetime,
            Self::Mfa => MFA_API_LIFETIME,
            Self::UserInfo => USERINFO_LIFETIME,
        }
    }

    /// Whether a token of `client` for it has to be bound to a key (RFC 9449).
    pub(crate) fn needs_key(&self, client: &Client) -> bool {
        let Self::Api(server) = self else { return false };
        match server.proof_of_possession {
            ProofOfPossession::Optional => false,
            ProofOfPossession::Required => true,
            ProofOfPossession::RequiredOfPublicClients => client.public(),
        }
    }

    /// Whether this is the MFA API.
    pub(crate) const fn is_mfa(&self) -> bool {
        matches!(self, Self::Mfa)
    }
}

/// The audience of `/userinfo`.
pub(crate) fn userinfo(issuer: &Issuer) -> String {
    issuer.endpoint("userinfo")
}

/// The audience of the MFA API.
pub(crate) fn mfa_api(issuer: &Issuer) -> String {
    issuer.endpoint("mfa/")
}

/// What a refresh request gets: the audience and scope of the login, or those that the client's policies add to it
/// (several APIs from one refresh token). What is unknown or not allowed is ignored without a word.
pub(crate) fn of_refresh(
    config: &TenantConfig,
    client: &Client,
    token: &RefreshToken,
    audience: Option<&str>,
    scope: Option<&Scopes>,
) -> (Option<String>, Scopes) {
    let policy = |audience: &str| {
        let server = config.resource_server(audience)?;
        let policy = client.refresh_tokens.policies.iter().find(|policy| policy.audience == audience)?;
        let allowed = server.allow_offline_access && client.first_party && server.skip_consent;
        allowed.then(|| policy.scope.filter(|scope| server.scopes.contains(scope)))
    };
    let (audience, ceiling) = match audience {
        Some(other) if token.audience.as_deref() != Some(other) => match policy(other) {
            Some(added) => {
                let of_the_user =
                    token.scope.filter(|scope| IDENTITY.contains(&scope) || scope == OFFLINE_ACCESS);
                (Some(other.to_owned()), of_the_user.union(&added))
            }
            None => (token.audience.clone(), token.scope.clone()),
        },
        _ => {
            let added = token.audience.as_deref().and_then(policy).unwrap_or_default();
            (token.audience.clone(), token.scope.union(&added))
        }
    };
    let granted = scope.map_or_else(|| ceiling.clone(), |wanted| wanted.filter(|it| ceiling.contains(it)));
    (audience, granted)
}
