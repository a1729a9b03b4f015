//! Configurations of tests, as the deploy CLI's YAML.

use std::fmt::Write as _;

/// What a test changes of the configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    /// `all-applications`, `confidence-score`; empty: never.
    pub(crate) policy: &'static str,
    /// Post-login Actions, in order.
    pub(crate) actions: Vec<&'static str>,
    /// `leeway` of refresh tokens.
    pub(crate) leeway: u64,
    /// Whether refresh tokens stay when exchanged.
    pub(crate) non_rotating: bool,
    /// The application is not the tenant owner's.
    pub(crate) third_party: bool,
    /// More members of the database connection.
    pub(crate) database: &'static str,
    /// Whether every factor is on, and not only the app and the recovery code.
    pub(crate) every_factor: bool,
    /// Lines of the `stepup` section.
    pub(crate) stepup: &'static str,
}

impl Config {
    pub(crate) fn action(code: &'static str) -> Self {
        Self { actions: vec![code], ..Self::default() }
    }

    pub(crate) fn policy(policy: &'static str) -> Self {
        Self { policy, ..Self::default() }
    }

    pub(crate) fn yaml(&self) -> String {
        let rotation = if self.non_rotating { "non-rotating" } else { "rotating" };
        let policies = if self.policy.is_empty() { "[]".to_owned() } else { format!("[{}]", self.policy) };
        let mut yaml = format!(
            r#"
tenant:
  friendly_name: stepup
  default_directory: Username-Password-Authentication
clients:
  - name: webapp
    client_id: stepup-webapp
    client_secret: stepup-webapp-secret
    app_type: regular_web
    is_first_party: {first_party}
    callbacks: [ "http://localhost:3000/callback" ]
    allowed_logout_urls: [ "http://localhost:3000/bye" ]
    web_origins: [ "http://localhost:3000" ]
    grant_types: &grants
      - authorization_code
      - refresh_token
      - password
      - http://auth0.com/oauth/grant-type/password-realm
      - http://auth0.com/oauth/grant-type/mfa-otp
      - http://auth0.com/oauth/grant-type/mfa-oob
      - http://auth0.com/oauth/grant-type/mfa-recovery-code
    refresh_token:
      rotation_type: {rotation}
      expiration_type: expiring
      leeway: {leeway}
      token_lifetime: 2592000
      idle_token_lifetime: 1296000
      policies:
        - audience: https://api.example.com
          scope: [ "read:sensitive", "transfer:funds" ]
  - name: bare
    client_id: bare
    client_secret: bare-secret
    app_type: regular_web
    callbacks: [ "http://localhost:3000/callback" ]
    grant_types: [ authorization_code ]
resourceServers:
  - name: Example API
    identifier: https://api.example.com
    allow_offline_access: true
    skip_consent_for_verifiable_first_party_clients: true
    scopes: [ {{ value: "read:sensitive" }}, {{ value: "transfer:funds" }} ]
databases:
  - name: Username-Password-Authentication
    strategy: auth0
    {database}
guardianFactors:
  - {{ name: otp, enabled: true }}
  - {{ name: recovery-code, enabled: true }}
guardianPolicies:
  policies: {policies}
"#,
            first_party = !self.third_party,
            leeway = self.leeway,
            database = self.database,
        );
        if self.every_factor {
            yaml = yaml.replace(
                "guardianFactors:\n",
                "guardianPhoneFactorMessageTypes: { message_types: [sms, voice] }\nguardianFactors:\n  - { name: sms, enabled: true }\n  - { name: email, enabled: true }\n  - { name: push-notification, enabled: true }\n",
            );
        }
        if !self.stepup.is_empty() {
            writeln!(yaml, "stepup: {}", self.stepup).unwrap();
        }
        if !self.actions.is_empty() {
            yaml.push_str("actions:\n");
            for (index, code) in self.actions.iter().enumerate() {
                writeln!(yaml, "  - name: action-{index}\n    deployed: true\n    supported_triggers: [ {{ id: post-login, version: v3 }} ]\n    code: |").unwrap();
                for line in code.lines().chain([""]) {
                    writeln!(yaml, "      {line}").unwrap();
                }
            }
            yaml.push_str("triggers:\n  post-login:\n");
            for index in 0..self.actions.len() {
                writeln!(yaml, "    - {{ action_name: action-{index}, display_name: action-{index} }}")
                    .unwrap();
            }
        }
        yaml
    }
}
