//! What a client may be made of. Whether it fits together is the configuration's to say.

use crate::management::schema::{Kind, Member, NAME, Schema, TEXT, TEXTS, optional, required};

const FLAG: Kind = Kind::Boolean;
const OBJECT: Kind = Kind::Nullable(&Kind::Object);
const LONG: Kind = Kind::Text(0, 100_000);

/// A change of a client; a new one needs a `name`.
pub(super) const CLIENT: Schema = Schema(MEMBERS);

const MEMBERS: &[Member] = &[
    optional("name", NAME),
    optional("description", Kind::Text(0, 140)),
    optional("client_secret", Kind::Nullable(&Kind::Text(1, 255))),
    optional("app_type", Kind::OneOf(&["native", "spa", "regular_web", "non_interactive"])),
    optional("logo_uri", TEXT),
    optional("is_first_party", FLAG),
    optional("oidc_conformant", FLAG),
    optional("callbacks", TEXTS),
    optional("allowed_origins", TEXTS),
    optional("web_origins", TEXTS),
    optional("client_aliases", TEXTS),
    optional("allowed_clients", TEXTS),
    optional("allowed_logout_urls", TEXTS),
    optional("grant_types", TEXTS),
    optional(
        "token_endpoint_auth_method",
        Kind::Nullable(&Kind::OneOf(&["none", "client_secret_post", "client_secret_basic"])),
    ),
    optional("is_token_endpoint_ip_header_trusted", FLAG),
    optional("client_authentication_methods", Kind::Nullable(&Kind::Record(&METHODS))),
    optional("jwt_configuration", OBJECT),
    optional("refresh_token", OBJECT),
    optional("oidc_logout", OBJECT),
    optional("oidc_backchannel_logout", OBJECT),
    optional("client_metadata", Kind::Object),
    optional("require_auth_time", FLAG),
    optional("require_pushed_authorization_requests", FLAG),
    optional("require_proof_of_possession", FLAG),
    optional("par_request_expiry", Kind::Nullable(&Kind::Integer(1, 600))),
    optional("session_transfer", OBJECT),
    optional("encryption_key", OBJECT),
    optional("sso", FLAG),
    optional("sso_disabled", FLAG),
    optional("cross_origin_authentication", FLAG),
    optional("cross_origin_loc", Kind::Nullable(&TEXT)),
    optional("custom_login_page_on", FLAG),
    optional("custom_login_page", LONG),
    optional("custom_login_page_preview", LONG),
    optional("form_template", LONG),
    optional("addons", Kind::Object),
    optional("mobile", OBJECT),
    optional("initiate_login_uri", TEXT),
    optional("native_social_login", OBJECT),
    optional("fedcm_login", OBJECT),
    optional("default_organization", OBJECT),
    optional("organization_usage", Kind::Nullable(&Kind::OneOf(&["deny", "allow", "require"]))),
    optional("organization_require_behavior", Kind::Nullable(&TEXT)),
    optional("organization_discovery_methods", Kind::Nullable(&TEXTS)),
    optional("signed_request_object", OBJECT),
    optional("token_vault_privileged_access", OBJECT),
    optional("compliance_level", Kind::Nullable(&TEXT)),
    optional("skip_non_verifiable_callback_uri_confirmation_prompt", Kind::Nullable(&FLAG)),
    optional("token_exchange", OBJECT),
    optional("token_quota", OBJECT),
    optional("resource_server_identifier", TEXT),
    optional("identity_assertion_authorization_grant", OBJECT),
    optional("anonymous_sessions", OBJECT),
    optional("third_party_security_mode", TEXT),
    optional("redirection_policy", TEXT),
    optional("express_configuration", OBJECT),
    optional("b2b_integration_configuration", OBJECT),
    optional("my_organization_configuration", OBJECT),
    optional("async_approval_notification_channels", Kind::Nullable(&TEXTS)),
];

const METHODS: Schema = Schema(&[
    optional("private_key_jwt", Kind::Record(&KEYS)),
    optional("tls_client_auth", Kind::Object),
    optional("self_signed_tls_client_auth", Kind::Object),
]);

const KEYS: Schema = Schema(&[required("credentials", Kind::List(&Kind::Record(&CREDENTIAL)))]);

/// A key: a new one, or the id of one that the client has.
const CREDENTIAL: Schema = Schema(&[
    optional("id", NAME),
    optional("credential_type", Kind::OneOf(&["public_key"])),
    optional("name", Kind::Text(0, 128)),
    optional("pem", Kind::Text(1, 4096)),
    optional("alg", Kind::OneOf(&["RS256", "RS384", "PS256"])),
    optional("parse_expiry_from_cert", FLAG),
    optional("expires_at", TEXT),
    optional("kid", Kind::Text(10, 64)),
]);

/// A new key.
pub(super) const NEW_CREDENTIAL: Schema = Schema(&[
    required("credential_type", Kind::OneOf(&["public_key"])),
    required("pem", Kind::Text(1, 4096)),
    optional("name", Kind::Text(0, 128)),
    optional("alg", Kind::OneOf(&["RS256", "RS384", "PS256"])),
    optional("parse_expiry_from_cert", FLAG),
    optional("expires_at", TEXT),
    optional("kid", Kind::Text(10, 64)),
]);

/// A change of a key.
pub(super) const CHANGED_CREDENTIAL: Schema = Schema(&[required("expires_at", Kind::Nullable(&TEXT))]);
