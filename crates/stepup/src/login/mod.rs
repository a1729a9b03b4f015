//! Logging in and out: values in, values out. Cookies and responses are the `web` room's.

mod callback;
mod logout;
mod start;

pub(crate) use self::{
    callback::CallbackParameters,
    logout::LogoutRequest,
    start::{LoginRequest, RESERVED_PARAMETERS},
};
pub use self::{
    callback::{CallbackError, CallbackOutcome},
    logout::LogoutError,
    start::LoginError,
};
