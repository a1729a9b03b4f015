//! What the ready-made pages tell to the outside: nothing of what is on them, or typed into them.

use super::{
    factors::{add_app, transfer},
    visitor::Visitor,
};
use crate::{captured::Captured, told::Flow};

#[tokio::test]
async fn no_secret_of_a_step_up_over_the_pages_is_told() {
    let (captured, _guards) = Captured::begin();
    let flow = Flow::begin().await;
    let mut visitor = Visitor::ada(&flow.house).await;
    flow.wire.cookies(&visitor.jar.line());
    visitor.manage().await;
    assert_eq!(visitor.heading(), "Your second steps");
    flow.wire.cookies(&visitor.jar.line());
    let secret = add_app(&mut visitor).await;
    flow.wire.cookies(&visitor.jar.line());
    assert_eq!(visitor.heading(), "Keep your recovery code");
    visitor.press("kept", &[("saved", "yes")]).await;

    visitor.begin(&transfer(), Some("to=bob&amount=1000000")).await;
    flow.wire.cookies(&visitor.jar.line());
    let app = visitor.choice("Authenticator app");
    visitor.press("use", &[("authenticator", &app)]).await;
    visitor.press("code", &[("code", "000000")]).await;
    visitor.press("code", &[("code", &flow.house.next_code(&secret))]).await;

    assert_eq!(captured.count("stepup_mfa_verified_total{factor=\"otp\"}"), 2);
    flow.assert_silent(&captured);
}
