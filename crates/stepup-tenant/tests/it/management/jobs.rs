//! Users in bulk, and the numbers of what was done.

use serde_json::{Value, json};
use stepup_protocol::time::UnixTime;
use stepup_tenant::{
    Tenant,
    clock::VirtualClock,
    model::{Job, JobState},
};

use super::{Admin, token};
use crate::{
    rig::{ADA, Answer, Config, PASSWORD, Rig},
    support::Scratch,
};

const CONNECTION: &str = "Username-Password-Authentication";

impl Admin {
    /// A form of these fields, with this token.
    async fn form(&self, token: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = String::new();
        for (name, value) in fields {
            let file = if *name == "users" {
                "; filename=\"users.json\"\r\nContent-Type: application/json"
            } else {
                ""
            };
            body +=
                &format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n");
        }
        let request = self.rig.http.post(self.rig.at("api/v2/jobs/users-imports")).bearer_auth(token);
        let request = request.header("content-type", "multipart/form-data; boundary=X");
        self.rig.send(request.body(body + "--X--\r\n")).await
    }

    async fn connection_id(&self) -> String {
        self.get(&format!("connections?name={CONNECTION}")).await.at("/0/id")
    }

    /// Imports users, and waits until the job is done: the job.
    async fn import(&self, users: &Value, more: &[(&str, &str)]) -> Value {
        let (users, connection) = (users.to_string(), self.connection_id().await);
        let fields = [&[("users", users.as_str()), ("connection_id", &connection)], more].concat();
        let asked = self.form(&self.token, &fields).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        self.done(&asked.text("id")).await
    }

    async fn done(&self, id: &str) -> Value {
        loop {
            let job = self.get(&format!("jobs/{id}")).await.value();
            if job["status"] != "pending" && job["status"] != "processing" {
                return job;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Code, place and e-mail address of what a job refused.
    async fn refused(&self, job: &Value) -> Vec<String> {
        let errors = self.get(&format!("jobs/{}/errors", job["id"].as_str().unwrap())).await.value();
        let line = |refused: &Value| {
            let error = &refused["errors"][0];
            let place = error["path"].as_str().unwrap_or("-");
            format!(
                "{} {place} {}",
                error["code"].as_str().unwrap(),
                refused["user"]["email"].as_str().unwrap_or("-")
            )
        };
        errors.as_array().unwrap().iter().map(line).collect()
    }
}

#[tokio::test]
async fn users_come_with_their_passwords_and_factors() {
    let admin = Admin::start().await;
    let users = json!([
        { "user_id": "bob", "email": "bob@example.com", "email_verified": true, "app_metadata": { "plan": "gold" },
          "password_hash": "$2b$10$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K",
          "mfa_factors": [{ "totp": { "secret": "GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4" } }, { "phone": { "value": "+12025550123" } }] },
        { "email": "sean@example.com", "custom_password_hash": { "algorithm": "md5", "salt": { "value": "salt" },
          "hash": { "value": "DE8498EB12B0309737310C8971CFC7A2", "encoding": "hex" } } },
    ]);
    let mut job = admin.import(&users, &[("external_id", "batch-7"), ("upsert", "false")]).await;
    let id = job["id"].take();
    assert!(id.as_str().unwrap().strip_prefix("job_").is_some_and(|rest| rest.len() == 16), "{id}");
    job["connection_id"].take();
    insta::assert_json_snapshot!(job, @r#"
    {
      "connection": "Username-Password-Authentication",
      "connection_id": null,
      "created_at": "2026-01-01T00:00:00.000Z",
      "external_id": "batch-7",
      "id": null,
      "percentage_done": 100,
      "send_completion_email": true,
      "status": "completed",
      "summary": {
        "failed": 0,
        "inserted": 2,
        "total": 2,
        "updated": 0
      },
      "type": "users_import",
      "upsert": false
    }
    "#);
    let errors = admin.get(&format!("jobs/{}/errors", id.as_str().unwrap())).await;
    assert_eq!((errors.status, errors.body.as_str()), (204, ""));
    assert_eq!(admin.log_in("sean@example.com", "correct horse").await.status, 200);
    let bob = admin.get("users/auth0|bob").await.value();
    assert_eq!((&bob["app_metadata"]["plan"], &bob["multifactor"]), (&json!("gold"), &json!(["guardian"])));
    let methods = admin.get("users/auth0|bob/authentication-methods").await.each("type");
    assert_eq!(methods, ["totp", "phone", "email"]);
}

#[tokio::test]
async fn each_user_that_cannot_come_in_is_named_with_why() {
    let admin = Admin::start().await;
    let many = vec![json!({ "phone": { "value": "+1" } }); 11];
    let users = json!([
        { "email": "new@example.com" },
        { "email": ADA },
        { "email": "NEW@example.com" },
        { "user_id": "65f0c0ffee0ada0000000001", "email": "other@example.com" },
        { "email": "nobody" },
        { "given_name": "Nobody" },
        { "email": "a@example.com", "email_verified": "yes" },
        { "email": "b@example.com", "password": "in clear" },
        { "email": "c@example.com", "connection": CONNECTION },
        { "email": "d@example.com", "password_hash": "plain" },
        { "email": "e@example.com", "mfa_factors": many },
        { "email": "f@example.com", "mfa_factors": [] },
        { "email": "g@example.com", "mfa_factors": [{ "totp": { "secret": "lower" } }] },
        { "email": "h@example.com", "nickname": "" },
        { "email": "i@example.com", "name": "x".repeat(301) },
        { "email": "j@example.com", "app_metadata": { "user_id": "x" } },
        { "email": "k@example.com", "custom_password_hash": { "algorithm": "rot13", "hash": { "value": "x" } } },
        { "email": "l@example.com", "custom_password_hash": { "algorithm": "md5" } },
        "nobody",
    ]);
    let job = admin.import(&users, &[]).await;
    assert_eq!(job["summary"], json!({ "failed": 18, "inserted": 1, "total": 19, "updated": 0 }));
    insta::assert_snapshot!(admin.refused(&job).await.join("\n"), @r"
    CONFLICT_EMAIL email ada@example.com
    DUPLICATED_USER - NEW@example.com
    CONFLICT user_id other@example.com
    FORMAT email nobody
    ANY_OF_MISSING - -
    INVALID_TYPE email_verified a@example.com
    OBJECT_ADDITIONAL_PROPERTIES password b@example.com
    OBJECT_ADDITIONAL_PROPERTIES connection c@example.com
    PATTERN password_hash d@example.com
    ARRAY_LENGTH_LONG mfa_factors e@example.com
    ARRAY_LENGTH_SHORT mfa_factors f@example.com
    PATTERN mfa_factors[0].totp.secret g@example.com
    MIN_LENGTH nickname h@example.com
    MAX_LENGTH name i@example.com
    NOT_PASSED app_metadata.user_id j@example.com
    ENUM_MISMATCH custom_password_hash.algorithm k@example.com
    OBJECT_REQUIRED custom_password_hash l@example.com
    INVALID_TYPE - -
    ");
    let errors = admin.get(&format!("jobs/{}/errors", job["id"].as_str().unwrap())).await;
    for secret in ["plain", "in clear", "lower"] {
        assert!(!errors.body.contains(secret), "{secret}: {}", errors.body);
    }
}

#[tokio::test]
async fn an_upsert_changes_what_it_may() {
    let admin = Admin::start().await;
    let hash = |value| json!({ "algorithm": "md5", "hash": { "value": value, "encoding": "hex" } });
    let factor = json!([{ "totp": { "secret": "GAXVUW2SJRRE2MJRKVFWIQ3XNAZWCQK4" } }]);
    // The MD5 of "first" and "second".
    let (first, second) =
        (hash("8b04d5e3775d298e78455efc5ca404d5"), hash("a9f0e61a137d86aa9db53465e0801612"));
    let users = json!([
        { "email": "bob@example.com", "username": "bob", "nickname": "Bobby", "user_metadata": { "a": 1 },
          "custom_password_hash": first },
        { "email": "sue@example.com", "username": "sue", "mfa_factors": factor },
    ]);
    assert_eq!(admin.import(&users, &[]).await["summary"]["inserted"], 2);
    let users = json!([
        { "email": "Bob@example.com", "blocked": true, "email_verified": true, "user_metadata": { "b": 2 },
          "custom_password_hash": second, "mfa_factors": factor },
        { "email": "sue@example.com", "given_name": "Sue", "mfa_factors": factor },
        { "email": "new@example.com", "username": "SUE" },
        { "user_id": "65f0c0ffee0ada0000000001", "email": "newer@example.com" },
    ]);
    let job = admin.import(&users, &[("upsert", "true")]).await;
    assert_eq!(job["summary"], json!({ "failed": 3, "inserted": 0, "total": 4, "updated": 1 }));
    assert_eq!(
        admin.refused(&job).await,
        [
            "MFA_FACTORS_FAILED mfa_factors sue@example.com",
            "CONFLICT_USERNAME username new@example.com",
            "CONFLICT user_id newer@example.com",
        ]
    );
    let bob = admin.get("users-by-email?email=bob@example.com").await.value()[0].take();
    assert_eq!((&bob["nickname"], &bob["email_verified"]), (&json!("Bobby"), &json!(true)));
    assert_eq!((&bob["user_metadata"], &bob["blocked"]), (&json!({ "b": 2 }), &Value::Null));
    assert_eq!(bob["multifactor"], json!(["guardian"]));
    assert_eq!(admin.get("users-by-email?email=sue@example.com").await.at("/0/given_name"), "Sue");
    assert_eq!(admin.log_in("bob@example.com", "first").await.status, 403);
    assert_eq!(admin.log_in("bob@example.com", "second").await.status, 200);
    // Since then the hash is ours, and no import changes it.
    let users = json!([{ "email": "bob@example.com", "custom_password_hash": first }]);
    assert_eq!(admin.import(&users, &[("upsert", "true")]).await["summary"]["updated"], 1);
    assert_eq!(admin.log_in("bob@example.com", "second").await.status, 200);
}

#[tokio::test]
async fn a_file_that_is_no_list_fails_as_a_whole() {
    let admin = Admin::start().await;
    for users in [json!({}), json!("no list")] {
        let job = admin.import(&users, &[]).await;
        let why = "Failed to parse users file JSON when importing users. Make sure it is valid JSON.";
        assert_eq!((&job["status"], &job["status_details"]), (&json!("failed"), &json!(why)));
        let errors = admin.get(&format!("jobs/{}/errors", job["id"].as_str().unwrap())).await;
        assert_eq!((errors.status, errors.value()), (200, job));
    }
}

#[tokio::test]
async fn what_is_no_import_is_refused() {
    let admin = Admin::start().await;
    let connection = admin.connection_id().await;
    let reader = token(&admin.rig, "read:users").await.text("access_token");
    let good = [("users", "[]"), ("connection_id", connection.as_str())];
    let refused = admin.form(&reader, &good).await.refusal();
    assert_eq!(refused, "403 insufficient_scope: Insufficient scope, expected any of: create:users");
    let unknown =
        admin.form(&admin.token, &[("users", "[]"), ("connection_id", "con_0000000000000000")]).await;
    assert_eq!(unknown.refusal(), "400 inexistent_connection: The connection does not exist.");
    let large = format!("[{}]", " ".repeat(512_000));
    let large = admin.form(&admin.token, &[("users", &large), ("connection_id", &connection)]).await;
    assert_eq!(large.refusal(), "413 -: Payload content length greater than maximum allowed: 512000");
    let json = admin.post("jobs/users-imports", json!({ "users": [] })).await.refusal();
    assert_eq!(
        json,
        "400 invalid_body: Payload validation error: 'The body must be multipart/form-data with a boundary'."
    );
    for path in ["jobs/job_0000000000000000", "jobs/job_0000000000000000/errors"] {
        assert_eq!(admin.get(path).await.refusal(), "404 inexistent_job: The job does not exist.");
    }
    // Two that somebody works on are as many as may be.
    let store = &admin.rig.tenant.state().store;
    for id in ["job_1", "job_2"] {
        assert!(store.insert_job(&job(id), &"[]".into(), 2).await.unwrap());
        let now = admin.rig.tenant.clock().now();
        assert_eq!(store.take_job(now, UnixTime::from_seconds(i64::MAX)).await.unwrap().unwrap().job.id, id);
    }
    let third = admin.form(&admin.token, &good).await.refusal();
    assert_eq!(
        third,
        "429 too_many_requests: There are 2 active import users jobs, please wait until some of them are finished and try again"
    );
    assert_eq!(admin.get("jobs/job_1").await.text("status"), "processing");
}

fn job(id: &str) -> Job {
    Job {
        id: id.to_owned(),
        connection_id: "con_1".to_owned(),
        connection: CONNECTION.to_owned(),
        upsert: false,
        external_id: None,
        send_completion_email: true,
        created_at: UnixTime::from_seconds(1_767_225_600),
        state: JobState::Pending,
    }
}

#[tokio::test]
async fn a_job_of_a_process_that_was_killed_is_done_by_the_next() {
    let scratch = Scratch::new();
    let start = async |seconds: i64| {
        let clock = VirtualClock::frozen(UnixTime::from_seconds(1_767_225_600 + seconds));
        Tenant::builder().database(&scratch.database()).clock(clock).start().await.unwrap()
    };
    let first = start(0).await;
    let (store, now) = (&first.state().store, first.clock().now());
    let users = r#"[{ "email": "bob@example.com" }]"#;
    store.insert_job(&job("job_1"), &users.into(), 2).await.unwrap();
    // It works on it no more.
    let taken = store.take_job(now, UnixTime::from_seconds(now.seconds() + 60)).await.unwrap();
    let next = start(61).await;
    let state = loop {
        let job = next.state().store.job("job_1").await.unwrap().unwrap();
        if let JobState::Completed(summary) = job.state {
            break summary;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((state.inserted, state.failed), (1, 0));
    // Whoever comes late changes nothing any more.
    assert_eq!(store.carry_out(&taken.unwrap(), &[], now).await.unwrap(), None);
    assert!(store.user_by_identifier(CONNECTION, "bob@example.com").await.unwrap().is_some());
}

#[tokio::test]
async fn administrators_are_told_unless_nobody_wants_it() {
    let yaml = Config { stepup: "{ dashboard_admins: [ grace@example.com ] }", ..Config::default() }.yaml();
    let rig = Rig::with_yaml(&yaml).await;
    let store = rig.tenant.state().store.clone();
    store.insert_job(&job("job_1"), &"[]".into(), 2).await.unwrap();
    let message = loop {
        if let Some(message) = rig.tenant.messages().await.unwrap().pop() {
            break message;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(message.to, "grace@example.com");
    assert!(
        message.body.contains("Of 0 users, 0 are new, 0 were changed, 0 were refused."),
        "{}",
        message.body
    );
}

#[tokio::test]
async fn what_was_done_is_counted_by_day() {
    let admin = Admin::start().await;
    assert_eq!(admin.get("stats/active-users").await.value(), json!(0));
    admin.log_in(ADA, PASSWORD).await;
    admin.log_in(ADA, PASSWORD).await;
    admin.rig.advance(86_400);
    let body = json!({ "client_id": "stepup-webapp", "connection": CONNECTION, "email": "new@example.com", "password": "A good pass phrase 1" });
    assert_eq!(admin.rig.json("dbconnections/signup", None, &body).await.status, 200);
    let admin = Admin::on(admin.rig).await;
    assert_eq!(admin.get("stats/active-users").await.value(), json!(1));
    let days = admin.get("stats/daily").await.value();
    insta::assert_json_snapshot!(days, @r#"
    [
      {
        "created_at": "2026-01-01T00:00:00.000Z",
        "date": "2026-01-01T00:00:00.000Z",
        "leaked_passwords": 0,
        "logins": 2,
        "signups": 0,
        "updated_at": "2026-01-01T00:00:00.000Z"
      },
      {
        "created_at": "2026-01-02T00:00:00.000Z",
        "date": "2026-01-02T00:00:00.000Z",
        "leaked_passwords": 0,
        "logins": 0,
        "signups": 1,
        "updated_at": "2026-01-02T00:00:00.000Z"
      }
    ]
    "#);
    assert_eq!(admin.get("stats/daily?from=20260102&to=20260102").await.value(), json!([days[1]]));
    assert_eq!(admin.get("stats/daily?to=20251231").await.value(), json!([]));
    for wrong in ["2026-1-1", "20261301", "0"] {
        let refused = admin.get(&format!("stats/daily?from={wrong}")).await.refusal();
        assert!(refused.starts_with("400 invalid_query_string"), "{refused}");
    }
    let stranger = token(&admin.rig, "read:users").await.text("access_token");
    let refused = admin.raw(&stranger, "GET", "stats/daily", String::new()).await.refusal();
    assert_eq!(refused, "403 insufficient_scope: Insufficient scope, expected any of: read:stats");
}
