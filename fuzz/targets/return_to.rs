//! `returnTo` of a login, a logout: what is kept of it is a path of the application.

#![no_main]

use form_urlencoded::Serializer;
use http::header;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use stepup::Format;
use stepup_fuzz::{HERE, NOW, Tenant, answer, check_location, choose, client, request, sealer};
use stepup_seal::Purpose;
use url::Url;

fuzz_target!(|data: &[u8]| {
    let Some((encoded, data)) = choose(data, &[false, true]) else { return };
    let Ok(wish) = std::str::from_utf8(data) else { return };
    let query = if encoded {
        format!("returnTo={wish}")
    } else {
        Serializer::new(String::new()).append_pair("returnTo", wish).finish()
    };
    let client = client(Format::Stepup, Tenant::default());
    for path in ["/auth/login", "/auth/logout"] {
        let Some(request) = request("GET", &format!("{path}?{query}"), b"", b"") else { return };
        let response = answer(&client, request).expect("one of the routes");
        check_location(response.headers());
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("cookies are ASCII");
            if cookie.starts_with("__txn_") {
                check_kept(cookie);
            }
        }
    }
});

/// Where the browser goes after the login, as a browser reads it.
fn check_kept(cookie: &str) {
    let value = cookie.split([';', '=']).nth(1).expect("a value");
    let sealed =
        value.split_once(':').or_else(|| value.split_once("%3A")).expect("its time stands before it").1;
    let opened = sealer(Format::Stepup).open::<Map<String, Value>>(Purpose::Transaction, "", sealed, NOW);
    let kept = opened.expect("a transaction").payload["returnTo"].as_str().expect("a path").to_owned();
    let base = Url::parse(HERE).expect("an address");
    assert!(kept.starts_with('/') && !kept[1..].starts_with(['/', '\\']), "{kept:?}");
    assert!(!kept.contains(char::is_control), "{kept:?}");
    assert_eq!(base.join(&kept).expect("an address").origin(), base.origin(), "{kept:?}");
}
