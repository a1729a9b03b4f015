//! How the ready-made pages look and speak, and who writes them.

use std::{fmt, sync::Arc};

use http::{HeaderMap, header};
use stepup_protocol::mfa::FactorType;
use url::Url;

use super::{
    Choose, Code, Contact, Delete, Factors, Keep, Language, Manage, NewApp, Notice, Push, Recovery, Resume,
    Texts,
};
use crate::detour::UI_LOCALES;

/// Writes the pages: each method gets what its page shows, checked and in the visitor's language, and returns a whole
/// HTML document. What is not overridden is the SDK's own page.
///
/// ```
/// use stepup::pages::{Notice, PageTemplates};
///
/// struct Bank;
///
/// impl PageTemplates for Bank {
///     fn notice(&self, page: &Notice<'_>) -> String {
///         // Escape in a template engine; these texts are the SDK's own.
///         format!("<!doctype html><title>{0}</title><h1>{0}</h1><p>{1}", page.heading, page.text)
///     }
/// }
/// ```
pub trait PageTemplates: Send + Sync {
    /// The user chooses among their authenticators.
    fn choose(&self, page: &Choose<'_>) -> String {
        page.html()
    }

    /// The user chooses what to add.
    fn factors(&self, page: &Factors<'_>) -> String {
        page.html()
    }

    /// The user types where codes are to be sent.
    fn contact(&self, page: &Contact<'_>) -> String {
        page.html()
    }

    /// The user enters a code.
    fn code(&self, page: &Code<'_>) -> String {
        page.html()
    }

    /// The user sets up an authenticator app.
    fn new_app(&self, page: &NewApp<'_>) -> String {
        page.html()
    }

    /// The user answers on the phone.
    fn push(&self, page: &Push<'_>) -> String {
        page.html()
    }

    /// The user enters the recovery code.
    fn recovery(&self, page: &Recovery<'_>) -> String {
        page.html()
    }

    /// The user keeps the new recovery code.
    fn keep(&self, page: &Keep<'_>) -> String {
        page.html()
    }

    /// The user sees their own authenticators.
    fn manage(&self, page: &Manage<'_>) -> String {
        page.html()
    }

    /// The user is asked before one is deleted.
    fn delete(&self, page: &Delete<'_>) -> String {
        page.html()
    }

    /// Something stops the visitor.
    fn notice(&self, page: &Notice<'_>) -> String {
        page.html()
    }

    /// The kept form is sent again.
    fn resume(&self, page: &Resume<'_>) -> String {
        page.html()
    }
}

/// The SDK's own pages.
struct OurPages;

impl PageTemplates for OurPages {}

/// Tells a visitor's language by the headers of their request.
type LanguageHook = Arc<dyn Fn(&HeaderMap) -> Option<Language> + Send + Sync>;

/// The ready-made pages: whether there are any, how they look, what they say. For
/// [`ClientBuilder::mfa_pages`](crate::ClientBuilder::mfa_pages).
///
/// ```
/// use stepup::pages::PageOptions;
///
/// let bank = PageOptions::new()
///     .application_name("Bank of Ada")
///     .variable("--accent", "#14553f")
///     .style_sheet("/brand.css");
/// ```
#[derive(Clone)]
pub struct PageOptions {
    off: bool,
    application: Option<String>,
    style_sheets: Vec<String>,
    variables: String,
    language: Option<Language>,
    language_by: Option<LanguageHook>,
    english: Box<Texts>,
    others: Vec<(Language, Texts)>,
    offered: Vec<FactorType>,
    templates: Arc<dyn PageTemplates>,
    problems: Vec<String>,
}

impl Default for PageOptions {
    fn default() -> Self {
        Self {
            off: false,
            application: None,
            style_sheets: Vec::new(),
            variables: String::new(),
            language: None,
            language_by: None,
            english: Box::new(Texts::of(Language::English)),
            others: [Language::German, Language::Japanese].map(|other| (other, Texts::of(other))).into(),
            offered: vec![
                FactorType::Otp,
                FactorType::PushNotification,
                FactorType::Phone,
                FactorType::Email,
            ],
            templates: Arc::new(OurPages),
            problems: Vec::new(),
        }
    }
}

impl PageOptions {
    /// The pages as they come.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No ready-made pages: their routes are the application's own. Only `…/resume` stays, for ways over the tenant's pages.
    #[must_use]
    pub fn off() -> Self {
        Self { off: true, ..Self::default() }
    }

    /// What the application is called; the host's name otherwise.
    #[must_use]
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application = Some(name.into());
        self
    }

    /// A style sheet after the SDK's own: a path of the application or an https address.
    #[must_use]
    pub fn style_sheet(mut self, address: impl Into<String>) -> Self {
        let address = address.into();
        let good = address.starts_with('/') || address.starts_with("https://");
        if good && !address.contains([' ', ';', ',', '"', '\'']) {
            self.style_sheets.push(address);
        } else {
            self.problems
                .push(format!("style_sheet: {address:?} is no path from the root and no https address"));
        }
        self
    }

    /// Another value for one of the style sheet's variables, in light and dark: `--accent`, `--accent-text`, `--ground`, `--surface`,
    /// `--sunken`, `--text`, `--muted`, `--line`, `--field`, `--danger`, `--danger-ground`, `--success`, `--radius`,
    /// `--font`; the dashes may be left out. A style sheet of your own can tell light from dark.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        let name = name.strip_prefix("--").unwrap_or(name);
        let forbidden = [';', '{', '}', '<', '>', '\\'];
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            self.problems.push(format!("variable: {name:?} is no name of a variable, as \"--accent\" is"));
        } else if value.contains(forbidden) {
            self.problems.push(format!(
                "variable: the value of --{name} may not hold ; {{ }} < > \\ as {value:?} does"
            ));
        } else {
            self.variables.push_str(&format!("--{name}:{value};"));
        }
        self
    }

    /// One language for everybody. Otherwise `ui_locales` in the page's address decides, which a detour keeps to its end, then
    /// [`language_by`](Self::language_by), then `Accept-Language`.
    #[must_use]
    pub fn language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// The language that the application knows its visitor by, from a cookie of its own for example.
    ///
    /// ```
    /// use stepup::pages::{Language, PageOptions};
    ///
    /// let bank = PageOptions::new().language_by(|headers| {
    ///     let cookies = headers.get("cookie")?.to_str().ok()?;
    ///     cookies.contains("language=de").then_some(Language::German)
    /// });
    /// ```
    #[must_use]
    pub fn language_by(
        mut self,
        hook: impl Fn(&HeaderMap) -> Option<Language> + Send + Sync + 'static,
    ) -> Self {
        self.language_by = Some(Arc::new(hook));
        self
    }

    /// Other words in one language, or the words of [another one](Language::Other).
    ///
    /// ```
    /// use stepup::pages::{Language, PageOptions, Texts};
    ///
    /// let texts = Texts { to_the_start: "To my accounts".into(), ..Texts::of(Language::English) };
    /// let bank = PageOptions::new().texts(Language::English, texts);
    /// ```
    #[must_use]
    pub fn texts(mut self, language: Language, texts: Texts) -> Self {
        let tag = language.tag();
        if tag.is_empty() || !tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            self.problems.push(format!("texts: {tag:?} is no tag of a language"));
        }
        let is_same = |held: Language| held.tag().eq_ignore_ascii_case(tag);
        if is_same(Language::English) {
            *self.english = texts;
        } else if let Some((_, held)) = self.others.iter_mut().find(|(held, _)| is_same(*held)) {
            *held = texts;
        } else {
            self.others.push((language, texts));
        }
        self
    }

    /// Which factors a user may add where no Action names them, the first one first: `Otp`, `PushNotification`, `Phone`,
    /// `Email`. Name those that the tenant has on; what it turns down is not offered again.
    #[must_use]
    pub fn offer(mut self, factors: impl IntoIterator<Item = FactorType>) -> Self {
        self.offered = factors.into_iter().collect();
        self
    }

    /// Pages of your own.
    #[must_use]
    pub fn templates(mut self, templates: impl PageTemplates + 'static) -> Self {
        self.templates = Arc::new(templates);
        self
    }

    pub(crate) fn is_on(&self) -> bool {
        !self.off
    }

    /// What is wrong with them, one line each.
    pub(crate) fn problems(&self) -> &[String] {
        &self.problems
    }

    pub(super) fn application(&self) -> Option<&str> {
        self.application.as_deref()
    }

    pub(super) fn style_sheets(&self) -> impl Iterator<Item = &String> {
        self.style_sheets.iter()
    }

    pub(super) fn variables(&self) -> &str {
        &self.variables
    }

    pub(super) fn offered(&self) -> &[FactorType] {
        &self.offered
    }

    pub(super) fn writer(&self) -> &dyn PageTemplates {
        &*self.templates
    }

    pub(super) fn texts_in(&self, language: Language) -> &Texts {
        let other = self.others.iter().find(|(other, _)| *other == language);
        other.map_or(&self.english, |(_, texts)| texts)
    }

    fn spoken(&self) -> impl Iterator<Item = Language> {
        std::iter::once(Language::English).chain(self.others.iter().map(|(language, _)| *language))
    }

    /// The origins of style sheets that are elsewhere, as a policy lists them.
    pub(super) fn style_origins(&self) -> String {
        let elsewhere = self.style_sheets.iter().filter_map(|address| Url::parse(address).ok());
        elsewhere.map(|url| format!(" {}", url.origin().ascii_serialization())).collect()
    }

    /// The language that a tag asks for, of those that are spoken; the most exact one.
    pub(crate) fn language_of(&self, tag: &str) -> Option<Language> {
        self.spoken().filter(|language| language.is_meant_by(tag)).max_by_key(|language| language.tag().len())
    }

    /// The language that a query asks for (`ui_locales`, OpenID Connect Core section 3.1.2.1).
    pub(crate) fn asked_in(&self, query: Option<&str>) -> Option<Language> {
        let (_, tags) = form_urlencoded::parse(query?.as_bytes()).find(|(name, _)| name == UI_LOCALES)?;
        tags.split(' ').find_map(|tag| self.language_of(tag))
    }

    pub(super) fn language_for(&self, headers: &HeaderMap, asked: Option<Language>) -> Language {
        let known = || self.language_by.as_ref()?(headers);
        let accepted = || {
            let line = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
            Language::accepted(line, |tag| self.language_of(tag))
        };
        let spoken = |language: &Language| self.spoken().any(|one| one == *language);
        let chosen = self.language.filter(spoken).or(asked).or_else(|| known().filter(spoken));
        chosen.or_else(accepted).unwrap_or_default()
    }
}

impl fmt::Debug for PageOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PageOptions")
            .field("off", &self.off)
            .field("application", &self.application)
            .field("style_sheets", &self.style_sheets)
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}
