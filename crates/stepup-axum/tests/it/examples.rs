//! The complete flows of EXAMPLES.md start. The files beside this one are its blocks, word for word.

use stepup::Client;

mod ready_made {
    include!("examples/ready_made.rs");

    pub(super) fn start(client: ClientBuilder) -> Result<Router, ConfigError> {
        app(client)
    }
}

#[test]
fn the_blocks_are_those_that_run_here() {
    let shown = include_str!("../../../../EXAMPLES.md");
    for (name, run) in [("ready_made", include_str!("examples/ready_made.rs"))] {
        assert!(shown.contains(&format!("\n{run}```\n")), "EXAMPLES.md and examples/{name}.rs differ");
    }
}

#[test]
fn the_ready_made_pages_start() {
    let complete = |name: &str| {
        let value = match name {
            "AUTH0_DOMAIN" => "tenant.example.com",
            "AUTH0_CLIENT_ID" => "webapp",
            "AUTH0_CLIENT_SECRET" => "client secret",
            "AUTH0_SECRET" => "a secret of thirty-two bytes or more",
            "APP_BASE_URL" => "http://localhost:3000",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let started = ready_made::start(Client::builder().environment_from(complete));
    assert_eq!(started.err().map(|error| error.to_string()), None);
}
