//! The environment variables that set options. What is set in code wins.

use std::{fmt::Display, str::FromStr, time::Duration};

use secrecy::SecretString;
use stepup_seal::Format;

use super::{ClientBuilder, error::Problems};

/// Option and variable, for error messages. `AUTH0_MFA_TOKEN_TTL` is read too, for those who move over.
const VARIABLES: [(&str, &str); 23] = [
    ("domain", "AUTH0_DOMAIN"),
    ("client_id", "AUTH0_CLIENT_ID"),
    ("client_secret", "AUTH0_CLIENT_SECRET"),
    ("client_authentication", "STEPUP_CLIENT_AUTHENTICATION"),
    ("client_assertion_signing_key", "AUTH0_CLIENT_ASSERTION_SIGNING_KEY"),
    ("client_assertion_signing_alg", "AUTH0_CLIENT_ASSERTION_SIGNING_ALG"),
    ("dpop_key", "AUTH0_DPOP_PRIVATE_KEY"),
    ("dpop_public_key", "AUTH0_DPOP_PUBLIC_KEY"),
    ("dpop_options.clock_skew", "AUTH0_DPOP_CLOCK_SKEW"),
    ("dpop_options.retry_delay", "AUTH0_RETRY_DELAY"),
    ("dpop_options.retry_jitter", "AUTH0_RETRY_JITTER"),
    ("pushed_authorization_requests", "STEPUP_PUSHED_AUTHORIZATION_REQUESTS"),
    ("secret", "AUTH0_SECRET"),
    ("format", "STEPUP_FORMAT"),
    ("also_read", "STEPUP_ALSO_READ"),
    ("app_base_url", "APP_BASE_URL"),
    ("session_cookie.secure", "AUTH0_COOKIE_SECURE"),
    ("session_cookie.same_site", "AUTH0_COOKIE_SAME_SITE"),
    ("session_cookie.path", "AUTH0_COOKIE_PATH"),
    ("session_cookie.domain", "AUTH0_COOKIE_DOMAIN"),
    ("session_cookie.transient", "AUTH0_COOKIE_TRANSIENT"),
    ("mfa_context_ttl", "AUTH0_MFA_CONTEXT_TTL"),
    ("mfa_context_ttl", "AUTH0_MFA_TOKEN_TTL"),
];

/// The variable that sets `option` too.
pub(super) fn variable_of(option: &str) -> Option<&'static str> {
    VARIABLES.iter().find(|(name, _)| *name == option).map(|(_, variable)| *variable)
}

/// The name of an option's field that has a variable of its own.
pub(super) fn field(option: &str, field: &str) -> Option<&'static str> {
    let names = VARIABLES.iter().map(|(name, _)| *name);
    names.into_iter().find(|name| name.split_once('.') == Some((option, field)))
}

/// Fills in what `builder` leaves open, from `lookup`. White space around a value is no part of it: files of secrets end
/// with a line break. An empty variable counts as not set.
pub(super) fn fill(
    builder: &mut ClientBuilder,
    lookup: &dyn Fn(&str) -> Option<String>,
    problems: &mut Problems,
) {
    let mut environment = Environment { lookup, problems };
    let from = &mut environment;
    or_else(&mut builder.domain, || from.text("domain"));
    or_else(&mut builder.client_id, || from.text("client_id"));
    or_else(&mut builder.client_secret, || from.text("client_secret").map(SecretString::from));
    or_else(&mut builder.client_authentication, || from.read("client_authentication"));
    or_else(&mut builder.client_assertion_signing_key, || {
        from.pem("client_assertion_signing_key").map(SecretString::from)
    });
    or_else(&mut builder.client_assertion_signing_alg, || from.text("client_assertion_signing_alg"));
    or_else(&mut builder.dpop_key, || from.pem("dpop_key").map(SecretString::from));
    or_else(&mut builder.dpop_public_key, || from.pem("dpop_public_key"));
    let dpop = &mut builder.dpop_options;
    or_else(&mut dpop.clock_skew, || from.parsed("dpop_options.clock_skew", "is no number of seconds"));
    or_else(&mut dpop.retry_delay, || {
        from.parsed("dpop_options.retry_delay", "is no number of milliseconds").map(Duration::from_millis)
    });
    or_else(&mut dpop.retry_jitter, || from.parsed("dpop_options.retry_jitter", "is neither true nor false"));
    or_else(&mut builder.pushed_authorization_requests, || {
        from.parsed("pushed_authorization_requests", "is neither true nor false")
    });
    if builder.secrets.is_empty() {
        builder.secrets = from.list("secret").map(SecretString::from).collect();
    }
    or_else(&mut builder.format, || from.read("format"));
    if builder.also_read.is_empty() {
        builder.also_read = from.formats("also_read");
    }
    if builder.app_base_urls.is_empty() {
        builder.app_base_urls = from.list("app_base_url").collect();
    }
    let cookie = &mut builder.session_cookie;
    or_else(&mut cookie.secure, || from.parsed("session_cookie.secure", "is neither true nor false"));
    or_else(&mut cookie.same_site, || from.read("session_cookie.same_site"));
    or_else(&mut cookie.path, || from.text("session_cookie.path"));
    or_else(&mut cookie.domain, || from.text("session_cookie.domain"));
    or_else(&mut cookie.transient, || from.parsed("session_cookie.transient", "is neither true nor false"));
    or_else(&mut builder.mfa_context_ttl, || {
        from.parsed("mfa_context_ttl", "is no number of seconds").map(Duration::from_secs)
    });
}

fn or_else<T>(option: &mut Option<T>, value: impl FnOnce() -> Option<T>) {
    if option.is_none() {
        *option = value();
    }
}

struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: &'a mut Problems,
}

impl Environment<'_> {
    fn text(&mut self, option: &str) -> Option<String> {
        VARIABLES.iter().filter(|(name, _)| *name == option).find_map(|(name, variable)| {
            let text = (self.lookup)(variable)?.trim().to_owned();
            if text.is_empty() {
                return None;
            }
            self.problems.read_from(name, variable);
            Some(text)
        })
    }

    /// A text of several lines, which many files of variables can only write with `\n` for the breaks.
    fn pem(&mut self, option: &str) -> Option<String> {
        self.text(option).map(|text| text.replace("\\n", "\n"))
    }

    fn list(&mut self, option: &str) -> impl Iterator<Item = String> + use<> {
        let parts = self
            .text(option)
            .map(|all| all.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>());
        parts.into_iter().flatten().filter(|part| !part.is_empty())
    }

    fn formats(&mut self, option: &'static str) -> Vec<Format> {
        let names: Vec<String> = self.list(option).collect();
        names.iter().filter_map(|name| self.problems.take(option, name.parse())).collect()
    }

    /// What says by itself what is wrong with it.
    fn read<T: FromStr<Err: Display>>(&mut self, option: &'static str) -> Option<T> {
        let text = self.text(option)?;
        self.problems.take(option, text.parse())
    }

    fn parsed<T: FromStr>(&mut self, option: &'static str, problem: &str) -> Option<T> {
        let parsed = self.text(option)?.parse().ok();
        if parsed.is_none() {
            self.problems.add(option, problem);
        }
        parsed
    }
}
