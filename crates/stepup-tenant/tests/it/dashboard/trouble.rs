//! What cannot be answered is told in a page to a browser, and as everywhere else to others.

use super::with;
use crate::rig::Rig;

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");

#[tokio::test]
async fn a_browser_reads_what_went_wrong() {
    let rig = Rig::start().await;
    for (method, path, status, words) in [
        ("GET", "/dashboard/nothing", 404, "There is nothing at /dashboard/nothing."),
        ("GET", "/dashboard/users/x/y", 404, "There is nothing at /dashboard/users/x/y."),
        ("GET", "/dashboard/security/policy", 405, "A form is sent to this address"),
        ("GET", "/dashboard/logins?before=x", 400, "invalid digit"),
        ("GET", "/dashboard/users?page=x", 400, "invalid digit"),
        // the policy's form, sent elsewhere
        ("POST", "/dashboard/security/factor", 422, "missing field"),
    ] {
        let page = with(&rig, method, path, &[BROWSER]).await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (status, "text/html; charset=utf-8"),
            "{path}"
        );
        assert!(page.body.contains(words), "{path}: {}", page.body);
        assert!(page.body.contains("<a href=\"/dashboard\">Open the dashboard</a>"), "{path}: {}", page.body);

        let answer = with(&rig, method, path, &[("accept", "application/json")]).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(!answer.body.contains("<html"), "{path}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_browser_is_led_to_the_dashboard() {
    let rig = Rig::start().await;
    let led = with(&rig, "GET", "/", &[BROWSER]).await;
    assert_eq!((led.status, led.header("location")), (303, "/dashboard"));
    assert_eq!(rig.get("/dashboard/").await.header("location"), "/dashboard");
    for (method, headers) in
        [("GET", &[][..]), ("GET", &[("accept", "application/json")]), ("POST", &[BROWSER])]
    {
        let answer = with(&rig, method, "/", headers).await;
        let addresses = rig.at("/.well-known/openid-configuration");
        let said = format!("404 not_found: There is nothing at /. The tenant's addresses are in {addresses}");
        assert_eq!(answer.failure(), said, "{method} {headers:?}");
    }
}

#[tokio::test]
async fn a_form_that_is_too_large_is_answered_with_a_page() {
    let rig = Rig::start().await;
    let form = |path: &str, bytes: usize| {
        let request = rig.http.post(rig.at(path)).body(format!("name={}", "x".repeat(bytes)));
        request.header("content-type", "application/x-www-form-urlencoded")
    };
    for (path, kibibytes) in [("/dashboard/actions", 64), ("/dashboard/actions/none", 768)] {
        let request = form(path, kibibytes << 10);
        let page = rig.send(request.try_clone().unwrap().header(BROWSER.0, BROWSER.1)).await;
        assert_eq!((page.status, page.header("content-type")), (413, "text/html; charset=utf-8"), "{path}");
        let words = format!("The request body is larger than {kibibytes} KiB.");
        assert!(page.body.contains(&words), "{path}: {}", page.body);
        assert!(page.body.contains("<a href=\"/dashboard\">Open the dashboard</a>"), "{path}: {}", page.body);
        assert!(page.header("content-security-policy").starts_with("default-src 'none'; "), "{path}");
        assert_eq!(rig.send(request).await.failure(), format!("413 invalid_request: {words}"), "{path}");
    }
}
