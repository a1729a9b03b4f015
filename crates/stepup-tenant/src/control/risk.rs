//! What a test says of coming logins, so that the policy Adaptive has something to go by.

use serde_json::json;

use super::{Answer, Control, Refused};
use crate::risk::Signal;

impl Control {
    /// `POST risk`: adds a signal.
    pub(super) async fn add_signal(&self, signal: &Signal) -> Result<Answer, Refused> {
        let says_something = signal.confidence.is_some()
            || [&signal.new_device, &signal.impossible_travel, &signal.untrusted_ip, &signal.phone_number]
                .into_iter()
                .any(Option::is_some);
        if !says_something {
            return Err(Refused::bad(
                "Send one of confidence, new_device, impossible_travel, untrusted_ip and phone_number.",
            ));
        }
        self.state.store.add_signal(signal).await?;
        Ok(Answer::Empty)
    }

    /// `GET risk`: what has been said, oldest first.
    pub(super) async fn signals(&self) -> Result<Answer, Refused> {
        Ok(Answer::Json(json!(self.state.store.signals().await?)))
    }

    /// `DELETE risk`: nothing is said any more.
    pub(super) async fn clear_signals(&self) -> Result<Answer, Refused> {
        self.state.store.clear_signals().await?;
        Ok(Answer::Empty)
    }
}
