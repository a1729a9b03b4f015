//! What a relying party must do and must not: one test a row, named as in the OpenID Foundation's list for relying parties.
//!
//! Of its profiles, the code flow counts here: a login asks for nothing else. Without a row are the parts of OpenID
//! Connect that the SDK does not use: request objects, dynamic registration, encrypted ID tokens.

mod claims;
mod endpoints;
mod provider;
mod signature;

use self::provider::{Login, Provider};

/// A login at a provider with nothing out of the ordinary.
async fn login() -> Login {
    Login::begin(&Provider::new()).await
}

/// The end of a login that is one.
fn ada() -> Result<String, String> {
    Ok("auth0|ada".to_owned())
}
