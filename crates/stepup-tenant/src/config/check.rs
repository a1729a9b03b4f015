//! A configuration looked at without a tenant.

use std::path::Path;

use super::{
    ChangeError,
    configuration::{Base, read},
    defaults::Place,
    source::Source,
    users::UsersFile,
};
use crate::{model::Settings, state::Issuer};

/// Reads a configuration, and users for it, as a tenant on this machine would at its start. Returns what is asked for
/// there and is not done, one line each.
///
/// # Parameters
/// - `config`: YAML of `auth0-deploy-cli`, a file or a folder.
/// - `users`: JSON of Auth0's bulk import; none: the built-in user.
///
/// # Errors
/// A tenant could not start with them: the error says where, and shows the place ([`ChangeError::excerpt`]).
///
/// ```
/// let folder = tempfile();
/// let file = folder.join("tenant.yaml");
/// std::fs::write(&file, "clients:\n  - name: webapp\n    callbacks: nowhere\n")?;
/// let error = stepup_tenant::config::check(&file, None).unwrap_err();
/// assert!(error.to_string().contains("tenant.yaml:3:16: clients[0].callbacks"));
/// assert!(error.excerpt().is_some_and(|excerpt| excerpt.ends_with("^")));
/// # fn tempfile() -> std::path::PathBuf {
/// #     let folder = std::env::temp_dir().join(format!("stepup-check-{}", std::process::id()));
/// #     std::fs::create_dir_all(&folder).unwrap();
/// #     folder
/// # }
/// # Ok::<_, std::io::Error>(())
/// ```
pub fn check(config: &Path, users: Option<&Path>) -> Result<Vec<String>, ChangeError> {
    let issuer = Issuer::on_this_machine();
    let place = Place { issuer: &issuer, key: &[0; 32] };
    let base = Base::new(read(&Source::File(config.to_owned()))?, &place)?;
    let config = base.with(&Settings::default(), &place)?.config;
    let users = UsersFile::read(&users.map_or(Source::BuiltIn, |path| Source::File(path.to_owned())))?;
    let (_, of_users) = users.users(&config)?;
    Ok(config.warnings.iter().cloned().chain(of_users).collect())
}
