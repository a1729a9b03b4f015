//! The folder for what outlives the process: keys and certificates, readable by their owner alone.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// A data folder, or none: then nothing is kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct DataDir(Option<PathBuf>);

impl DataDir {
    /// The folder at `path`, made if it is missing.
    pub(crate) fn open(path: &Path) -> Result<Self, DataDirError> {
        create(path).map_err(|source| DataDirError { path: path.to_owned(), source })?;
        Ok(Self(Some(path.to_owned())))
    }

    /// No folder.
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.as_ref().map(|folder| folder.join(name))
    }

    /// What is kept under `name`.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, DataDirError> {
        let Some(path) = self.path(name) else { return Ok(None) };
        match fs::read(&path) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(DataDirError { path, source }),
        }
    }

    /// Keeps `content` under `name` and returns it; or what another process has kept there first.
    pub(crate) fn keep(&self, name: &str, content: Vec<u8>) -> Result<Vec<u8>, DataDirError> {
        let Some(path) = self.path(name) else { return Ok(content) };
        match keep_whole(&path, &content) {
            Ok(()) => Ok(content),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::read(&path).map_err(|source| DataDirError { path, source })
            }
            Err(source) => Err(DataDirError { path, source }),
        }
    }
}

/// Writes a file that appears whole under a name that must be free.
fn keep_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = draft(path);
    write_private(&draft, content)?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    linked
}

/// Writes a file that appears whole, in place of what was there.
pub(crate) fn replace_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = draft(path);
    write_private(&draft, content)?;
    fs::rename(&draft, path)
}

static DRAFTS: AtomicU64 = AtomicU64::new(0);

fn draft(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // Apart from the drafts of other processes, and of other tenants in this one.
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    name.push(format!(".{}-{number}.draft", std::process::id()));
    path.with_file_name(name)
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn create(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// The data folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read or written: choose another data folder", path.display())]
pub struct DataDirError {
    path: PathBuf,
    #[source]
    source: io::Error,
}
