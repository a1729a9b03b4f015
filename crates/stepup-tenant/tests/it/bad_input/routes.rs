//! The endpoints of the rooms that have no list of their own, read from the routers' source: axum does not tell them.

use std::{fs, path::Path};

/// The paths that the files of a room route, each once. A `{name}` in them stands for a text.
pub(super) fn of(room: &str) -> Vec<String> {
    let mut paths = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room), &mut paths);
    paths.sort();
    paths.dedup();
    paths
}

fn read(room: &Path, paths: &mut Vec<String>) {
    for entry in fs::read_dir(room).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, paths);
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        // The path is the first literal of the call, as it stands or in a `format!`.
        for call in source.split(".route(").skip(1) {
            let written = call.split('"').nth(1).unwrap();
            let bare =
                written.replace("{prefix}", "").replace("{push}", "/guardian/factors/push-notification");
            let bare = bare.replace("{{", "{").replace("}}", "}");
            if written.contains("{prefix}") {
                paths.push(format!("/appliance-mfa{bare}"));
            }
            paths.push(bare);
        }
    }
}

/// The calls of the control API, method and path, but for the one that stops the tenant: its arms say what they match.
pub(super) fn of_control() -> Vec<(String, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/control/calls.rs");
    let source = fs::read_to_string(source).unwrap();
    let arms = source.split("(&Method::").skip(1).map(|arm| {
        let (method, rest) = arm.split_once(", [").unwrap();
        let segments =
            rest.split(']').next().unwrap().split(", ").map(|segment| match segment.strip_prefix('"') {
                Some(text) => format!("/{}", text.trim_end_matches('"')),
                None => format!("/{{{segment}}}"),
            });
        (method.to_owned(), segments.collect::<String>())
    });
    arms.filter(|(_, path)| path != "/shutdown").collect()
}

/// A path with `text` in place of each of its names.
pub(super) fn filled(path: &str, text: &str) -> String {
    // Names and what stands between them take turns.
    let parts = path.split(['{', '}']).enumerate();
    parts.map(|(turn, part)| if turn % 2 == 1 { text } else { part }).collect()
}

#[test]
fn the_rooms_are_read_whole() {
    let calls = of("management");
    for path in
        ["/users/{user_id}", "/guardian/factors/push-notification/providers/sns", "/clients/{id}/credentials"]
    {
        assert!(calls.iter().any(|read| read == path), "{path}: {calls:?}");
    }
    assert!(calls.len() > 70 && of("dashboard").len() > 15, "{}", calls.len());
    assert_eq!(
        of("guardian"),
        [
            "/api/device-accounts/{id}",
            "/api/enroll",
            "/api/resolve-transaction",
            "/appliance-mfa/api/device-accounts/{id}",
            "/appliance-mfa/api/enroll",
            "/appliance-mfa/api/resolve-transaction",
            "/rich-consents/{id}",
        ]
    );
    let control = of_control();
    for (method, path) in [("GET", "/clock"), ("GET", "/devices/{id}/code"), ("POST", "/push/{id}")] {
        assert!(control.iter().any(|call| (call.0.as_str(), call.1.as_str()) == (method, path)), "{path}");
    }
    assert!(control.len() > 15, "{control:?}");
    assert_eq!(filled("/a/{id}/b/{other}", "x"), "/a/x/b/x");
}
