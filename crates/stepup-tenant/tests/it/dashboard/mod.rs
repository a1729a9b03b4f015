//! The dashboard: who may use it, what it shows to whom, and what its forms do. How its pages behave is shown in a browser.

mod actions;
mod lists;
mod trouble;

use stepup_tenant::Tenant;

use crate::rig::{Answer, Browser, Rig};

/// Every page, without a login, a user or an Action behind it.
const PAGES: &[&str] = &[
    "/dashboard",
    "/dashboard/actions",
    "/dashboard/devices",
    "/dashboard/inbox",
    "/dashboard/logins",
    "/dashboard/logs",
    "/dashboard/security",
    "/dashboard/users",
];

async fn with(rig: &Rig, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = rig.http.request(method.parse().unwrap(), rig.at(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if method == "POST" {
        request = request.header("content-type", "application/x-www-form-urlencoded").body("policy=always");
    }
    rig.send(request).await
}

#[tokio::test]
async fn every_page_is_open_at_the_machine_under_its_own_name() {
    let rig = Rig::start().await;
    for path in PAGES {
        let page = rig.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.header("content-security-policy").starts_with("default-src 'none';"), "{path}");
        assert!(!page.body.contains("<script>") && !page.body.contains(" style="), "{path}");
        for host in ["evil.example", "localhost.evil.example:4400", "10.0.0.1", ""] {
            let led_here = with(&rig, "GET", path, &[("host", host)]).await;
            assert!([400, 403].contains(&led_here.status), "{path} as {host}: {}", led_here.status);
        }
    }
    for path in ["/dashboard/users/nobody", "/dashboard/actions/none", "/dashboard/logins/none"] {
        assert_eq!(rig.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let rig = Rig::start().await;
    let policy = "/dashboard/security/policy";
    for origin in ["https://evil.example", "null", "http://localhost:1", ""] {
        assert_eq!(with(&rig, "POST", policy, &[("origin", origin)]).await.status, 403, "{origin}");
    }
    assert_eq!(rig.password(&[]).await.status, 200, "nothing is asked for");
    let own = rig.tenant.issuer().trim_end_matches('/').to_owned();
    assert_eq!(with(&rig, "POST", policy, &[("origin", &own)]).await.status, 303);
    rig.password(&[]).await.mfa_token();
}

#[tokio::test]
async fn what_people_type_is_shown_and_not_run() {
    let rig = Rig::start().await;
    let name = "<script>alert(1)</script>";
    rig.token(&[("grant_type", "password"), ("username", name), ("password", "x")]).await;
    for path in [
        "/dashboard",
        "/dashboard/logs",
        "/dashboard/users?q=%3Cscript%3E",
        "/dashboard/inbox?to=%3Cscript%3E",
    ] {
        let page = rig.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.body.contains("<script>"), "{path}");
    }
    assert!(rig.get("/dashboard/logs?type=fu").await.body.contains("&#60;script&#62;alert(1)"));
}

#[tokio::test]
async fn a_login_says_when_each_call_came() {
    let rig = Rig::start().await;
    let mut browser = Browser::new(&rig);
    let page = browser.authorize(&[]).await;
    rig.advance(7);
    browser.log_in(&page).await;
    let id = rig.tenant.state().store.traces(None, 1).await.unwrap().remove(0).transaction_id;
    let page = rig.get(&format!("/dashboard/logins/{id}")).await.body;
    let time = |datetime: &str, exact: &str, shown: &str| {
        format!(r#"<time datetime="{datetime}" title="{exact}">{shown}</time>"#)
    };
    let first = time("2026-01-01T00:00:00.000Z", "2026-01-01 00:00:00 UTC", "00:00:00");
    let later = time("2026-01-01T00:00:07.000Z", "2026-01-01 00:00:07 UTC", "00:00:07");
    assert_eq!((page.matches(&first).count(), page.matches(&later).count()), (2, 2), "{page}");
    let began = r#"since <time datetime="2026-01-01T00:00:00.000Z">2026-01-01 00:00:00 UTC</time>"#;
    assert!(page.contains(began), "{page}");
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused() {
    let rig = Rig::start().await;
    for (path, body) in [
        ("/dashboard/security/policy", "policy=sometimes"),
        ("/dashboard/security/policy", "nothing=here"),
        ("/dashboard/security/policy", "policy=always&policy=never"),
        ("/dashboard/security/factor", "name=pigeon&enabled=true"),
        ("/dashboard/security/factor", "name=otp&enabled=perhaps"),
        ("/dashboard/actions", "name="),
        ("/dashboard/devices", "barcode_uri=not+one"),
        ("/dashboard/devices/push/none", "decision=approve"),
        ("/dashboard/devices/push/none", "decision=maybe"),
    ] {
        let request = rig.http.post(rig.at(path)).body(body);
        let answer = rig.send(request.header("content-type", "application/x-www-form-urlencoded")).await;
        assert!((400..500).contains(&answer.status), "{path} {body}: {}", answer.status);
    }
    assert_eq!(rig.get("/dashboard/users?page=x").await.status, 400);
}

#[tokio::test]
async fn elsewhere_it_is_for_administrators_with_a_second_factor() {
    let public = async |yaml: &str| {
        let builder = Tenant::builder().config_yaml(yaml).issuer("https://tenant.example/".parse().unwrap());
        Rig::built(builder).await
    };
    let open = async |rig: &Rig, path: &str| {
        rig.send(rig.http.get(format!("http://localhost:{}{path}", rig.tenant.port()))).await
    };
    let rig = public("tenant: {}").await;
    let refused = open(&rig, "/dashboard").await;
    assert_eq!(refused.status, 403, "nobody is named");
    assert!(refused.body.contains("dashboard_admins"));

    let rig = public("stepup: { dashboard_admins: [ada@example.com] }").await;
    let led = open(&rig, "/dashboard/users").await;
    assert_eq!(led.status, 302);
    let login = led.header("location");
    assert!(login.starts_with("/authorize?client_id=stepup-dashboard&"), "{login}");
    assert!(login.contains("acr_values=") && login.contains("state=%2Fdashboard%2Fusers"), "{login}");
    let page = open(&rig, login).await;
    assert_eq!((page.status, page.header("location").split('?').next()), (302, Some("/u/login")));
    for (state, led) in [
        ("/dashboard/users", "/dashboard/users"),
        ("//evil.example", "/dashboard"),
        ("/dashboard/../v2/logout", "/dashboard"),
        ("https://evil.example/", "/dashboard"),
    ] {
        let back = open(&rig, &format!("/dashboard/entered?code=x&state={state}")).await;
        assert_eq!((back.status, back.header("location")), (303, led), "{state}");
    }
}
