//! The configuration: everything that is wrong at once, and where the values come from.

use std::time::Duration;

use http::{HeaderValue, header};
use stepup::{Client, CookieOptions, Routes, SameSite, TransactionCookieOptions};
use url::Url;

use crate::support::{Hands, NOW, SECRET, Script, builder, fixture, get, handle, set_cookies};

#[test]
fn every_problem_is_named_with_its_option_and_variable() {
    let error = Client::builder().environment_from(|_| None).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the configuration cannot be used:\n  \
         - domain (AUTH0_DOMAIN): is missing\n  \
         - client_id (AUTH0_CLIENT_ID): is missing\n  \
         - client_secret (AUTH0_CLIENT_SECRET): is missing\n  \
         - secret (AUTH0_SECRET): no secret was given; make one with `openssl rand -hex 32`\n  \
         - app_base_url (APP_BASE_URL): is missing"
    );

    let error = Client::builder()
        .domain("printer.local")
        .client_id("c")
        .client_secret("s")
        .secret("short")
        .app_base_url("ftp://files.example.com")
        .base_path("shop")
        .routes(Routes {
            login: "login".to_owned(),
            logout: "/auth/callback".to_owned(),
            ..Routes::default()
        })
        .authorization_parameter("state", "mine")
        .authorization_parameter("scope", "openid")
        .sign_in_return_to_path("https://elsewhere.example")
        .session_cookie(CookieOptions { name: Some("a b".to_owned()), ..CookieOptions::default() })
        .transaction_cookie(TransactionCookieOptions {
            same_site: Some(SameSite::Strict),
            ..TransactionCookieOptions::default()
        })
        .absolute_duration(Duration::ZERO)
        .mfa_context_ttl(Duration::ZERO)
        .environment_from(|name| (name == "AUTH0_COOKIE_SAME_SITE").then(|| "sometimes".to_owned()))
        .build()
        .unwrap_err();
    let options: Vec<&str> = error.problems().iter().map(|problem| problem.option).collect();
    assert_eq!(
        options,
        [
            "session_cookie.same_site",
            "domain",
            "secret",
            "app_base_url",
            "base_path",
            "routes",
            "routes",
            "authorization_parameter",
            "authorization_parameter",
            "session_cookie",
            "transaction_cookie",
            "sign_in_return_to_path",
            "absolute_duration",
            "mfa_context_ttl",
        ]
    );
    assert!(!error.to_string().contains("short"), "a secret is not told");
}

#[test]
fn a_problem_is_named_by_the_variable_that_was_read() {
    for (variable, value) in [
        ("AUTH0_MFA_CONTEXT_TTL", "5m"),
        ("AUTH0_MFA_TOKEN_TTL", "5m"),
        ("AUTH0_MFA_CONTEXT_TTL", "0"),
        ("AUTH0_MFA_TOKEN_TTL", "0"),
    ] {
        let error =
            Client::builder().environment_from(move |name| (name == variable).then(|| value.to_owned()));
        let error = error.build().unwrap_err();
        let problem = error.problems().iter().find(|problem| problem.option == "mfa_context_ttl").unwrap();
        assert_eq!(problem.variable, Some(variable), "{problem}");
    }
}

#[test]
fn a_cookie_that_would_not_come_back_is_named_by_its_variable() {
    let build = |base: &str, base_path: &str, set: (&'static str, &'static str)| {
        let client = Client::builder().domain("tenant.example.auth0.com").client_id("c").client_secret("s");
        let client = base.split(',').fold(client, stepup::ClientBuilder::app_base_url);
        let client = client
            .secret(SECRET)
            .base_path(base_path)
            .environment_from(move |name| (name == set.0).then(|| set.1.to_owned()));
        client.build().map_err(|error| error.problems()[0].clone())
    };
    for (base, base_path, set) in [
        ("https://app.example.com", "", ("AUTH0_COOKIE_PATH", "/shop")),
        ("https://app.example.com", "/bank", ("AUTH0_COOKIE_PATH", "/shop")),
        ("https://app.example.com", "", ("AUTH0_COOKIE_DOMAIN", "other.org")),
        ("https://other.org", "", ("AUTH0_COOKIE_DOMAIN", "app.example.com")),
        ("http://app.example.com", "", ("AUTH0_COOKIE_SAME_SITE", "None")),
    ] {
        let problem = build(base, base_path, set).unwrap_err();
        let named = if set.1 == "None" { "AUTH0_COOKIE_SECURE" } else { set.0 };
        assert_eq!(problem.variable, Some(named), "{problem}");
    }
    for (base, base_path, set) in [
        ("https://app.example.com", "/shop", ("AUTH0_COOKIE_PATH", "/shop")),
        ("https://app.example.com/bank", "", ("AUTH0_COOKIE_PATH", "/bank")),
        ("https://app.example.com/bank", "/shop", ("AUTH0_COOKIE_PATH", "")),
        ("https://shop.example.com", "", ("AUTH0_COOKIE_DOMAIN", "example.com")),
        ("http://localhost:3000,https://shop.example.com", "", ("AUTH0_COOKIE_DOMAIN", "example.com")),
        ("https://app.example.com", "", ("AUTH0_COOKIE_SAME_SITE", "None")),
    ] {
        assert!(build(base, base_path, set).is_ok(), "{base} {base_path} {set:?}");
    }
}

#[test]
fn a_key_of_another_kind_names_the_algorithm_that_it_is_for() {
    let client = builder(&Script::new(), &Hands::at(NOW)).secret(SECRET);
    let error =
        client.client_assertion_signing_key(include_str!("../fixtures/dpop-key.pem")).build().unwrap_err();
    assert_eq!(
        error.problems()[0].to_string(),
        "client_assertion_signing_alg (AUTH0_CLIENT_ASSERTION_SIGNING_ALG): is RS256, which the key is not for: set ES256"
    );
}

#[test]
fn what_a_file_of_secrets_ends_with_is_no_part_of_them() {
    let client = Client::builder().environment_from(|name| {
        Some(match name {
            "AUTH0_DOMAIN" => "tenant.example.com\n".to_owned(),
            "AUTH0_CLIENT_ID" => "client\n".to_owned(),
            "AUTH0_CLIENT_SECRET" => " \n".to_owned(),
            "AUTH0_SECRET" => format!("{SECRET}\n"),
            "APP_BASE_URL" => "https://a.example.com\n".to_owned(),
            _ => return None,
        })
    });
    let error = client.build().unwrap_err();
    assert_eq!(error.problems().iter().map(|problem| problem.option).collect::<Vec<_>>(), ["client_secret"]);
}

#[tokio::test]
async fn the_environment_fills_what_code_leaves_open() {
    let variables = |name: &str| {
        Some(match name {
            "AUTH0_DOMAIN" => "Tenant.Example.auth0.com".to_owned(),
            "AUTH0_CLIENT_ID" => "client-of-the-environment".to_owned(),
            "AUTH0_CLIENT_SECRET" => "s\n".to_owned(),
            "AUTH0_SECRET" => format!("{SECRET}, an older secret of thirty-two bytes or more"),
            "APP_BASE_URL" => "https://a.example.com,https://b.example.com/".to_owned(),
            "AUTH0_COOKIE_DOMAIN" => "example.com".to_owned(),
            "AUTH0_MFA_TOKEN_TTL" => "60".to_owned(),
            "STEPUP_FORMAT" => "auth0-server-python".to_owned(),
            _ => return None,
        })
    };
    let client = Client::builder()
        .client_id("client-of-code")
        .environment_from(variables)
        .http_client(Script::new())
        .clock(Hands::at(NOW))
        .build()
        .unwrap();
    assert_eq!(client.issuer(), "https://tenant.example.auth0.com/");
    for (host, expected) in [
        ("b.example.com", Some("https%3A%2F%2Fb.example.com")),
        ("a.example.com", Some("https%3A%2F%2Fa.example.com")),
        ("evil.example", None),
    ] {
        let mut request = get("/auth/login", "");
        request.headers_mut().insert("host", host.parse().unwrap());
        let response = handle(&client, request).await;
        match expected {
            Some(base) => {
                let location = response.headers()["location"].to_str().unwrap();
                assert!(location.contains(&format!("redirect_uri={base}%2Fauth%2Fcallback")), "{location}");
                assert!(location.contains("client_id=client-of-code"), "{location}");
                let cookie = set_cookies(response.headers()).remove(0);
                assert!(cookie.attributes.contains(&"Domain=example.com".to_owned()));
                assert!(cookie.attributes.contains(&"Secure".to_owned()));
                assert_eq!(cookie.name, "_a0_tx");
            }
            None => assert_eq!(response.status(), 400),
        }
    }
    for bad in ["soon", "0", "-1"] {
        let error = builder(&Script::new(), &Hands::at(NOW))
            .secret(SECRET)
            .environment_from(move |name| (name == "AUTH0_MFA_CONTEXT_TTL").then(|| bad.to_owned()))
            .build()
            .unwrap_err();
        assert_eq!(error.problems()[0].option, "mfa_context_ttl");
        assert_eq!(error.problems()[0].variable, Some("AUTH0_MFA_CONTEXT_TTL"));
    }
}

#[test]
fn domains_become_issuers() {
    let issuer = |domain: &str| {
        let client = builder(&Script::new(), &Hands::at(NOW)).secret(SECRET).domain(domain).build();
        client.map(|client| client.issuer().to_owned())
    };
    let cases = fixture(include_str!("../fixtures/nextjs-domains.json"));
    for case in cases["cases"].as_array().unwrap() {
        let input = case["input"].as_str().unwrap();
        let expected = match input {
            // An address is used as it is: the port of a tenant, and http on this machine.
            "https://x.example:8443/" => Some("https://x.example:8443/"),
            "http://localhost:3000/" => Some("http://localhost:3000/"),
            "http://127.0.0.1:8080" => Some("http://127.0.0.1:8080/"),
            _ => case["strict"]["issuer"].as_str(),
        };
        assert_eq!(issuer(input).ok().as_deref(), expected, "{input}");
    }
    assert_eq!(issuer("https://localhost:3443").unwrap(), "https://localhost:3443/");
    for refused in [
        "https://user:password@tenant.example/",
        "https://10.0.0.1/",
        "https://[2001:db8::1]/",
        "not a host",
        "https://",
    ] {
        assert!(issuer(refused).is_err(), "{refused}");
    }
}

#[test]
fn routes_are_found_under_the_base_path_by_method() {
    let client = builder(&Script::new(), &Hands::at(NOW)).secret(SECRET).base_path("/shop/").build().unwrap();
    let route = |method: &str, path: &str| {
        client.route(&method.parse().unwrap(), path).map(|route| format!("{route:?}"))
    };
    for (method, path, expected) in [
        ("GET", "/shop/auth/login", Some("Login")),
        ("GET", "/shop/auth/login/", Some("Login")),
        ("GET", "/shop/auth/Login", None),
        ("GET", "/auth/login", None),
        ("POST", "/shop/auth/login", None),
        ("HEAD", "/shop/auth/logout", None),
        ("GET", "/shop/auth/mfa/d/ID", Some(r#"MfaPage { detour: "ID" }"#)),
        ("POST", "/shop/auth/mfa/d/ID", Some(r#"MfaPageForm { detour: "ID" }"#)),
        ("GET", "/shop/auth/mfa/d/ID/resume", Some(r#"MfaResume { detour: "ID" }"#)),
        ("HEAD", "/shop/auth/mfa/d/ID/resume", None),
        ("GET", "/shop/auth/mfa/d/ID/manage", None),
        ("GET", "/shop/auth/mfa", Some(r#"MfaPage { detour: "" }"#)),
        ("POST", "/shop/auth/mfa", Some(r#"MfaPageForm { detour: "" }"#)),
        ("HEAD", "/shop/auth/stepup.js", Some("Script")),
        ("HEAD", "/shop/auth/stepup.d.ts", Some("ScriptTypes")),
        ("HEAD", "/shop/auth/mfa/assets/1.css", Some("PagesAsset")),
        ("POST", "/shop/auth/stepup.js", None),
        ("GET", "/shop/auth/login//", None),
        ("GET", "/shop/auth/access-token", Some("AccessToken")),
        ("DELETE", "/shop/auth/mfa/authenticators", Some("MfaDelete { id: None }")),
        (
            "DELETE",
            "/shop/auth/mfa/authenticators/totp%7Cdev_1",
            Some(r#"MfaDelete { id: Some("totp|dev_1") }"#),
        ),
        ("DELETE", "/shop/auth/mfa/authenticators/a/b", None),
        ("GET", "/shop/elsewhere", None),
    ] {
        assert_eq!(route(method, path).as_deref(), expected, "{method} {path}");
    }
    let client = builder(&Script::new(), &Hands::at(NOW))
        .secret(SECRET)
        .enable_access_token_endpoint(false)
        .build()
        .unwrap();
    assert_eq!(client.route(&http::Method::GET, "/auth/access-token"), None);
}

#[tokio::test]
async fn the_paths_that_browsers_are_sent_to_are_below_the_applications_address() {
    let at = |address: &str, base_path: &str| {
        let client = Client::builder().domain("tenant.example.auth0.com").client_id("c").client_secret("s");
        let client = client.http_client(Script::new()).secret(SECRET);
        client.app_base_url(address).base_path(base_path).build().unwrap()
    };
    for (address, base_path, root, home) in [
        ("https://app.example.com", "", "", "/"),
        ("https://app.example.com", "/shop", "/shop", "/shop"),
        ("https://app.example.com/bank", "", "/bank", "/bank/"),
        ("https://app.example.com/bank/", "/shop", "/bank/shop", "/bank/shop"),
    ] {
        let client = at(address, base_path);
        let login = format!("{root}/auth/login?returnTo=%2Fbank%2Ftransfer%3Fto%3Dbob");
        assert_eq!(client.login_path("/bank/transfer?to=bob"), login, "{address} {base_path}");
        let mut request = get(&format!("{base_path}/auth/callback?code=c&state=unknown"), "");
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/html"));
        let page = handle(&client, request).await;
        let html = std::str::from_utf8(page.body()).unwrap();
        let home = home.replace('/', "%2F");
        assert!(html.contains(&format!("href=\"{root}/auth/login?returnTo={home}\"")), "{address}: {html}");
        let logout = handle(&client, get(&format!("{base_path}/auth/logout"), "")).await;
        let tenant = Url::parse(logout.headers()[header::LOCATION].to_str().unwrap()).unwrap();
        let back = tenant.query_pairs().find(|(name, _)| name == "post_logout_redirect_uri");
        // as it is configured: tenants compare it as a text
        assert_eq!(back.unwrap().1, address, "{address} {base_path}");
    }
}

#[test]
fn the_address_of_a_request_is_told_as_browsers_know_it() {
    let addresses = builder(&Script::new(), &Hands::at(NOW)).secret(SECRET);
    let client = addresses.app_base_url("https://example.org/bank/").build().unwrap();
    for (host, seen, known) in [
        ("app.example.com", "/transfer?to=bob", "/transfer?to=bob"),
        ("example.org", "/transfer?to=bob", "/bank/transfer?to=bob"),
        ("example.org", "/", "/bank/"),
        ("example.org", "/bank", "/bank/bank"),
        ("elsewhere.example", "/transfer", "/transfer"),
    ] {
        let request = http::Request::get(seen).header(header::HOST, host).body(()).unwrap();
        assert_eq!(client.browser_uri(request.headers(), request.uri()), known, "{host} {seen}");
    }
}

#[test]
fn clients_and_builders_print_no_secret() {
    let builder = builder(&Script::new(), &Hands::at(NOW)).secret(SECRET);
    let printed = format!("{builder:?} {:?}", builder.clone().build().unwrap());
    assert!(!printed.contains(SECRET) && !printed.contains("client-secret-1"), "{printed}");
}
