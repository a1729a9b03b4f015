//! What was sent, for tests and developers to read.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    model::{Channel, Message},
    store::{Store, StoreError},
};

/// The inbox. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Inbox {
    store: Arc<dyn Store>,
    arrived: Arc<watch::Sender<()>>,
}

impl Inbox {
    /// An inbox in `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, arrived: Arc::new(watch::channel(()).0) }
    }

    /// Delivers `message`.
    ///
    /// # Errors
    /// The store failed.
    pub async fn deliver(&self, message: &Message) -> Result<(), StoreError> {
        self.store.insert_message(message).await?;
        self.arrived.send_replace(());
        Ok(())
    }

    /// Notes why a message went no further.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mark(&self, id: &str, undelivered: &str) -> Result<(), StoreError> {
        self.store.mark_message(id, Some(undelivered)).await
    }

    /// The messages to one recipient and by one channel if asked, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn read(&self, to: Option<&str>, channel: Option<Channel>) -> Result<Vec<Message>, StoreError> {
        self.store.messages(to, channel, READ).await
    }

    /// Those that came after this call, newest first; waits for the first of them, at most `wait` long.
    ///
    /// # Errors
    /// The store failed.
    pub async fn read_next(
        &self,
        to: Option<&str>,
        channel: Option<Channel>,
        wait: Duration,
    ) -> Result<Vec<Message>, StoreError> {
        let mut arrived = self.arrived.subscribe();
        let known = self.store.messages(None, None, 1).await?.pop().map(|message| message.id);
        let next = async {
            loop {
                let all = self.store.messages(None, None, READ).await?;
                let new: Vec<_> = all
                    .into_iter()
                    .take_while(|message| Some(&message.id) != known.as_ref())
                    .filter(|message| to.is_none_or(|to| message.to == to))
                    .filter(|message| channel.is_none_or(|channel| message.channel == channel))
                    .collect();
                if !new.is_empty() || arrived.changed().await.is_err() {
                    return Ok(new);
                }
            }
        };
        tokio::time::timeout(wait, next).await.unwrap_or(Ok(Vec::new()))
    }
}

/// How many messages are read at most.
const READ: u32 = 1000;
