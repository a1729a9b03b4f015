//! Whether files have changed since they were read: by their times and sizes.

use std::{fs, path::PathBuf, time::SystemTime};

/// Files and folders as they were.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Watched(Vec<(PathBuf, Option<Stamp>)>);

/// What is told of a file without reading it.
#[derive(Debug, PartialEq)]
struct Stamp {
    modified: Option<SystemTime>,
    size: u64,
}

impl Watched {
    /// As they are now. One that is not there is watched for appearing.
    pub(crate) fn now(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let stamped = |path: PathBuf| {
            let stamp = fs::metadata(&path).ok();
            let stamp = stamp.map(|data| Stamp { modified: data.modified().ok(), size: data.len() });
            (path, stamp)
        };
        Self(paths.into_iter().map(stamped).collect())
    }

    /// The same files and folders as they are now.
    pub(crate) fn again(&self) -> Self {
        Self::now(self.0.iter().map(|(path, _)| path.clone()))
    }
}
