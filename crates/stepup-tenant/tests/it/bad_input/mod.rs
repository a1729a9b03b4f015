//! Whatever comes is answered: malformed, mistyped, repeated, oversized or binary, with and without credentials. Never a
//! 5xx, never a panic, never for long.

mod administration;
mod behind;
mod everywhere;
mod routes;
mod size;

use crate::rig::Answer;

/// The answer is one of those that a bad request gets, and says nothing of the inside.
#[track_caller]
fn assert_told(answer: &Answer, what: &str) {
    assert!((200..500).contains(&answer.status), "{what}: {} {}", answer.status, answer.body);
    for inside in ["panicked", "sqlx", "SqliteError", "RUST_BACKTRACE", ".rs:", "serde"] {
        assert!(!answer.body.contains(inside), "{what}: {}", answer.body);
    }
}

/// Texts that something might stumble over.
const HOSTILE: [&str; 18] = [
    " ",
    "\u{0}",
    "a\u{0}b",
    "\r\nSet-Cookie: x=y",
    "%00%ff%",
    "../../../../etc/passwd",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "\u{feff}\u{202e}\u{0301}😀",
    "-1",
    "1e400",
    "99999999999999999999999999",
    "NaN",
    "null",
    "[object Object]",
    "javascript:alert(1)//\\",
];
