//! Where the MFA routes differ from nextjs-auth0's on purpose.

/// What ours answers in a recorded case, and why.
pub(super) struct Deviation {
    /// Group and name of the case.
    pub(super) case: &'static str,
    pub(super) status: u16,
    /// The body, where it differs too.
    pub(super) body: Option<&'static str>,
    /// Whether the same requests go out.
    pub(super) same_requests: bool,
    pub(super) why: &'static str,
}

const fn status(case: &'static str, status: u16, why: &'static str) -> Deviation {
    Deviation { case, status, body: None, same_requests: true, why }
}

const CALLER_CAN_ACT: &str = "a status that the caller can act on is passed on";
const TENANT_FAILED: &str = "a failure of the tenant is a bad gateway";
const NOT_SPENT: &str = "nothing is spent that could not be kept";

pub(super) const DEVIATIONS: [Deviation; 26] = [
    status("authenticators: upstream 401", 401, CALLER_CAN_ACT),
    status("authenticators: upstream 429", 429, CALLER_CAN_ACT),
    Deviation {
        body: Some(r#"{"error":"server_error","error_description":"Failed to retrieve authenticators"}"#),
        ..status("authenticators: upstream 500 html", 502, TENANT_FAILED)
    },
    Deviation {
        body: Some(
            r#"{"error":"server_error","error_description":"Unexpected error during authenticator retrieval"}"#,
        ),
        ..status("authenticators: upstream 200 with a body that is not JSON", 502, TENANT_FAILED)
    },
    Deviation {
        body: Some(
            r#"[{"id":"totp|dev_1","authenticator_type":"otp","type":"otp","active":true},
                {"id":"recovery-code|dev_3","authenticator_type":"recovery-code","active":true}]"#,
        ),
        ..status(
            "authenticators: recovery-code without a type member",
            200,
            "authenticators are matched by meaning",
        )
    },
    Deviation {
        body: Some(r#"{"error":"invalid_request","error_description":"Missing or invalid id"}"#),
        ..status(
            "authenticators: DELETE on the route: not an SDK route (passes through)",
            400,
            "authenticators can be deleted",
        )
    },
    Deviation {
        body: Some(r#"{"error":"invalid_request","error_description":"Missing or invalid mfa_token"}"#),
        ..status("challenge: JSON null as the body", 400, "a body that is no object has no members")
    },
    Deviation {
        body: Some(r#"{"challenge_type":"oob"}"#),
        same_requests: false,
        ..status("challenge: oob where phone is required", 200, "challenges are matched by meaning")
    },
    status("challenge: upstream 403", 403, CALLER_CAN_ACT),
    status("challenge: upstream 429", 429, CALLER_CAN_ACT),
    Deviation {
        body: Some(r#"{"error":"server_error","error_description":"Failed to initiate MFA challenge"}"#),
        ..status("challenge: upstream 502 html", 502, TENANT_FAILED)
    },
    status("associate: sms without a phone number is sent on", 400, "an enrolment error is not ours"),
    status("associate: upstream 403", 403, CALLER_CAN_ACT),
    Deviation {
        body: Some(r#"{"error":"server_error","error_description":"Failed to enroll authenticator"}"#),
        ..status("associate: upstream 500 html", 502, TENANT_FAILED)
    },
    Deviation {
        body: Some(MISSING_SESSION),
        ..status(
            "verify: oob_code alone, as push needs",
            400,
            "a push needs no binding code; this one has no session",
        )
    },
    status("verify: discovery fails", 502, TENANT_FAILED),
    status("verify: wrong code", 403, CALLER_CAN_ACT),
    status("verify: mfa token expired at the provider", 401, CALLER_CAN_ACT),
    status("verify: rate limited", 429, CALLER_CAN_ACT),
    status("verify: upstream 500 JSON error", 502, TENANT_FAILED),
    Deviation {
        body: Some(r#"{"error":"server_error","error_description":"Failed to verify MFA"}"#),
        ..status("verify: upstream 502 html", 502, TENANT_FAILED)
    },
    Deviation {
        body: Some(
            r#"{"error":"user_mismatch","error_description":"The verification was for another user than the one who is logged in."}"#,
        ),
        ..status("verify: the session belongs to another user", 403, "two users are never mixed")
    },
    Deviation {
        body: Some(MISSING_SESSION),
        same_requests: false,
        ..status("verify: no session, no id token", 400, NOT_SPENT)
    },
    Deviation {
        body: Some(MISSING_SESSION),
        same_requests: false,
        ..status("verify: no session, id token: a session is created", 400, NOT_SPENT)
    },
    Deviation {
        body: Some(MISSING_SESSION),
        same_requests: false,
        ..status("verify: no session, id token for another client", 400, NOT_SPENT)
    },
    Deviation {
        body: Some(MISSING_SESSION),
        same_requests: false,
        ..status("verify: no session, id token of another issuer", 400, NOT_SPENT)
    },
];

const MISSING_SESSION: &str = r#"{"error":"missing_session","error_description":"There is no session to keep the result in. Log in first, or ask for the 'openid' scope."}"#;
