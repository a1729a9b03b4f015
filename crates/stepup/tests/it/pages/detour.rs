//! A detour from its beginning to its end: what is kept, where it leads, and what is refused.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header};
use serde_json::{Value, json};
use stepup::{Client, Detour, DetourError, Format, KeptForm, SessionState, pages::PageOptions};
use stepup_protocol::time::UnixTime;
use stepup_seal::{Purpose, Sealer, Secrets};

use crate::support::{Counting, Hands, Jar, NOW, SECRET, Script, builder, cookies, get, handle, set_cookies};

const FIELDS: &str = "to=bob&note=a%0D%0Ab+%3C%22%26%27%3E+%C3%BC&to=&submit=x";

fn client(clock: &Hands) -> Client {
    builder(&Script::new(), clock).secret(SECRET).build().unwrap()
}

/// A user who logged in some time ago.
fn session_of(client: &Client, subject: &str) -> (SessionState, String) {
    session_with(client, &json!({ "sub": subject, "auth_time": NOW - 100 }))
}

fn session_with(client: &Client, claims: &Value) -> (SessionState, String) {
    let payload = json!({
        "user": claims,
        "tokenSet": { "accessToken": "at-1", "expiresAt": NOW + 9999 },
        "internal": { "sid": "s1", "createdAt": NOW - 100 },
    });
    let sealer = Sealer::new(&Secrets::new([SECRET.into()]).unwrap(), Format::Stepup);
    let end = UnixTime::from_seconds(NOW + 86_400);
    let line =
        format!("__session={}", sealer.seal(Purpose::Session, "", &payload, end, &Counting::default()));
    (client.open_session(&cookies(&line)), line)
}

fn from(origin: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers
}

fn form() -> KeptForm {
    let uri = Uri::from_static("/transfer?from=1");
    KeptForm::of(&uri, &from("https://app.example.com"), FIELDS.as_bytes()).unwrap()
}

/// A detour over the tenant's log-in, with a form: its answer, and what the browser holds then.
fn begun(client: &Client, subject: &str) -> (Response<Bytes>, Jar, String) {
    let (session, line) = session_of(client, subject);
    let detour = Detour { return_to: "/transfer".to_owned(), form: Some(form()) };
    let login = [("max_age", "300")];
    let answer = client.detour_by_login(&session, &from("https://app.example.com"), &login, detour).unwrap();
    let mut jar = Jar::default();
    jar.take(answer.headers());
    (answer, jar, line)
}

fn location(response: &Response<Bytes>) -> String {
    response.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

fn id_of(jar: &Jar) -> String {
    jar.names().into_iter().find_map(|name| name.strip_prefix("__mfa_")).unwrap().to_owned()
}

async fn resume(client: &Client, jar: &Jar, session: &str, id: &str) -> Response<Bytes> {
    let line = format!("{}; {session}", jar.line());
    handle(client, get(&format!("/auth/mfa/d/{id}/resume"), &line)).await
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

#[tokio::test]
async fn a_form_comes_back_field_by_field_and_once() {
    let client = client(&Hands::at(NOW));
    let (answer, mut jar, session) = begun(&client, "auth0|ada");
    let id = id_of(&jar);
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        location(&answer),
        format!("/auth/login?returnTo=%2Fauth%2Fmfa%2Fd%2F{id}%2Fresume&max_age=300&stepUp=true")
    );
    for cookie in set_cookies(answer.headers()) {
        assert!(!cookie.value.contains("bob"), "{cookie:?}");
        for attribute in ["Secure", "HttpOnly", "SameSite=lax"] {
            assert!(cookie.attributes.contains(&attribute.to_owned()), "{cookie:?}");
        }
        let path = match &*cookie.name {
            "__mfa" => "Path=/".to_owned(),
            name if name.ends_with("_form") => format!("Path=/auth/mfa/d/{id}/resume"),
            _ => format!("Path=/auth/mfa/d/{id}"),
        };
        assert_eq!(cookie.attributes[0], path);
    }

    let page = resume(&client, &jar, &session, &id).await;
    assert_eq!(page.status(), StatusCode::OK);
    let html = text(&page);
    assert!(html.contains(r#"action="/transfer?from=1""#), "{html}");
    let hidden: Vec<&str> = html.lines().filter(|line| line.contains("type=\"hidden\"")).collect();
    assert_eq!(hidden.len(), 4, "{html}");
    assert!(html.contains("value=\"a\r\nb &#60;&#34;&#38;&#39;&#62; ü\""), "{html}");
    let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    let nonce = html.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(
        policy.contains(&format!("'nonce-{nonce}'")) && policy.starts_with("default-src 'none'"),
        "{policy}"
    );

    jar.take(page.headers());
    assert_eq!(jar.names(), ["__mfa-from"], "where the user was is all that is left");
    let again = resume(&client, &jar, &session, &id).await;
    assert_eq!(again.status(), StatusCode::GONE);
    assert!(text(&again).contains("This page is no longer open"));
}

#[tokio::test]
async fn without_a_form_the_browser_goes_back() {
    let client = client(&Hands::at(NOW));
    let (session, line) = session_of(&client, "auth0|ada");
    let detour = Detour { return_to: "/reports?year=2026#top".to_owned(), form: None };
    let answer = client.detour_by_login(&session, &HeaderMap::new(), &[], detour).unwrap();
    let mut jar = Jar::default();
    jar.take(answer.headers());
    let back = resume(&client, &jar, &line, &id_of(&jar)).await;
    assert_eq!(
        (back.status(), location(&back)),
        (StatusCode::SEE_OTHER, "/reports?year=2026#top".to_owned())
    );
}

const SECOND_FACTOR: (&str, &str) =
    ("acr_values", "http://schemas.openid.net/pape/policies/2007/06/multi-factor");

/// A detour that asked the tenant for that at `NOW`, its form, and what the session knew `later` when it came back.
async fn came_back(asked: &[(&str, &str)], claims: &Value, later: i64) -> (Response<Bytes>, Response<Bytes>) {
    let clock = Hands::at(NOW);
    let client = client(&clock);
    let (before, _) = session_of(&client, "auth0|ada");
    let mut claims = claims.clone();
    claims["sub"] = "auth0|ada".into();
    let come = async |form: Option<KeptForm>| {
        clock.set(NOW);
        let detour = Detour { return_to: "/transfer".to_owned(), form };
        let own_page = from("https://app.example.com");
        let answer = client.detour_by_login(&before, &own_page, asked, detour).unwrap();
        let mut jar = Jar::default();
        jar.take(answer.headers());
        clock.set(NOW + later);
        let (_, line) = session_with(&client, &claims);
        resume(&client, &jar, &line, &id_of(&jar)).await
    };
    (come(Some(form())).await, come(None).await)
}

#[tokio::test]
async fn nothing_goes_on_before_what_was_asked_for_is_proved() {
    let recent = ("max_age", "300");
    let (both, mfa) = (&[SECOND_FACTOR, recent][..], &[SECOND_FACTOR][..]);
    for (asked, claims, later, is_proved) in [
        (&[][..], json!({}), 0, true),
        (&[("prompt", "consent")], json!({}), 0, true),
        // A second factor, whenever it was proved.
        (mfa, json!({}), 0, false),
        (mfa, json!({ "amr": ["pwd"], "auth_time": NOW }), 0, false),
        (mfa, json!({ "amr": ["mfa"] }), 0, true),
        (mfa, json!({ "amr": ["mfa"], "auth_time": NOW - 9000 }), 0, true),
        (mfa, json!({ "amr": ["mfa"], "auth_time": NOW + 31 }), 0, false),
        (
            &[("acr_values", "urn:a http://schemas.openid.net/pape/policies/2007/06/multi-factor")],
            json!({}),
            0,
            false,
        ),
        // A recent one.
        (both, json!({ "amr": ["mfa"], "auth_time": NOW - 300 }), 0, true),
        (both, json!({ "amr": ["mfa"], "auth_time": NOW - 301 }), 0, false),
        (both, json!({ "amr": ["mfa"] }), 0, false),
        (both, json!({ "auth_time": NOW }), 0, false),
        // The user took longer for the way back than it is good for.
        (both, json!({ "amr": ["mfa"], "auth_time": NOW + 10 }), 400, true),
        (both, json!({ "amr": ["mfa"], "auth_time": NOW - 31 }), 400, false),
        // A recent login.
        (&[recent], json!({}), 0, false),
        (&[recent], json!({ "auth_time": NOW - 300 }), 0, true),
        (&[recent], json!({ "auth_time": NOW - 301 }), 0, false),
        (&[recent], json!({ "auth_time": NOW + 10 }), 400, true),
        (&[("max_age", "0")], json!({ "auth_time": NOW - 31 }), 0, false),
        (&[("max_age", "0")], json!({ "auth_time": NOW }), 5, true),
        (&[("max_age", "soon")], json!({ "auth_time": NOW - 31 }), 0, false),
    ] {
        let (with_form, without) = came_back(asked, &claims, later).await;
        let expected = if is_proved {
            (StatusCode::OK, StatusCode::SEE_OTHER)
        } else {
            (StatusCode::FORBIDDEN, StatusCode::FORBIDDEN)
        };
        assert_eq!((with_form.status(), without.status()), expected, "{asked:?} {claims} {later}");
        assert_eq!(text(&with_form).contains("value=\"bob\""), is_proved, "{asked:?} {claims} {later}");
    }
}

#[tokio::test]
async fn what_is_not_proved_can_be_proved_again_in_the_same_detour() {
    let client = client(&Hands::at(NOW));
    let (session, line) = session_of(&client, "auth0|ada");
    let detour = Detour { return_to: "/transfer".to_owned(), form: Some(form()) };
    let asked = [SECOND_FACTOR, ("prompt", "login")];
    let answer = client.detour_by_login(&session, &from("https://app.example.com"), &asked, detour).unwrap();
    let login = location(&answer);
    let mut jar = Jar::default();
    jar.take(answer.headers());
    let id = id_of(&jar);
    let stopped = resume(&client, &jar, &line, &id).await;
    assert_eq!(stopped.status(), StatusCode::FORBIDDEN);
    assert!(set_cookies(stopped.headers()).iter().all(|cookie| !cookie.name.starts_with("__mfa_")));
    let html = text(&stopped);
    assert!(html.contains("<h1>This needs another confirmation</h1>"), "{html}");
    let again = format!("<a class=\"primary\" href=\"{}\">", login.replace('&', "&#38;"));
    assert!(html.contains(&again), "{again} in {html}");
    assert!(html.contains("<a href=\"/transfer\">"), "{html}");

    let (_, line) = session_with(&client, &json!({ "sub": "auth0|ada", "amr": ["mfa"] }));
    let sent = resume(&client, &jar, &line, &id).await;
    assert_eq!(sent.status(), StatusCode::OK);
    assert!(text(&sent).contains("value=\"bob\""), "the form was kept");
}

#[tokio::test]
async fn what_is_not_this_users_detour_is_none() {
    let clock = Hands::at(NOW);
    let client = client(&clock);
    let (_, jar, session) = begun(&client, "auth0|ada");
    let id = id_of(&jar);
    let (_, grace) = session_of(&client, "auth0|grace");
    assert_eq!(resume(&client, &jar, &grace, &id).await.status(), StatusCode::FORBIDDEN);
    let logged_out = resume(&client, &jar, "", &id).await;
    assert_eq!(logged_out.status(), StatusCode::UNAUTHORIZED);
    let login = format!("href=\"/auth/login?returnTo=%2Fauth%2Fmfa%2Fd%2F{id}\"");
    assert!(text(&logged_out).contains(&login), "{}", text(&logged_out));

    let (_, other, _) = begun(&client, "auth0|ada");
    let swapped = jar.line().replace(&id, &id_of(&other));
    let request = get(&format!("/auth/mfa/d/{}/resume", id_of(&other)), &format!("{swapped}; {session}"));
    assert_eq!(handle(&client, request).await.status(), StatusCode::GONE, "under another name");

    let mut tampered = jar.line();
    tampered.truncate(tampered.len() - 2);
    let request = get(&format!("/auth/mfa/d/{id}/resume"), &format!("{tampered}AA; {session}"));
    let answer = handle(&client, request).await;
    assert!(!text(&answer).contains("bob"), "the form was tampered with");
    for strange in ["", "..%2F..%2Fx", "0123456789abcde%22", &"a".repeat(5000)] {
        assert_eq!(
            resume(&client, &jar, &session, strange).await.status(),
            StatusCode::GONE,
            "{strange:.20}"
        );
    }
    clock.set(NOW + 3600);
    assert_eq!(resume(&client, &jar, &session, &id).await.status(), StatusCode::GONE, "too late");
}

#[test]
fn only_a_form_of_our_own_pages_is_kept() {
    let client = client(&Hands::at(NOW));
    let (session, _) = session_of(&client, "auth0|ada");
    let mut same_site = from("https://app.example.com");
    same_site.insert("sec-fetch-site", HeaderValue::from_static("same-site"));
    for headers in [HeaderMap::new(), from("https://evil.example"), from("null"), same_site] {
        let detour = Detour { return_to: "/".to_owned(), form: Some(form()) };
        let refused = client.detour_by_login(&session, &headers, &[], detour).unwrap_err();
        assert!(matches!(refused, DetourError::ForeignForm), "{headers:?}");
    }
    for elsewhere in ["https://evil.example/", "//evil.example", "\\\\evil.example"] {
        let detour = Detour { return_to: elsewhere.to_owned(), form: None };
        let refused = client.detour_by_login(&session, &HeaderMap::new(), &[], detour).unwrap_err();
        assert!(matches!(refused, DetourError::ReturnTo(_)), "{elsewhere}");
    }
}

/// What a browser sends along to the application, or to the page at the end of a detour.
fn line(jar: &Jar, session: &str, detour: Option<&str>) -> String {
    let all = jar.line();
    let goes = |pair: &&str| {
        let of = pair.strip_prefix("__mfa_");
        !pair.is_empty() && of.is_none_or(|of| detour.is_some_and(|id| of.starts_with(id)))
    };
    all.split("; ").filter(goes).chain([session]).collect::<Vec<_>>().join("; ")
}

/// Begins a detour from a page of the application, and leaves it there.
fn begin_beside(
    client: &Client,
    jar: &mut Jar,
    session: &str,
    form: Option<&str>,
) -> Result<String, DetourError> {
    let mut headers = from("https://app.example.com");
    headers.insert(header::COOKIE, line(jar, session, None).parse().unwrap());
    let form =
        form.map(|body| KeptForm::of(&Uri::from_static("/transfer"), &headers, body.as_bytes()).unwrap());
    let detour = Detour { return_to: "/transfer".to_owned(), form };
    let state = client.open_session(&headers);
    let answer = client.detour_by_login(&state, &headers, &[("max_age", "300")], detour)?;
    let mut alone = Jar::default();
    alone.take(answer.headers());
    jar.take(answer.headers());
    let login = location(&answer);
    Ok(login.split("%2Fd%2F").nth(1).unwrap().split('%').next().unwrap().to_owned())
}

#[tokio::test]
async fn the_oldest_of_many_detours_are_forgotten() {
    let clock = Hands::at(NOW);
    let client = client(&clock);
    let (_, session) = session_of(&client, "auth0|ada");
    let (mut jar, mut ids) = (Jar::default(), Vec::new());
    for second in 1..=6 {
        clock.set(NOW + second);
        ids.push(begin_beside(&client, &mut jar, &session, Some(FIELDS)).unwrap());
    }
    let held = |jar: &Jar, name: &str| jar.names().contains(&name);
    let kept: Vec<_> = ids.iter().filter(|id| held(&jar, &format!("__mfa_{id}"))).collect();
    assert_eq!(kept, [&ids[2], &ids[3], &ids[4], &ids[5]]);
    assert_eq!(jar.names().iter().filter(|name| name.ends_with("_form")).count(), 4, "{:?}", jar.names());

    let gone = resume(&client, &jar, &session, &ids[0]).await;
    assert_eq!(gone.status(), StatusCode::GONE);
    assert!(text(&gone).contains("several others were begun after it"), "{}", text(&gone));

    // One that came to its end makes room.
    let answer = resume(&client, &jar, &session, &ids[5]).await;
    jar.take(answer.headers());
    begin_beside(&client, &mut jar, &session, None).unwrap();
    assert!(held(&jar, &format!("__mfa_{}", ids[2])), "{:?}", jar.names());
}

/// They are deleted by a request that does not show them.
#[tokio::test]
async fn all_chunks_of_a_long_detour_are_forgotten_with_it() {
    let clock = Hands::at(NOW);
    let client = builder(&Script::new(), &clock).secret(SECRET).max_cookie_header(64 * 1024).build().unwrap();
    let (session, line) = session_of(&client, "auth0|ada");
    let (mut jar, long) = (Jar::default(), "a-".repeat(4500));
    let mut begin = |second: i64| {
        clock.set(NOW + second);
        let note = jar.line().split("; ").find(|pair| pair.starts_with("__mfa=")).map(str::to_owned);
        let headers = cookies(&[note.as_deref().unwrap_or("theme=dark"), &line].join("; "));
        let detour = Detour { return_to: "/transfer".to_owned(), form: None };
        let answer =
            client.detour_by_login(&session, &headers, &[("login_hint", long.as_str())], detour).unwrap();
        jar.take(answer.headers());
        let written = set_cookies(answer.headers());
        let names = written.into_iter().filter(|cookie| !cookie.value.is_empty() && cookie.name != "__mfa");
        names.map(|cookie| cookie.name).collect::<Vec<_>>()
    };
    let first = begin(0);
    assert_eq!(first.len(), 4, "{first:?}");
    (1..=4).for_each(|second| {
        begin(second);
    });
    assert!(jar.names().iter().all(|name| first.iter().all(|gone| gone != name)), "{:?}", jar.names());
}

#[tokio::test]
async fn a_form_is_not_forgotten_for_pages_that_are_only_looked_at() {
    let clock = Hands::at(NOW);
    let client = client(&clock);
    let (_, session) = session_of(&client, "auth0|ada");
    let mut jar = Jar::default();
    let id = begin_beside(&client, &mut jar, &session, Some(FIELDS)).unwrap();
    for second in 1..=6 {
        clock.set(NOW + second);
        begin_beside(&client, &mut jar, &session, None).unwrap();
    }
    let detours = jar.names().into_iter().filter(|name| name.starts_with("__mfa_")).count();
    assert_eq!(detours, 5, "four, and the form of one: {:?}", jar.names());
    assert!(jar.names().contains(&&*format!("__mfa_{id}_form")), "{:?}", jar.names());
}

#[tokio::test]
async fn each_request_has_room_for_its_detour_whatever_others_there_are() {
    let clock = Hands::at(NOW);
    let client = client(&clock);
    // A session as large as the bank's.
    let claims = json!({ "sub": "auth0|ada", "auth_time": NOW - 100, "about": "a".repeat(1800) });
    let (_, session) = session_with(&client, &claims);
    let form = format!("note={}", "x".repeat(1000));
    let (mut jar, mut ids) = (Jar::default(), Vec::new());
    for second in 1..=4 {
        clock.set(NOW + second);
        ids.push(begin_beside(&client, &mut jar, &session, Some(&form)).unwrap());
    }
    for id in ids {
        let line = line(&jar, &session, Some(&id));
        let bytes = "Cookie: ".len() + line.len();
        assert!(bytes <= 8190, "{bytes} bytes: {:?}", jar.names());
        let end = handle(&client, get(&format!("/auth/mfa/d/{id}/resume"), &line)).await;
        assert!(text(&end).contains("name=\"note\""), "{}", text(&end));
    }
}

#[test]
fn a_form_that_does_not_fit_beside_the_session_is_not_kept() {
    let client = client(&Hands::at(NOW));
    let (_, small) = session_of(&client, "auth0|ada");
    let claims = json!({ "sub": "auth0|ada", "auth_time": NOW - 100, "about": "a".repeat(1800) });
    let (_, large) = session_with(&client, &claims);
    let form = format!("note={}", "x".repeat(3995));
    let mut jar = Jar::default();
    let id = begin_beside(&client, &mut jar, &small, Some(&form)).unwrap();
    let line = line(&jar, &small, Some(&id));
    assert!(line.len() <= 8190, "{}", line.len());

    let refused = begin_beside(&client, &mut Jar::default(), &large, Some(&form)).unwrap_err();
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let DetourError::TooLarge { bytes, limit: 8190 } = refused else { panic!("{refused}") };
    assert!(bytes > 8190 + 500, "{bytes}");
    assert!(begin_beside(&client, &mut Jar::default(), &large, None).is_ok(), "without it there is room");
}

#[tokio::test]
async fn the_language_is_the_visitors_and_the_look_the_applications() {
    let options = PageOptions::new().application_name("Bank <of> Ada").variable("--accent", "#14553f");
    let client = builder(&Script::new(), &Hands::at(NOW))
        .secret(SECRET)
        .mfa_pages(options.style_sheet("/brand.css"))
        .build()
        .unwrap();
    let page = |language: &'static str, query: &str| {
        let mut request: Request<Bytes> = get(&format!("/auth/mfa/d/gone/resume{query}"), "");
        request.headers_mut().insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(language));
        handle(&client, request)
    };
    let german = page("de-CH,en;q=0.5", "").await;
    let html = text(&german);
    assert!(html.contains(r#"<html lang="de">"#) && html.contains("nicht mehr offen"), "{html}");
    assert!(html.contains("Bank &#60;of&#62; Ada") && html.contains(r#"href="/brand.css""#), "{html}");
    assert!(html.contains(":root{--accent:#14553f;}"), "{html}");
    assert!(text(&page("de", "?ui_locales=fr%20ja").await).contains(r#"<html lang="ja">"#));

    let style = html.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let sheet = handle(&client, get(style, "")).await;
    assert_eq!(sheet.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");

    let build = |options| builder(&Script::new(), &Hands::at(NOW)).secret(SECRET).mfa_pages(options).build();
    for (bad, problem) in [
        (PageOptions::new().variable("--ac cent", "red"), r#"is no name of a variable, as "--accent" is"#),
        (PageOptions::new().variable("--", "red"), r#"is no name of a variable, as "--accent" is"#),
        (
            PageOptions::new().variable("accent", "red;}body{display:none"),
            r"the value of --accent may not hold ; { } < > \ as",
        ),
        (PageOptions::new().style_sheet("http://x.example/a.css"), "is no path from the root"),
    ] {
        let refused = build(bad).unwrap_err().to_string();
        assert!(refused.contains("mfa_pages") && refused.contains(problem), "{refused}");
    }
    assert!(build(PageOptions::new().variable("accent", "red")).is_ok(), "the dashes may be left out");
}
