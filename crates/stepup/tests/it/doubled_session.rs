//! One session's cookie set twice in a browser, after its path, domain or life was changed: the newer one counts, and one of
//! them stays.

use std::time::Duration;

use http::HeaderValue;
use serde_json::json;
use stepup::{AccessTokenRequest, Client, ClientBuilder, CookieOptions, Format, SessionState};

use crate::{
    step_up::{cookie_of, cookie_since},
    support::{Answer, Hands, NOW, SECRET, Script, SetCookie, builder, cookies},
};

/// A browser at `https://app.example.com/shop`: a cookie is its name, domain and path (RFC 6265 section 5.3).
#[derive(Clone, Default)]
struct Browser(Vec<Cookie>);

#[derive(Clone)]
struct Cookie {
    name: String,
    domain: Option<String>,
    path: String,
    value: String,
}

impl Browser {
    fn take(&mut self, headers: &[HeaderValue]) {
        for header in headers {
            let SetCookie { name, value, attributes } = SetCookie::read(header);
            let attribute = |wanted: &str| attributes.iter().find_map(|one| one.strip_prefix(wanted));
            let domain = attribute("Domain=").map(str::to_owned);
            let path = attribute("Path=").unwrap().to_owned();
            self.0.retain(|held| (&held.name, &held.domain, &held.path) != (&name, &domain, &path));
            if attribute("Max-Age=") != Some("0") {
                self.0.push(Cookie { name, domain, path, value });
            }
        }
    }

    /// Longer paths first, then those that were set first (section 5.4).
    fn open(&self, client: &Client) -> SessionState {
        let mut sent = self.0.clone();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs = sent.iter().map(|Cookie { name, value, .. }| format!("{name}={value}"));
        let line = pairs.collect::<Vec<_>>().join("; ");
        client.open_session(&cookies(&line))
    }

    fn write(&mut self, client: &Client, state: &SessionState) {
        self.take(&client.write_session(state).unwrap());
    }
}

fn at(path: &str, domain: Option<&str>) -> CookieOptions {
    CookieOptions {
        path: Some(path.to_owned()),
        domain: domain.map(str::to_owned),
        ..CookieOptions::default()
    }
}

/// What is changed from one release to the next: the cookie's path, its domain, or both.
const CHANGES: [[(&str, Option<&str>); 2]; 5] = [
    [("/", None), ("/shop", None)],
    [("/shop", None), ("/", None)],
    [("/", Some("example.com")), ("/shop", None)],
    [("/shop", None), ("/shop", Some("app.example.com"))],
    [("/shop/", None), ("/shop", None)],
];

/// The newer release, and a browser with a session as both wrote it, an hour apart: the newer one after a refresh.
async fn doubled(
    change: [(&str, Option<&str>); 2],
    options: impl Fn(ClientBuilder) -> ClientBuilder,
) -> (Client, Browser) {
    let (script, clock) = (Script::new(), Hands::at(NOW));
    let [before, after] = change.map(|(path, domain)| {
        let client = builder(&script, &clock).secret(SECRET).base_path("/shop");
        options(client.session_cookie(at(path, domain))).build().unwrap()
    });
    let mut browser = Browser::default();
    let mut state = before.open_session(&cookies(&cookie_of("auth0|ada")));
    state.session_mut().unwrap().set_data("cart", json!("old"));
    browser.write(&before, &state);

    clock.advance(Duration::from_secs(3600));
    let mut state = browser.open(&after);
    script.answer(Answer::Json(
        200,
        json!({ "access_token": "at-2", "refresh_token": "rt-2", "token_type": "Bearer", "expires_in": 600 }),
    ));
    let session = state.session_mut().unwrap();
    after.access_token(session, &AccessTokenRequest::new()).await.unwrap();
    session.set_data("cart", json!("new"));
    browser.write(&after, &state);
    assert_eq!(browser.0.len(), 2);
    (after, browser)
}

#[tokio::test]
async fn the_one_written_last_counts_wherever_it_stands() {
    type Options = fn(ClientBuilder) -> ClientBuilder;
    let forms: [Options; 4] = [
        |client| client,
        |client| client.rolling(false),
        |client| client.format(Format::NextjsAuth0).also_read(Format::Stepup),
        |client| client.format(Format::Auth0ServerPython).also_read(Format::Stepup),
    ];
    for (number, options) in forms.into_iter().enumerate() {
        for change in CHANGES {
            let (client, browser) = doubled(change, options).await;
            let state = browser.open(&client);
            let held = state.session().unwrap().token_sets().next().unwrap().access_token();
            assert_eq!(held, "at-2", "{number} {change:?}");
        }
    }
}

#[tokio::test]
async fn what_changed_without_the_tenant_counts_too() {
    let clock = Hands::at(NOW);
    let client = builder(&Script::new(), &clock).secret(SECRET).build().unwrap();
    let mut state = client.open_session(&cookies(&cookie_of("auth0|ada")));
    let mut written = |cart: &str| {
        state.session_mut().unwrap().set_data("cart", json!(cart));
        let cookie = SetCookie::read(&client.write_session(&state).unwrap()[0]);
        clock.advance(Duration::from_secs(3600));
        format!("{}={}", cookie.name, cookie.value)
    };
    let (old, new) = (written("old"), written("new"));
    for line in [format!("{new}; {old}"), format!("{old}; {new}")] {
        let state = client.open_session(&cookies(&line));
        assert_eq!(state.session().unwrap().data("cart"), Some(&json!("new")));
    }
}

#[tokio::test]
async fn a_session_of_the_newest_secret_counts_before_one_of_an_older() {
    let clock = Hands::at(NOW);
    let client = |secrets: &[&str]| {
        let client = builder(&Script::new(), &clock).inactivity_duration(Duration::from_secs(7200));
        secrets.iter().fold(client, |client, secret| client.secret(*secret)).build().unwrap()
    };
    let old = cookie_of("auth0|ada");
    let both = client(&["a newer secret of thirty-two bytes or more", SECRET]);
    let written = both.write_session(&both.open_session(&cookies(&old))).unwrap();
    let SetCookie { name, value, .. } = SetCookie::read(&written[0]);
    for line in [format!("{old}; {name}={value}"), format!("{name}={value}; {old}")] {
        assert!(both.write_session(&both.open_session(&cookies(&line))).unwrap().is_empty(), "{line}");
    }
}

#[tokio::test]
async fn a_logout_leaves_neither() {
    for change in CHANGES {
        let (client, mut browser) = doubled(change, |client| client).await;
        let mut state = browser.open(&client);
        state.remove();
        browser.write(&client, &state);
        assert!(browser.0.is_empty(), "{change:?}");
    }
}

#[test]
fn a_logout_reaches_the_only_one_however_it_was_set() {
    for format in Format::ALL {
        for change in CHANGES {
            let clock = Hands::at(NOW);
            let [before, after] = change.map(|(path, domain)| {
                let client = builder(&Script::new(), &clock).secret(SECRET).base_path("/shop");
                let client = client.format(format).also_read(Format::Stepup);
                client.session_cookie(at(path, domain)).build().unwrap()
            });
            let mut browser = Browser::default();
            let mut state = before.open_session(&cookies(&cookie_of("auth0|ada")));
            state.session_mut().unwrap().set_data("cart", json!("old"));
            browser.write(&before, &state);

            let mut state = browser.open(&after);
            assert!(state.session().is_some(), "{format:?} {change:?}");
            state.remove();
            browser.write(&after, &state);
            assert!(browser.0.is_empty(), "{format:?} {change:?}");
        }
    }
}

#[tokio::test]
async fn what_is_written_stays_alone() {
    for change in CHANGES {
        let (client, mut browser) = doubled(change, |client| client).await;
        let mut state = browser.open(&client);
        state.session_mut().unwrap().set_data("cart", json!("newest"));
        browser.write(&client, &state);
        assert_eq!(browser.0.len(), 1, "{change:?}");
        let state = browser.open(&client);
        assert_eq!(state.session().unwrap().data("cart"), Some(&json!("newest")), "{change:?}");
        assert!(client.write_session(&state).unwrap().is_empty(), "{change:?}");
    }
}

#[test]
fn a_neighbour_of_the_same_cookie_name_is_left_alone() {
    let client = builder(&Script::new(), &Hands::at(NOW)).secret(SECRET).base_path("/shop").build().unwrap();
    let ours = cookie_of("auth0|ada");
    for neighbours in ["__session=theirs", "__session__0=theirs; __session__1=theirs"] {
        for line in [neighbours.to_owned(), format!("{ours}; {neighbours}"), format!("{neighbours}; {ours}")]
        {
            let mut state = client.open_session(&cookies(&line));
            state.remove();
            for deleted in client.write_session(&state).unwrap().iter().map(SetCookie::read) {
                assert_eq!(deleted.attributes[0], "Path=/shop", "{line}: {}", deleted.name);
            }
        }
    }
}

/// Another host below the same domain may set any number of them.
#[test]
fn what_a_logout_deletes_fits_into_an_answer() {
    let client = builder(&Script::new(), &Hands::at(NOW)).secret(SECRET).build().unwrap();
    let others = (0..200).map(|number| format!("; __session__{number}=x")).collect::<String>();
    for line in [cookie_of("auth0|ada") + &others, others[2..].to_owned()] {
        let mut state = client.open_session(&cookies(&line));
        state.remove();
        let bytes: usize = client.write_session(&state).unwrap().iter().map(|line| line.len() + 14).sum();
        assert!(bytes < 4096, "{bytes}");
    }
}

/// RFC 6265bis section 4.1.3.2: no other host can set such a cookie.
#[test]
fn a_cookie_of_this_host_alone_counts_before_a_later_login_in_another() {
    let clock = Hands::at(NOW);
    let client = builder(&Script::new(), &clock).secret(SECRET).also_read(Format::NextjsAuth0);
    let own =
        CookieOptions { name: Some("__Host-sid".to_owned()), secure: Some(true), ..CookieOptions::default() };
    let client = client.session_cookie(own).build().unwrap();
    let mine = cookie_of("auth0|ada").replacen("__session", "__Host-sid", 1);
    let theirs = cookie_since("auth0|mallory", NOW);
    for line in [format!("{mine}; {theirs}"), format!("{theirs}; {mine}")] {
        assert_eq!(client.open_session(&cookies(&line)).session().unwrap().subject(), "auth0|ada");
    }
}
