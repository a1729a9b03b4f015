//! A browser with scripts off in front of the pages: it reads forms, fills them in and follows redirects.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use stepup::{AccessTokenRequest, Detour, KeptForm, SessionState};

use crate::{
    house::House,
    support::{Jar, cookies, handle},
};

pub(super) const HERE: &str = "http://localhost:3000";

pub(super) struct Visitor<'h> {
    pub(super) house: &'h House,
    pub(super) jar: Jar,
    pub(super) language: &'static str,
    pub(super) address: String,
    pub(super) status: StatusCode,
    pub(super) html: String,
}

impl<'h> Visitor<'h> {
    /// Ada, logged in.
    pub(super) async fn ada(house: &'h House) -> Self {
        let mut jar = Jar::default();
        jar.take_line(&house.log_in_with_cookies().await);
        Self {
            house,
            jar,
            language: "en",
            address: String::new(),
            status: StatusCode::OK,
            html: String::new(),
        }
    }

    pub(super) fn session(&self) -> SessionState {
        self.house.client.open_session(&cookies(&self.jar.line()))
    }

    /// Asks for a token that needs a second factor, and goes on the detour for it.
    pub(super) async fn begin(&mut self, wanted: &AccessTokenRequest, form: Option<&str>) {
        let mut state = self.session();
        let due = self.house.due_for(&mut state, wanted).await;
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static(HERE));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let form =
            form.map(|body| KeptForm::of(&"/transfer".parse().unwrap(), &headers, body.as_bytes()).unwrap());
        let detour = Detour { return_to: "/balance?of=ada".to_owned(), form };
        let answer = self.house.client.detour(&state, &headers, &due, detour).unwrap();
        for cookie in self.house.client.write_session(&state).unwrap() {
            let mut headers = HeaderMap::new();
            headers.insert(header::SET_COOKIE, cookie);
            self.jar.take(&headers);
        }
        self.arrive(answer).await;
    }

    /// The same, up to the first page.
    pub(super) async fn begin_later(&mut self, wanted: &AccessTokenRequest) {
        let mut state = self.session();
        let due = self.house.due_for(&mut state, wanted).await;
        let detour = Detour { return_to: "/".to_owned(), form: None };
        let answer = self.house.client.detour(&state, &HeaderMap::new(), &due, detour).unwrap();
        self.jar.take(answer.headers());
        answer.headers()[header::LOCATION].to_str().unwrap().clone_into(&mut self.address);
    }

    /// Goes to one's own authenticators, over the tenant's log-in, where nothing is asked for a second time.
    pub(super) async fn manage(&mut self) {
        self.log_in("/auth/mfa/manage").await;
    }

    /// Opens what leads to the tenant's log-in, and comes back from there.
    pub(super) async fn log_in(&mut self, path: &str) {
        let answer = self.send(Method::GET, path, HeaderMap::new(), String::new()).await;
        self.jar.take(answer.headers());
        let tenant = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
        let back = self.house.through_the_tenant(&tenant).await;
        let answer = self.send(Method::GET, &back, HeaderMap::new(), String::new()).await;
        self.arrive(answer).await;
    }

    pub(super) async fn get(&mut self, path: &str) {
        let answer = self.send(Method::GET, path, HeaderMap::new(), String::new()).await;
        self.address = path.to_owned();
        self.arrive(answer).await;
    }

    /// Presses the button of that action, after filling in its form.
    pub(super) async fn press(&mut self, action: &str, fields: &[(&str, &str)]) {
        let answer = self.submit(action, fields).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "post, redirect, get");
        self.arrive(answer).await;
    }

    /// The answer to the form, before it is followed.
    pub(super) async fn submit(&mut self, action: &str, fields: &[(&str, &str)]) -> Response<Bytes> {
        let (address, body) = self.filled_in(action, fields);
        let answer = self.send(Method::POST, &address, own_page(), body).await;
        self.jar.take(answer.headers());
        answer
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: String,
    ) -> Response<Bytes> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost:3000")
            .header(header::ACCEPT_LANGUAGE, self.language)
            .header(header::COOKIE, self.jar.line())
            .body(Bytes::from(body))
            .unwrap();
        request.headers_mut().extend(headers);
        handle(&self.house.client, request).await
    }

    /// Follows redirects within the SDK's pages.
    async fn arrive(&mut self, mut answer: Response<Bytes>) {
        loop {
            self.jar.take(answer.headers());
            self.status = answer.status();
            self.html = String::from_utf8(answer.body().to_vec()).unwrap();
            let Some(location) = answer.headers().get(header::LOCATION) else { return };
            self.address = location.to_str().unwrap().to_owned();
            if !self.address.contains("/auth/mfa") {
                return;
            }
            answer = self.send(Method::GET, &self.address, HeaderMap::new(), String::new()).await;
        }
    }

    /// The form with that button, and what is in it or is typed.
    fn filled_in(&self, action: &str, fields: &[(&str, &str)]) -> (String, String) {
        let button = format!("name=\"action\" value=\"{action}\"");
        let matching = |form: &&str| {
            form.contains(&button)
                && fields.iter().all(|(name, value)| {
                    let hidden = format!("name=\"{name}\" value=\"{value}\"");
                    !form.contains(&format!("type=\"hidden\" name=\"{name}\"")) || form.contains(&hidden)
                })
        };
        let form = self.html.split("<form ").skip(1).find(matching);
        let form = form.unwrap_or_else(|| panic!("no form with {action} {fields:?} in\n{}", self.html));
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("action", action).extend_pairs(fields);
        let address = form.split("action=\"").nth(1).unwrap().split('"').next().unwrap();
        (address.replace("&#38;", "&"), body.finish())
    }

    pub(super) fn heading(&self) -> &str {
        let (_, rest) =
            self.html.split_once("<h1>").unwrap_or_else(|| panic!("no page: {} {}", self.address, self.html));
        rest.split("</h1>").next().unwrap()
    }

    pub(super) fn alert(&self) -> Option<&str> {
        let (_, alert) = self.html.split_once("role=\"alert\"")?;
        alert.split_once("<span>")?.1.split("</span>").next()
    }

    /// The value of the hidden field of the choice with that name.
    pub(super) fn choice(&self, name: &str) -> String {
        let (before, _) = self
            .html
            .split_once(&format!("<strong>{name}</strong>"))
            .unwrap_or_else(|| panic!("no {name} in {}", self.html));
        before.rsplit("value=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&")
    }

    pub(super) fn secret(&self, id: &str) -> String {
        let code =
            self.html.split(&format!("<code id=\"{id}\">")).nth(1).unwrap().split("</code>").next().unwrap();
        code.replace("<span>", "").replace("</span>", "")
    }

    pub(super) fn link(&self, start: &str) -> String {
        let (_, rest) = self.html.split_once(&format!("href=\"{start}")).unwrap();
        format!("{start}{}", rest.split('"').next().unwrap()).replace("&#38;", "&")
    }
}

pub(super) fn own_page() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::ORIGIN, HeaderValue::from_static(HERE));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers
}
