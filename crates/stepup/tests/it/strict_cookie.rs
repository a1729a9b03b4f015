//! A session cookie that is `SameSite=Strict`: browsers that the tenant sends back leave it behind at first.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;
use stepup::{Client, ClientBuilder, CookieOptions, SameSite};
use url::Url;

use crate::support::{
    Answer, Hands, ISSUER, Jar, NOW, SECRET, Script, builder, get, handle, json_of, set_cookies,
};

struct Browser {
    script: Script,
    client: Client,
    jar: Jar,
}

impl Browser {
    fn new(same_site: SameSite, set_up: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let (script, clock) = (Script::new(), Hands::at(NOW));
        let cookie = CookieOptions { same_site: Some(same_site), ..CookieOptions::default() };
        let client = set_up(builder(&script, &clock).secret(SECRET).session_cookie(cookie)).build().unwrap();
        Self { script, client, jar: Jar::default() }
    }

    /// A request that a page of `site` sends the browser to. Where that is another site, the session stays behind.
    async fn get(&mut self, path: &str, site: Option<&'static str>) -> Response<Bytes> {
        let cross_site = site == Some("cross-site");
        let line = self.jar.line();
        let sent: Vec<_> =
            line.split("; ").filter(|pair| !cross_site || !pair.starts_with("__session")).collect();
        let mut request = get(path, &sent.join("; "));
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/html"));
        if let Some(site) = site {
            request.headers_mut().insert("sec-fetch-site", HeaderValue::from_static(site));
        }
        let response = handle(&self.client, request).await;
        self.jar.take(response.headers());
        response
    }

    /// Off to the tenant, where `user` logs in: the callback's address.
    async fn leave(&mut self, path: &str, user: &str) -> String {
        let away = self.get(path, Some("same-origin")).await;
        let away = Url::parse(away.headers()[header::LOCATION].to_str().unwrap()).unwrap();
        let one = |wanted: &str| away.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
        let id_token =
            self.script.sign(&json!({ "iss": ISSUER, "aud": "client-1", "sub": format!("auth0|{user}"),
                                                 "nonce": one("nonce"), "iat": NOW, "exp": NOW + 600 }));
        let tokens =
            json!({ "access_token": "at", "id_token": id_token, "token_type": "Bearer", "expires_in": 3600 });
        self.script.answer(Answer::Json(200, tokens));
        let callback = Url::parse(&one("redirect_uri")).unwrap();
        format!("{}?code=c%22%3C&state={}", callback.path(), one("state"))
    }
}

/// Where the page leads at once, which must be where its link leads too.
fn way_on(page: &Response<Bytes>) -> String {
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(set_cookies(page.headers()), []);
    let headers = page.headers();
    assert!(headers[header::CACHE_CONTROL].to_str().unwrap().contains("no-store"));
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'nonce-") && !policy.contains("script-src"),
        "{policy}"
    );
    assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
    let html = std::str::from_utf8(page.body()).unwrap();
    assert!(!html.contains("<script"), "{html}");
    let (_, rest) = html.split_once("<meta http-equiv=\"refresh\" content=\"0;url=").unwrap();
    let address = rest.split('"').next().unwrap();
    assert!(html.contains(&format!("<a href=\"{address}\">Continue</a>")), "{html}");
    address.replace("&#38;", "&")
}

#[tokio::test]
async fn the_way_back_takes_one_more_step_and_then_brings_everything() {
    let mut browser = Browser::new(SameSite::Strict, |client| client);
    let callback = browser.leave("/auth/login?returnTo=/transfer", "ada").await;
    let page = browser.get(&callback, Some("cross-site")).await;
    assert_eq!(way_on(&page), callback);
    assert!(browser.script.requests().is_empty(), "nothing is spent");
    let back = browser.get(&callback, Some("same-origin")).await;
    assert_eq!(back.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(back.headers()[header::LOCATION], "https://app.example.com/transfer");
    assert_eq!(json_of(&browser.get("/auth/profile", Some("same-origin")).await)["sub"], "auth0|ada");

    // Whoever is logged in is known again, in a pop-up too.
    for step_up in ["/auth/login?stepUp=true", "/auth/login?challengeMode=popup"] {
        let callback = browser.leave(step_up, "grace").await;
        let page = browser.get(&callback, Some("cross-site")).await;
        let refused = browser.get(&way_on(&page), Some("same-origin")).await;
        let html = std::str::from_utf8(refused.body()).unwrap();
        assert!(html.contains("You logged in as"), "{html}");
        assert_eq!(json_of(&browser.get("/auth/profile", Some("same-origin")).await)["sub"], "auth0|ada");
    }
}

#[tokio::test]
async fn the_step_is_below_the_applications_address_and_its_base_path() {
    let mut browser = Browser::new(SameSite::Strict, |client| client.base_path("/shop"));
    let callback = browser.leave("/shop/auth/login", "ada").await;
    assert!(callback.starts_with("/shop/auth/callback?"), "{callback}");
    let page = browser.get(&callback, Some("cross-site")).await;
    assert_eq!(way_on(&page), callback);
}

#[tokio::test]
async fn it_is_for_strict_cookies_and_other_sites_alone() {
    for (same_site, site) in [
        (SameSite::Lax, Some("cross-site")),
        (SameSite::Strict, Some("same-site")),
        (SameSite::Strict, Some("none")),
        (SameSite::Strict, None),
    ] {
        let mut browser = Browser::new(same_site, |client| client);
        let callback = browser.leave("/auth/login", "ada").await;
        let back = browser.get(&callback, site).await;
        assert_eq!(back.status(), StatusCode::TEMPORARY_REDIRECT, "{same_site:?} {site:?}");
    }
}
