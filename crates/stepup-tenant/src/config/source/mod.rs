//! Where the configuration comes from: a file, a folder, a text, or the program itself.

mod files;
mod folder;
mod keywords;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

pub(super) use self::{
    files::Files,
    keywords::{Filled, Keywords},
};
use super::{ConfigError, built_in};

/// A built-in value, text, or a file.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    BuiltIn,
    File(PathBuf),
    Text(String),
}

impl Source {
    /// The file that it names, if it does.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::BuiltIn | Self::Text(_) => None,
        }
    }

    /// Reads a configuration. A folder is one with a `tenant.yaml`, or has the form of `auth0-deploy-cli`'s folders.
    pub(super) fn read(&self, keywords: &Keywords) -> Result<Files, ConfigError> {
        let (mut files, folder) = match self {
            Self::BuiltIn => return built_in::files(),
            Self::Text(text) => (Files::single("the configuration", text, keywords)?, PathBuf::from(".")),
            Self::File(path) if path.is_dir() && !path.join(YAML).is_file() => {
                (folder::read(path, keywords)?, path.clone())
            }
            Self::File(path) => {
                let path = if path.is_dir() { path.join(YAML) } else { path.clone() };
                let text = read(&path, CONFIGURATION_BYTES)?;
                let mut files = Files::single(&path.display().to_string(), &text, keywords)?;
                files.watch(&path);
                let folder = path.parent().map(Path::to_owned).unwrap_or_default();
                (files, if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder })
            }
        };
        files.bring_code(&folder, keywords)?;
        files.bring_certificates(&folder)?;
        Ok(files)
    }
}

const YAML: &str = "tenant.yaml";
/// The largest file of a configuration.
const CONFIGURATION_BYTES: u64 = 16 << 20;

/// Reads a file of at most `most` bytes as text.
pub(super) fn read(path: &Path, most: u64) -> Result<String, ConfigError> {
    let failed = |source| ConfigError::File { path: path.to_owned(), source };
    let size = fs::metadata(path).map_err(failed)?.len();
    if size > most {
        let problem = format!("the file has {size} bytes; at most {most} are read");
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, problem)));
    }
    fs::read_to_string(path).map_err(failed)
}

/// Reads the file at `path` in `folder`, which it must not leave, not even by a link.
pub(super) fn read_inside(folder: &Path, path: impl AsRef<Path>) -> Result<(PathBuf, String), ConfigError> {
    let joined = folder.join(path);
    let failed = |source| ConfigError::File { path: joined.clone(), source };
    let root = fs::canonicalize(folder).map_err(failed)?;
    let real = fs::canonicalize(&joined).map_err(failed)?;
    if !real.starts_with(&root) {
        let problem = "it is outside the folder of the configuration";
        return Err(failed(io::Error::new(io::ErrorKind::PermissionDenied, problem)));
    }
    let text = read(&real, CONFIGURATION_BYTES)?;
    Ok((joined, text))
}

/// The members of a document.
pub(super) type Members = Map<String, Value>;
