//! `stepup tenant`, as scripts use it: a free port, a ready file, the control API, signals.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{command, stepup};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("stepup-cli-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A tenant in a process of its own, killed if the test fails.
pub(crate) struct Running {
    child: Child,
    ready_file: String,
    folder: Folder,
}

impl Running {
    /// Starts it and reads its first line, which it prints once it is ready.
    pub(crate) fn start(name: &str, more: &[&str]) -> Self {
        let folder = Folder::new(name);
        let ready_file = folder.file("ready.json");
        let fixed =
            ["tenant", "--port", "0", "--data-dir", folder.0.to_str().unwrap(), "--ready-file", &ready_file];
        let child = command(&[&fixed[..], more].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut running = Self { child, ready_file, folder };
        let said = running.line();
        assert!(said.starts_with("The tenant is ready at http"), "{said}");
        running
    }

    fn line(&mut self) -> String {
        let out = self.child.stdout.as_mut().unwrap();
        let mut line = Vec::new();
        let mut byte = [0];
        while out.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
            line.push(byte[0]);
        }
        String::from_utf8(line).unwrap()
    }

    /// Its next lines on standard error.
    fn warned(&mut self, count: usize) -> Vec<String> {
        let lines = BufReader::new(self.child.stderr.take().unwrap()).lines();
        lines.take(count).map(Result::unwrap).collect()
    }

    /// All of standard error that nobody has read, once it has ended.
    fn warned_to_the_end(&mut self) -> String {
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }

    pub(crate) fn ready(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(&self.ready_file).unwrap()).unwrap()
    }

    pub(crate) fn control(&self, arguments: &[&str]) -> crate::support::Ended {
        stepup(&[arguments, &["--ready-file", &self.ready_file]].concat(), "")
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn exit_code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_ready_file_tells_what_a_script_needs() {
    let mut tenant = Running::start("ready", &["--control"]);
    let ready = tenant.ready();
    let issuer = ready["issuer"].as_str().unwrap();
    assert!(issuer.starts_with("http://localhost:") && issuer.ends_with('/'), "{issuer}");
    assert_eq!(ready["domain"].as_str().unwrap(), issuer.trim_start_matches("http://").trim_end_matches('/'));
    assert_eq!(ready["pid"], tenant.child.id());
    assert!(ready["ca_certificate"].is_null());
    assert_eq!(ready["control"]["url"].as_str().unwrap(), format!("{issuer}_control"));
    assert!(ready["control"]["key"].as_str().unwrap().len() >= 32);
    let clients = ready["clients"].as_array().unwrap();
    let webapp = clients.iter().find(|client| client["name"] == "webapp").unwrap();
    assert_eq!(
        (webapp["client_id"].as_str(), webapp["client_secret"].as_str()),
        (Some("stepup-webapp"), Some("stepup-webapp-secret"))
    );

    assert_eq!(
        tenant.line(),
        format!("Control it at {issuer}_control with the key {}", ready["control"]["key"].as_str().unwrap())
    );
    assert_eq!(tenant.line(), format!("Watch and set it up at {issuer}dashboard"));
    tenant.signal("-TERM");
    assert_eq!(tenant.exit_code(), Some(0));
}

#[test]
fn the_clock_and_the_messages_are_the_tenants() {
    let mut tenant = Running::start("clock", &["--control"]);
    let set = tenant.control(&["clock", "set", "2030-01-01T00:00:00Z"]);
    assert_eq!((set.code, set.stderr.as_str()), (0, ""));
    assert!(set.stdout.starts_with("2030-01-01T00:00:0"), "{set:?}");
    assert!(tenant.control(&["clock", "advance", "1h30m"]).stdout.starts_with("2030-01-01T01:30:0"));
    assert!(tenant.control(&["clock"]).stdout.starts_with("2030-01-01T01:30:"));
    assert!(!tenant.control(&["clock", "reset"]).stdout.starts_with("2030"));

    let none = tenant.control(&["messages", "--channel", "email", "--to", "ada@example.com"]);
    assert_eq!((none.code, none.stdout.as_str(), none.stderr.as_str()), (0, "", ""));
    assert!(tenant.control(&["messages", "--wait", "0"]).failure(1).contains("nothing was sent within 0 s"));

    let ready = tenant.ready();
    let url = ready["control"]["url"].as_str().unwrap();
    let refused = stepup(&["clock", "--control-url", url, "--control-key", "wrong"], "");
    assert!(refused.failure(1).contains("401"), "{refused:?}");

    tenant.signal("-INT");
    assert_eq!(tenant.exit_code(), Some(0));
}

#[test]
fn https_comes_with_a_certificate_that_is_kept() {
    let mut tenant = Running::start("tls", &["--control", "--tls"]);
    let ready = tenant.ready();
    assert!(ready["issuer"].as_str().unwrap().starts_with("https://localhost:"));
    let certificate = ready["ca_certificate"].as_str().unwrap();
    assert!(
        Path::new(certificate).starts_with(&tenant.folder.0) && Path::new(certificate).exists(),
        "{certificate}"
    );
    assert_eq!(tenant.line(), format!("Clients must trust {certificate}"));
    let clock = tenant.control(&["clock"]);
    assert_eq!((clock.code, clock.stderr.as_str()), (0, ""), "{clock:?}");
}

#[test]
fn every_option_is_a_variable_too() {
    let folder = Folder::new("variables");
    let ready_file = folder.file("ready.json");
    let mut child = command(&["tenant"])
        .env("STEPUP_TENANT_PORT", "0")
        .env("STEPUP_TENANT_DATA_DIR", &folder.0)
        .env("STEPUP_TENANT_DATABASE", format!("sqlite://{}", folder.file("tenant.db")))
        .env("STEPUP_TENANT_CONTROL", "1")
        .env("STEPUP_TENANT_READY_FILE", &ready_file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 22];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"The tenant is ready at");
    assert!(folder.0.join("tenant.db").exists());
    let clock = command(&["clock"]).env("STEPUP_TENANT_READY_FILE", &ready_file).output().unwrap();
    assert!(clock.status.success(), "{clock:?}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_cannot_be_used_is_named_in_one_line() {
    let folder = Folder::new("refusals");
    let file = |name: &str, text: &str| {
        let path = folder.file(name);
        fs::write(&path, text).unwrap();
        path
    };
    let tenant =
        |more: &[&str]| stepup(&[&["tenant", "--data-dir", folder.0.to_str().unwrap()], more].concat(), "");

    let config = file("tenant.yaml", "clients:\n  - name: [\n");
    assert!(tenant(&["--config", &config]).failure(2).contains("tenant.yaml"));
    let config = file("factors.yaml", "guardianFactors:\n  - name: otp\n    enabled: perhaps\n");
    let refused = tenant(&["--config", &config]);
    assert!(refused.failure(2).contains("factors.yaml") && refused.failure(2).contains('3'), "{refused:?}");
    assert!(
        tenant(&["--config", "/nonexistent/tenant.yaml"]).failure(2).contains("/nonexistent/tenant.yaml")
    );
    let users = file("users.json", r#"[{"email": 1}]"#);
    assert!(tenant(&["--users", &users]).failure(2).contains("users.json"));
    assert!(tenant(&["--host", "0.0.0.0"]).failure(2).contains("--issuer"));
    assert!(tenant(&["--issuer", "nonsense"]).failure(2).contains("--issuer"));
    assert!(tenant(&["--issuer", "https://tenant.example.com/"]).failure(2).contains("secret"));
    assert!(tenant(&["--tls-cert", "/nonexistent.pem"]).failure(2).contains("--tls-key"));
    assert!(
        tenant(&["--tls-cert", "/nonexistent.pem", "--tls-key", "/nonexistent.key"])
            .failure(2)
            .contains("/nonexistent")
    );
    assert!(
        tenant(&["--database", "mysql://localhost/x"])
            .failure(2)
            .contains("use sqlite::memory: or sqlite://FILE")
    );
    assert!(tenant(&["--port", "70000"]).failure(2).contains("70000"));
}

#[test]
fn a_port_in_use_is_named_with_the_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = Folder::new("port");
    let data = folder.0.to_str().unwrap();
    let refused = stepup(&["tenant", "--port", &port, "--data-dir", data], "");
    assert_eq!(
        refused.failure(1),
        format!("port {port} is in use by another program: choose another with --port, or 0 for a free one")
    );
    let refused = stepup(&["dev", "--port", "0", "--data-dir", data, "--app-port", &port], "");
    assert_eq!(
        refused.failure(1),
        format!(
            "port {port} is in use by another program: choose another with --app-port N, or 0 for a free one"
        )
    );
}

#[test]
fn dev_says_where_to_go_and_ctrl_c_stops_both() {
    let folder = Folder::new("dev");
    let mut child = command(&[])
        .env("STEPUP_TENANT_PORT", "0")
        .env("STEPUP_TENANT_DATA_DIR", &folder.0)
        .env("STEPUP_APP_PORT", "0")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let out = child.stdout.as_mut().unwrap();
    let mut byte = [0];
    while !said.ends_with("Ctrl-C stops both.") && out.read(&mut byte).unwrap() == 1 {
        said.push(char::from(byte[0]));
    }
    let after = |label: &str| {
        let line = said.lines().find_map(|line| line.trim().strip_prefix(label)).unwrap();
        line.trim().to_owned()
    };
    assert_eq!(
        (after("E-mail").as_str(), after("Password").as_str()),
        ("ada@example.com", "correct horse battery staple")
    );
    for address in [after("Bank"), after("Tenant")] {
        let address = address.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let answer = std::net::TcpStream::connect(&address).unwrap();
        answer.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_demo_names_what_its_configuration_lacks() {
    let refused = stepup(&["demo", "--port", "0"], "");
    for variable in ["AUTH0_DOMAIN", "AUTH0_CLIENT_ID", "AUTH0_SECRET"] {
        assert!(refused.failure(2).contains(variable), "{refused:?}");
    }
}

#[test]
fn a_reload_says_what_has_changed_and_what_is_not_honoured() {
    let folder = Folder::new("reload-config");
    let config = folder.file("tenant.yaml");
    let database = "databases: [{ name: Users, strategy: auth0 }]\n";
    fs::write(&config, format!("{database}tenant: {{ picture_url: 'https://a.example/' }}\n")).unwrap();
    let mut tenant = Running::start("reload", &["--config", &config]);
    let told = "tenant: { friendly_name: Bank, picture_url: 'https://a.example/', support_url: 'https://b.example/' }";
    fs::write(&config, format!("{database}{told}\n")).unwrap();
    tenant.signal("-HUP");
    let said = tenant.warned(3);
    assert!(said[0].contains("tenant.picture_url is not honoured"), "{said:?}");
    assert!(said[1].contains("the configuration was read again: "), "{said:?}");
    assert!(said[1].contains("friendly_name"), "{said:?}");
    assert!(said[2].contains("tenant.support_url is not honoured"), "{said:?}");
}

/// Nobody listens where its text messages go.
const OWING: &str = r#"
clients: [{ name: app, client_id: app, app_type: native, grant_types: [password, "http://auth0.com/oauth/grant-type/mfa-oob"] }]
tenant: { default_directory: Users }
databases: [{ name: Users, strategy: auth0 }]
guardianFactors: [{ name: sms, enabled: true }]
guardianPhoneFactorMessageTypes: { message_types: [sms] }
guardianPolicies: { policies: [all-applications] }
stepup: { phone_webhook: { url: "http://127.0.0.1:1/", secret: "known to nobody else" } }
"#;

#[tokio::test]
async fn what_is_owed_at_the_end_is_told_where_it_is_lost() {
    for (name, file, lost) in [("owing-memory", None, true), ("owing-file", Some("tenant.db"), false)] {
        let folder = Folder::new(&format!("{name}-config"));
        let config = folder.file("tenant.yaml");
        fs::write(&config, OWING).unwrap();
        let database =
            file.map_or("sqlite::memory:".to_owned(), |file| format!("sqlite://{}", folder.file(file)));
        let mut tenant = Running::start(name, &["--config", &config, "--database", &database]);
        let issuer = tenant.ready()["issuer"].as_str().unwrap().to_owned();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let post = async |path: &str, bearer: &str, body: Value| -> (u16, Value) {
            let request =
                http.post(format!("{issuer}{path}")).header("authorization", format!("Bearer {bearer}"));
            let answer =
                request.header("content-type", "application/json").body(body.to_string()).send().await;
            let answer = answer.unwrap();
            (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap())
        };
        let login = json!({ "grant_type": "password", "client_id": "app", "username": "ada@example.com",
                            "password": "correct horse battery staple" });
        let (_, refused) = post("oauth/token", "", login).await;
        let mfa_token = refused["mfa_token"].as_str().unwrap_or_else(|| panic!("{refused}"));
        let sms = json!({ "authenticator_types": ["oob"], "oob_channels": ["sms"], "phone_number": "+12025550123" });
        let (status, begun) = post("mfa/associate", mfa_token, sms).await;
        assert_eq!(status, 200, "{begun}");

        tenant.signal("-TERM");
        let said = tenant.warned_to_the_end();
        let told = said.contains("calls that nobody has taken yet are lost: the database is in memory");
        assert_eq!((tenant.exit_code(), told), (Some(0), lost), "{said}");
    }
}
