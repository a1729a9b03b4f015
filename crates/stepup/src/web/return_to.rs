//! Where a browser may be sent after a login, a callback or a logout: to a path of this application, nowhere else.

use url::Url;

/// Longest value that is kept, in bytes.
const LONGEST: usize = 2048;

/// The path, query and fragment that `wish` leads to, seen from the application's address; `None` where that is not a
/// place of the application. What comes back begins with exactly one slash.
pub(crate) fn safe_path(wish: &str, base: &Url) -> Option<String> {
    if wish.len() > LONGEST {
        return None;
    }
    let target = base.join(wish).ok()?;
    // `blob:` addresses have the origin of the address inside.
    if target.scheme() != base.scheme() || target.origin() != base.origin() {
        return None;
    }
    let from_root = &target[url::Position::BeforePath..];
    // Dot segments can leave a path that begins with several slashes, which a browser takes for a host.
    let path = format!("/{}", from_root.trim_start_matches(['/', '\\']));
    (path.len() <= LONGEST && !path.chars().any(char::is_control)).then_some(path)
}

/// The address of `path` on the application's own origin, whatever is in it: the last look before a redirect.
pub(crate) fn address(path: &str, base: &Url) -> Url {
    let root = || base.join("/").unwrap_or_else(|_| base.clone());
    safe_path(path, base)
        .and_then(|path| base.join(&path).ok())
        .filter(|target| target.origin() == base.origin())
        .unwrap_or_else(root)
}
