//! Forms: one that is kept comes back field by field; those of the ready-made pages, one a line, lead from page to page
//! and nowhere else, and what was typed is never markup.

#![no_main]

use http::{HeaderMap, HeaderValue, Uri, header};
use libfuzzer_sys::fuzz_target;
use stepup::{AccessTokenError, AccessTokenRequest, Client, Detour, Format, KeptForm, MAX_FORM_BYTES};
use stepup_fuzz::{
    RAW_MFA_TOKEN, Tenant, answer, check_location, choose, client, cookies, jar, location, request, visitor,
    wait,
};

const FORM: &str = "application/x-www-form-urlencoded";
const MARK: &str = "<fuzz";

fuzz_target!(|data: &[u8]| {
    match choose(data, &["kept", "pages"]) {
        Some(("kept", body)) => kept(body),
        Some((_, lines)) => pages(lines),
        None => {}
    }
});

fn form_headers() -> HeaderMap {
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static(FORM)),
        (header::ORIGIN, HeaderValue::from_static(stepup_fuzz::HERE)),
    ])
}

fn keep(body: &[u8]) -> Option<KeptForm> {
    KeptForm::of(&Uri::from_static("/transfer?from=1"), &form_headers(), body).ok()
}

fn fields(form: &KeptForm) -> Vec<(String, String)> {
    form.fields().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn kept(body: &[u8]) {
    let Some(form) = keep(body) else { return };
    assert!(body.len() <= MAX_FORM_BYTES);
    let sent = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields(&form)).finish();
    // What a browser sends of it may be longer, where it was not encoded.
    if sent.len() <= MAX_FORM_BYTES {
        let again = keep(sent.as_bytes()).expect("what is kept can be sent again");
        assert_eq!(fields(&again), fields(&form));
    }
}

fn pages(lines: &[u8]) {
    let client = client(Format::Stepup, Tenant::asks_for_a_second_factor());
    let (mut held, mut address) = begin(&client);
    for body in lines.split(|byte| *byte == b'\n').take(8) {
        let mut form = request("POST", &address, held.as_bytes(), body).expect("a request");
        form.headers_mut().extend(form_headers());
        let response = answer(&client, form).expect("one of the routes");
        assert!(!response.status().is_server_error(), "{}", response.status());
        check_location(response.headers());
        held = jar(&held, response.headers());
        let Some(next) = location(response.headers()) else { return };
        let next = next[url::Position::BeforePath..].to_owned();
        let Some(page) = request("GET", &next, held.as_bytes(), b"").and_then(|page| answer(&client, page))
        else {
            return;
        };
        assert!(!page.status().is_server_error(), "{}", page.status());
        check_location(page.headers());
        let html = std::str::from_utf8(page.body()).expect("pages are UTF-8");
        assert!(!html.contains(MARK), "what was typed is markup");
        assert!(!html.contains(RAW_MFA_TOKEN), "the raw token is in the page");
        held = jar(&held, page.headers());
        address = next;
    }
}

/// Ada on the first page of a step-up: her cookies, and its address.
fn begin(client: &Client) -> (String, String) {
    let held = visitor(Format::Stepup);
    let mut state = client.open_session(&cookies(held.as_bytes()).expect("cookies are ASCII"));
    let session = state.session_mut().expect("her session");
    let refused = wait(client.access_token(session, &AccessTokenRequest::new()));
    let Err(AccessTokenError::MfaRequired(due)) = refused else {
        panic!("a second factor is due: {refused:?}")
    };
    let detour = Detour { return_to: "/balance".to_owned(), form: None };
    let response = client.detour(&state, &HeaderMap::new(), &due, detour).expect("a detour");
    let address = location(response.headers()).expect("a page")[url::Position::BeforePath..].to_owned();
    let held = jar(&held, response.headers());
    let page =
        request("GET", &address, held.as_bytes(), b"").and_then(|page| answer(client, page)).expect("a page");
    (jar(&held, page.headers()), address)
}
