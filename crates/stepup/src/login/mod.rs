//! Logging in and out: values in, values out. Cookies and responses are the `web` room's.

mod callback;
mod logout;
mod start;

pub use self::callback::{CallbackError, CallbackOutcome};
pub(crate) use self::{
    callback::CallbackParameters,
    logout::LogoutRequest,
    start::{LoginError, LoginRequest, RESERVED_PARAMETERS},
};
