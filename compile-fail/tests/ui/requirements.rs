//! A handler names what it needs by a requirement's type, not by the guard's.

use stepup_axum::{StepUp, SteppedUp};

async fn a_guard_is_no_requirement(stepped_up: SteppedUp<StepUp>) -> String {
    stepped_up.session.subject().to_owned()
}

fn main() {}
