//! Answers that were spent lately. A session lies in the browser, which may bring the one of before along as often as it likes:
//! what is written into it tells nobody that a proof was used.

use std::time::Duration;

use stepup_protocol::time::UnixTime;

use super::decision::WAY_BACK;
use crate::lately::{Digest, Lately};

/// Longer than an answer is good for, by whichever clock.
const REMEMBERED_FOR: Duration = Duration::from_secs(2 * WAY_BACK.as_secs());

/// The answers that were spent lately in this process.
#[derive(Debug, Default)]
pub(crate) struct SpentAnswers(Lately);

/// An answer that is being spent: given back, unless it was good for something.
pub(super) struct Spending<'a> {
    all: &'a SpentAnswers,
    answer: Digest,
    is_spent: bool,
}

impl SpentAnswers {
    /// Takes an answer, which only one request gets.
    pub(super) fn take(&self, answer: Digest, now: UnixTime) -> Option<Spending<'_>> {
        let is_news = self.0.note(answer, now + REMEMBERED_FOR, now);
        // Not `then_some`: one that nobody is given would be given back.
        is_news.then(|| Spending { all: self, answer, is_spent: false })
    }
}

impl Spending<'_> {
    pub(super) fn spent(mut self) {
        self.is_spent = true;
    }
}

impl Drop for Spending<'_> {
    fn drop(&mut self) {
        if !self.is_spent {
            self.all.0.forget(&self.answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_gets_an_answer_and_gives_back_what_it_could_not_use() {
        let (all, now) = (SpentAnswers::default(), UnixTime::from_seconds(0));
        let first = all.take([1; 32], now);
        assert!(first.is_some() && all.take([1; 32], now).is_none() && all.take([2; 32], now).is_some());
        drop(first);
        all.take([1; 32], now).unwrap().spent();
        for _ in 0..2 {
            assert!(all.take([1; 32], now).is_none());
        }
    }
}
