//! What the crate promises, seen from outside.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod hostile;
mod jws;
mod keys;
mod nextjs_auth0;
mod oracle;
mod proofs;
mod python;
mod sealer;
mod server_js;
mod support;
