//! What every page has around it, and the headers that it goes out with.

use askama::Template;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use stepup_seal::token;
use url::Url;

use super::{Language, Texts, assets::Asset};
use crate::{client::Client, web::answer};

const NONCE_BYTES: usize = 16;

/// What every page has around it. A template of your own needs `language` for `<html lang>`, and `nonce` for each
/// `<script>` and `<style>` that stands in the page itself: the policy of the answer lets no other run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Frame<'a> {
    /// What the pages say, in the visitor's language.
    pub texts: &'a Texts,
    /// The language, as `<html lang>` wants it.
    pub language: Language,
    /// What the application is called; stands in every title.
    pub application: &'a str,
    /// For `nonce=""`, another one in each answer.
    pub nonce: String,
    /// The addresses of the style sheets, ours first.
    pub style_sheets: Vec<String>,
    /// Overrides of the style sheet's variables, as CSS.
    pub variables: &'a str,
    /// The address of the script that helps where scripts are on.
    pub script: String,
    /// The address of the icon.
    pub icon: String,
}

/// A way on: where it leads and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// A path of the application.
    pub href: String,
    /// What stands on it.
    pub text: String,
}

/// How a page goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forms {
    /// Its forms lead to these pages, and from there to the tenant at most.
    Ours,
    /// Its form leads to the application, which may send the browser anywhere.
    Anywhere,
}

impl<'a> Frame<'a> {
    /// The frame for the visitor who sent `headers` and `asked` for a language.
    pub(crate) fn of(
        client: &'a Client,
        base: &'a Url,
        headers: &HeaderMap,
        asked: Option<Language>,
    ) -> Self {
        let options = &client.config().pages;
        let language = options.language_for(headers, asked);
        let asset = |asset: Asset| client.pages_path(base, &asset.page());
        Self {
            texts: options.texts_in(language),
            language,
            application: options.application().unwrap_or_else(|| base.host_str().unwrap_or_default()),
            nonce: token(client.random(), NONCE_BYTES),
            style_sheets: std::iter::once(asset(Asset::Style))
                .chain(options.style_sheets().cloned())
                .collect(),
            variables: options.variables(),
            script: asset(Asset::Script),
            icon: asset(Asset::Icon),
        }
    }

    pub(crate) fn link(href: impl Into<String>, text: &str) -> Link {
        Link { href: href.into(), text: text.to_owned() }
    }
}

impl Client {
    /// One of the ready-made pages.
    pub(crate) fn page(
        &self,
        status: StatusCode,
        frame: &Frame<'_>,
        forms: Forms,
        html: String,
    ) -> Response<Bytes> {
        // `same-origin` and not `no-referrer`, with which browsers send `Origin: null` along with our own forms.
        page(status, html, &self.policy(frame, forms), "same-origin", "accept-language, cookie")
    }

    /// Content Security Policy Level 3. Browsers hold `form-action` against every redirect after a form too, and what is
    /// behind one of ours may send the visitor to the tenant.
    fn policy(&self, frame: &Frame<'_>, forms: Forms) -> String {
        let nonce = &frame.nonce;
        let styles = self.config().pages.style_origins();
        let mut policy = format!(
            "default-src 'none'; style-src 'self' 'nonce-{nonce}'{styles}; script-src 'self' 'nonce-{nonce}'; \
             connect-src 'self'; img-src 'self' data:; font-src 'self'; frame-ancestors 'none'; base-uri 'none'"
        );
        if forms == Forms::Ours {
            policy.push_str("; form-action 'self' ");
            policy.push_str(self.issuer().trim_end_matches('/'));
        }
        policy
    }
}

/// A page of HTML: no other site may frame it, no cache keep it. `policy` is its Content Security Policy.
pub(crate) fn page(
    status: StatusCode,
    html: String,
    policy: &str,
    referrer: &'static str,
    vary: &'static str,
) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(referrer));
    headers.insert(header::VARY, HeaderValue::from_static(vary));
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    answer::private(response)
}

/// A template writes to a `String` and calls nothing that fails, so it always comes out.
#[expect(
    clippy::expect_used,
    reason = "the templates call no fallible code, and writing to a String cannot fail"
)]
pub(crate) fn render(page: &impl Template) -> String {
    page.render().expect("a page renders")
}
