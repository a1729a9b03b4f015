//! Flows through real HTTP, and recorded behaviour of the official packages.

mod nextjs_mfa_routes;
