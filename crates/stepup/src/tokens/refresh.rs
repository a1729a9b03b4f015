//! One refresh at a time.

/// The refreshes under way in this process, and those that have just been.
#[derive(Debug, Default)]
pub(crate) struct Refreshes {}
