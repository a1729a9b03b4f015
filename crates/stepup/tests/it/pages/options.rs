//! What an application makes of the pages: its own page, its own words, its own paths, or none at all.

use http::StatusCode;
use stepup::{
    Detour, DetourError, Routes,
    pages::{Choose, Factors, Language, PageOptions, PageTemplates, Texts},
};
use stepup_tenant::Tenant;

use super::{factors::transfer, visitor::Visitor};
use crate::{house::House, support::get};

struct OwnPages;

impl PageTemplates for OwnPages {
    fn factors(&self, page: &Factors<'_>) -> String {
        format!("<!doctype html><html lang=en><h1>{} of our own</h1></html>", page.frame.application)
    }

    fn choose(&self, page: &Choose<'_>) -> String {
        page.html()
    }
}

async fn house(options: PageOptions) -> House {
    let tenant = Tenant::builder().start().await.unwrap();
    House::built(tenant, |client| client.mfa_pages(options))
}

#[tokio::test]
async fn a_page_of_the_applications_own_takes_the_place_of_ours() {
    let house = house(PageOptions::new().application_name("Bank").templates(OwnPages)).await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), None).await;
    assert_eq!((visitor.status, visitor.heading()), (StatusCode::OK, "Bank of our own"));
}

#[tokio::test]
async fn the_words_are_the_applications() {
    let texts = Texts { factors_heading: "Double your safety".into(), ..Texts::of(Language::English) };
    let house = house(PageOptions::new().texts(Language::English, texts)).await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), None).await;
    assert_eq!(visitor.heading(), "Double your safety");
}

#[tokio::test]
async fn the_pages_are_where_the_application_wants_them() {
    let tenant = Tenant::builder().start().await.unwrap();
    let routes = Routes { mfa_pages: "/my/auth/mfa".to_owned(), ..Routes::default() };
    let house = House::built(tenant, |client| client.routes(routes));
    let mut visitor = Visitor::ada(&house).await;
    visitor.begin(&transfer(), None).await;
    assert!(visitor.address.starts_with("/my/auth/mfa/d/"), "{}", visitor.address);
    assert!(visitor.html.contains("\"/my/auth/mfa/assets/"), "{}", visitor.html);
}

#[tokio::test]
async fn without_the_pages_their_addresses_are_the_applications() {
    let house = house(PageOptions::off()).await;
    let request = get("/auth/mfa", "");
    assert_eq!(house.client.route(request.method(), request.uri().path()), None);
    let mut state = house.log_in().await;
    let due = house.due_for(&mut state, &transfer()).await;
    let detour = Detour { return_to: "/".to_owned(), form: None };
    let refused = house.client.detour(&state, request.headers(), &due, detour).unwrap_err();
    assert!(matches!(refused, DetourError::PagesOff), "{refused}");
}

#[tokio::test]
async fn a_language_that_the_sdk_does_not_speak_is_the_applications() {
    let french =
        Texts { factors_heading: "Ajouter une seconde étape".into(), ..Texts::of(Language::Other("fr")) };
    let options = PageOptions::new().texts(Language::Other("fr"), french).language_by(|headers| {
        let cookies = headers.get("cookie")?.to_str().ok()?;
        cookies.contains("language=de").then_some(Language::German)
    });
    let house = house(options).await;
    let mut visitor = Visitor::ada(&house).await;
    visitor.language = "fr-CA,en;q=0.5";
    visitor.begin(&transfer(), None).await;
    assert_eq!(visitor.heading(), "Ajouter une seconde étape");
    assert!(visitor.html.contains("<html lang=\"fr\">"), "{}", visitor.html);

    let address = visitor.address.clone();
    visitor.jar.take_line("language=de");
    visitor.get(&address).await;
    assert_eq!(visitor.heading(), "Einen zweiten Schritt einrichten", "the application knows its visitor");
    visitor.get(&format!("{address}?ui_locales=fr")).await;
    assert_eq!(visitor.heading(), "Ajouter une seconde étape", "what is asked for counts more");
    visitor.get(&address).await;
    assert_eq!(visitor.heading(), "Ajouter une seconde étape", "and goes on to count");
}
