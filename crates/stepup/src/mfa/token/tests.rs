//! Round trips, bindings, and the tokens that the official packages sealed.

use serde_json::{Value, json};
use stepup_seal::Secrets;

use super::*;

const ISSUER: &str = "https://tenant.example.auth0.com/";
const NOW: UnixTime = UnixTime::from_seconds(1_767_225_600);
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[derive(Debug)]
struct Counting;

impl Random for Counting {
    fn fill(&self, destination: &mut [u8]) {
        destination.iter_mut().zip(1..).for_each(|(byte, number)| *byte = number);
    }
}

fn sealer(secret: &str, format: Format) -> Sealer {
    Sealer::new(&Secrets::new([SecretString::from(secret)]).unwrap(), format)
}

fn at<'a>(sealer: &'a Sealer, now: UnixTime) -> Sealing<'a> {
    Sealing { sealer, peers: &[], issuer: ISSUER, ttl: Duration::from_secs(300), now, random: &Counting }
}

fn context() -> Context {
    Context {
        raw: RawToken::new("Fe26.2*raw".to_owned()).unwrap(),
        audience: Some("https://api.example.com".to_owned()),
        scope: Scopes::from("openid transfer:funds"),
        requirements: Some(serde_json::from_value(json!({"challenge":[{"type":"otp"}]})).unwrap()),
        issuer: Some(ISSUER.to_owned()),
        subject: Some("auth0|ada".to_owned()),
        created_at: NOW,
        proved: vec![FactorType::Otp],
    }
}

/// What a context says, in the words of the vectors.
fn told(context: &Context) -> Value {
    json!({
        "token": context.raw.expose(),
        "audience": context.audience,
        "scope": context.scope,
        "requirements": context.requirements,
        "issuer": context.issuer,
        "subject": context.subject,
        "created_at": context.created_at,
    })
}

#[test]
fn a_token_opens_as_what_was_sealed_in_every_form() {
    for format in [Format::Stepup, Format::NextjsAuth0, Format::Auth0ServerPython] {
        let sealer = sealer(SECRET, format);
        for audience in [Some("https://api.example.com".to_owned()), None] {
            let context = Context { audience, ..context() };
            let token = at(&sealer, NOW).seal(&context);
            let opened = at(&sealer, NOW).open(&token).unwrap();
            assert_eq!(told(&opened), told(&context), "{format:?}");
            assert!(!token.as_str().contains("Fe26"), "{format:?}");
        }
    }
}

#[test]
fn a_token_ends_with_its_time_to_live() {
    for (format, last) in
        [(Format::Stepup, 299), (Format::NextjsAuth0, 314), (Format::Auth0ServerPython, 300)]
    {
        let sealer = sealer(SECRET, format);
        let token = at(&sealer, NOW).seal(&context());
        let after = |seconds| at(&sealer, NOW + Duration::from_secs(seconds)).open(&token).map(drop);
        assert_eq!(after(last), Ok(()), "{format:?}");
        assert_eq!(after(last + 1), Err(MfaTokenError::Expired), "{format:?}");
    }
}

#[test]
fn a_token_of_another_tenant_secret_form_or_purpose_is_invalid() {
    let ours = sealer(SECRET, Format::Stepup);
    let token = at(&ours, NOW).seal(&context());
    let invalid = |sealing: &Sealing<'_>, token: &MfaToken| {
        assert_eq!(sealing.open(token).unwrap_err(), MfaTokenError::Invalid);
    };

    invalid(&Sealing { issuer: "https://other.example.com/", ..at(&ours, NOW) }, &token);
    invalid(&at(&sealer("another secret of thirty-two bytes", Format::Stepup), NOW), &token);
    invalid(&at(&sealer(SECRET, Format::NextjsAuth0), NOW), &token);
    let (raw, form) = ((form::Stepup::RAW, "Fe26.2*raw"), form::Stepup::of(&context()));
    let later = NOW + Duration::from_secs(300);
    let session = ours.seal_with_text(Purpose::Session, "", raw, &form, later, &Counting);
    invalid(&at(&ours, NOW), &session.into());
    for text in ["", "nonsense", "Fe26.2*1*raw", &"a".repeat(LONGEST + 1)] {
        invalid(&at(&ours, NOW), &text.into());
    }
    for position in [0, token.0.len() / 2, token.0.len() - 2] {
        let mut bytes = token.0.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        invalid(&at(&ours, NOW), &String::from_utf8(bytes).unwrap().into());
    }
}

#[test]
fn a_token_belongs_to_the_user_it_was_made_for() {
    let bound = context();
    assert_eq!(bound.check_subject(Some("auth0|ada")), Ok(()));
    assert_eq!(bound.check_subject(Some("auth0|bob")), Err(MfaTokenError::NotFound));
    assert_eq!(bound.check_subject(None), Ok(()));
    let unbound = Context { subject: None, ..context() };
    assert_eq!(unbound.check_subject(Some("auth0|bob")), Ok(()));
}

#[test]
fn a_token_and_its_context_print_no_secret() {
    assert!(!format!("{:?}", context()).contains("Fe26"));
}

/// A session is no MFA token here.
const STRICTER: [&str; 1] = ["a session cookie given as an mfa token"];

#[test]
fn tokens_of_nextjs_auth0_open_as_they_do_there() {
    opens_like_the_peer(
        include_str!("../../../tests/fixtures/nextjs-mfa-token.json"),
        Format::NextjsAuth0,
        ["mfaToken", "mfaRequirements"],
    );
}

#[test]
fn tokens_of_auth0_server_python_open_as_they_do_there() {
    opens_like_the_peer(
        include_str!("../../../tests/fixtures/python-mfa-token.json"),
        Format::Auth0ServerPython,
        ["mfa_token", "mfa_requirements"],
    );
}

fn opens_like_the_peer(fixture: &str, format: Format, [token_member, requirements_member]: [&str; 2]) {
    let vectors: Value = serde_json::from_str(fixture).unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let secret = case["secret"].as_str().unwrap();
        let (theirs, ours) = (sealer(secret, format), sealer(secret, Format::Stepup));
        let peers = [theirs.clone()];
        let ttl = Duration::from_secs(case["ttl"].as_u64().unwrap_or(300));
        let token = MfaToken::from(case["token"].as_str().unwrap());
        for check in case["checks"].as_array().unwrap() {
            let now = UnixTime::from_seconds(check["at"].as_i64().unwrap());
            let expected = if STRICTER.contains(&name) {
                "mfa_token_invalid"
            } else {
                check["result"].as_str().unwrap()
            };
            let in_their_form = Sealing { ttl, ..at(&theirs, now) };
            let also_read = Sealing { ttl, peers: &peers, ..at(&ours, now) };
            for opened in [in_their_form.open(&token), also_read.open(&token)] {
                match (opened, expected) {
                    (Err(MfaTokenError::Expired), "mfa_token_expired")
                    | (Err(MfaTokenError::Invalid), "mfa_token_invalid") => {}
                    (Ok(context), "ok") => {
                        let told = &check["context"];
                        assert_eq!(context.raw.expose(), told[token_member], "{name}");
                        let audience =
                            told["audience"].as_str().filter(|word| !["", "default"].contains(word));
                        assert_eq!(context.audience.as_deref(), audience, "{name}");
                        assert_eq!(context.scope, Scopes::from(told["scope"].as_str().unwrap()), "{name}");
                        let requirements: Option<MfaRequirements> =
                            serde_json::from_value(told[requirements_member].clone()).unwrap();
                        assert_eq!(context.requirements, requirements, "{name}");
                    }
                    (opened, expected) => panic!("{name} at {now}: {opened:?} where {expected} was due"),
                }
            }
        }
    }
}
