//! What a tenant knows: plain values without behaviour beyond their own invariants.
//!
//! Secrets that clients hold (codes, refresh tokens, `mfa_token`s, session cookies) are not here: the store keeps
//! their [`Digest`] and finds the value by it.

mod authenticator;
mod call;
mod device;
mod digest;
mod event;
mod grant;
mod job;
mod limit;
mod oob;
mod pushed_request;
mod session;
mod setting;
mod ticket;
mod trace;
mod transaction;
mod user;

pub use authenticator::{Authenticator, Credential, PhoneChannel, PhoneReach, PushCredentials, PushDevice};
pub use call::Call;
pub use device::KnownDevice;
pub use digest::Digest;
pub use event::{Channel, LogEvent, Message};
pub use grant::{AuthorizationCode, CodeChallenge, CodeChallengeMethod, Device, RefreshToken};
pub use job::{Job, JobState, ProfileUpdate, Summary};
pub use limit::{Bucket, BucketKind, BucketRule, Empty};
pub use oob::{OobAnswer, OobOwner, OobTransaction, PushState};
pub use pushed_request::PushedRequest;
pub use session::{AuthenticationMethod, TenantSession};
pub use setting::{Change, Setting, Settings};
pub use ticket::{Ticket, TicketPurpose};
pub use trace::{Step, Trace, TraceSummary};
pub use transaction::{LoginTransaction, MfaTransaction};
pub use user::User;

pub use stepup_protocol::mask;
