//! OpenID Connect and OAuth 2.0: one module an endpoint, one a grant.

pub(crate) mod params;
pub(crate) mod pkce;
