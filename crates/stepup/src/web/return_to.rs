//! Where a browser may be sent after a login, a callback or a logout: to a path of this application, nowhere else.

use url::Url;

use super::query::LONGEST_PARAMETER as LONGEST;

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        app_base_url: String,
        cases: Vec<Case>,
        login_route: Vec<LoginCase>,
    }

    #[derive(Deserialize)]
    struct Case {
        base: String,
        input: String,
        accepted: bool,
        stored: Option<String>,
    }

    #[derive(Deserialize)]
    struct LoginCase {
        input: String,
        lands_on: Option<String>,
    }

    /// The peer takes a `blob:` address for its inner origin; a blob is no place of an application, so here it is refused.
    fn is_blob(input: &str) -> bool {
        input.starts_with("blob:")
    }

    fn vectors() -> Vectors {
        serde_json::from_str(include_str!("../../tests/fixtures/nextjs-return-to.json")).unwrap()
    }

    #[test]
    fn keeps_what_the_peer_keeps_with_one_leading_slash() {
        for Case { base, input, accepted, stored } in vectors().cases {
            let kept = safe_path(&input, &Url::parse(&base).unwrap());
            let short = stored.as_ref().is_some_and(|stored| stored.len() <= LONGEST);
            assert_eq!(kept.is_some(), accepted && short && !is_blob(&input), "{input:?} on {base}");
            if let (Some(kept), Some(stored)) = (kept, stored) {
                assert_eq!(kept, format!("/{}", stored.trim_start_matches('/')), "{input:?} on {base}");
            }
        }
    }

    #[test]
    fn every_login_ends_on_its_own_origin() {
        let Vectors { app_base_url, login_route, .. } = vectors();
        let base = Url::parse(&app_base_url).unwrap();
        for LoginCase { input, lands_on } in login_route {
            let landed = safe_path(&input, &base).map_or_else(|| base.clone(), |path| address(&path, &base));
            assert_eq!(landed.origin(), base.origin(), "{input:?}");
            if let Some(lands_on) = lands_on.filter(|_| !is_blob(&input)) {
                assert_eq!(landed.as_str(), lands_on, "{input:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn never_leaves(value in r"([/\\.:@#?a-z\t\n%0-9 ]|//|\.\.|https?:|evil\.example){0,24}") {
            let base = Url::parse("https://app.example.com/base/").unwrap();
            if let Some(path) = safe_path(&value, &base) {
                prop_assert!(path.starts_with('/'));
                prop_assert!(!path[1..].starts_with(['/', '\\']));
                let landed = address(&path, &base);
                prop_assert_eq!(landed.origin(), base.origin());
                prop_assert_eq!(safe_path(landed.as_str(), &base), Some(path));
            }
        }
    }
}
