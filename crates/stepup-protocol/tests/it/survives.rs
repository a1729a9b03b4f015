//! No text makes a reader panic, and what it accepts it can write and read again.

use proptest::prelude::*;
use stepup_protocol::{
    error::MfaRequiredBody,
    mfa::{Authenticator, FactorType},
    scope::Scopes,
    token::TokenResponse,
};

proptest! {
    #[test]
    fn scopes(text in ".{0,200}") {
        let scopes = Scopes::from(text.as_str());
        prop_assert_eq!(Scopes::from(scopes.to_string().as_str()), scopes);
    }

    #[test]
    fn bodies(text in r#"[\[{]("[a-z_]{0,12}"|[0-9:,\[\]{} ]|null|true){0,40}[\]}]"#) {
        let _ = serde_json::from_str::<MfaRequiredBody>(&text);
        let _ = serde_json::from_str::<Vec<Authenticator>>(&text);
        let _ = serde_json::from_str::<TokenResponse>(&text);
    }

    #[test]
    fn factor_words(word in "[a-zA-Z-]{0,20}") {
        if let Some(factor) = FactorType::parse(&word) {
            prop_assert!(factor.accepts(&word));
        }
    }
}
