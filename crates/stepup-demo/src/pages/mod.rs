//! The bank's pages: one struct a page, its template in `templates/` under the same name.

pub(crate) mod notice;

use askama::Template;
use axum::response::Html;

use crate::bank::{Movement, Statement};
use crate::money::Pounds;
use crate::order::{Order, OrderId};

/// What the head of every page shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    /// What the customer is called; `None` before the log-in.
    pub(crate) customer: Option<String>,
}

/// `/`: what the bank is, and the way in.
#[derive(Debug, Template)]
#[template(path = "front.html")]
pub(crate) struct Front {
    pub(crate) frame: Frame,
}

/// `/balance`: what there is, and where it came from.
#[derive(Debug, Template)]
#[template(path = "balance.html")]
pub(crate) struct Balance {
    pub(crate) frame: Frame,
    pub(crate) statement: Statement,
}

/// `/transfer`: to whom, and how much.
#[derive(Debug, Default, Template)]
#[template(path = "transfer.html")]
pub(crate) struct Transfer {
    pub(crate) frame: Frame,
    pub(crate) balance: Pounds,
    /// What was typed before.
    pub(crate) to: String,
    pub(crate) amount: String,
    pub(crate) to_problem: Option<&'static str>,
    pub(crate) amount_problem: Option<&'static str>,
}

/// `/transfer/{id}`: set up an authenticator app.
#[derive(Template)]
#[template(path = "enroll.html")]
pub(crate) struct Enroll {
    pub(crate) frame: Frame,
    pub(crate) id: OrderId,
    pub(crate) order: Order,
    pub(crate) secret: String,
    pub(crate) barcode_uri: String,
    pub(crate) qr: Option<String>,
    pub(crate) problem: Option<&'static str>,
}

/// `/transfer/{id}`: the code of the authenticator app.
#[derive(Debug, Template)]
#[template(path = "challenge.html")]
pub(crate) struct Challenge {
    pub(crate) frame: Frame,
    pub(crate) id: OrderId,
    pub(crate) order: Order,
    /// Whether the customer has another factor, for the SDK's pages.
    pub(crate) or_confirm: bool,
    pub(crate) problem: Option<&'static str>,
}

/// `/transfer/{id}/recovery-code`: the recovery code instead.
#[derive(Debug, Template)]
#[template(path = "recovery.html")]
pub(crate) struct Recovery {
    pub(crate) frame: Frame,
    pub(crate) id: OrderId,
    pub(crate) order: Order,
    pub(crate) problem: Option<&'static str>,
}

/// `/transfer/{id}`: the new recovery code, until it is kept.
#[derive(Template)]
#[template(path = "keep.html")]
pub(crate) struct Keep {
    pub(crate) frame: Frame,
    pub(crate) id: OrderId,
    pub(crate) order: Order,
    pub(crate) recovery_code: String,
    pub(crate) tick_is_missing: bool,
}

/// `/transfer/{id}`: an order that was not carried out yet, and can be.
#[derive(Debug, Template)]
#[template(path = "resume.html")]
pub(crate) struct Resume {
    pub(crate) frame: Frame,
    pub(crate) id: OrderId,
    pub(crate) order: Order,
    pub(crate) problem: Option<&'static str>,
}

/// `/transfer/{id}`: done.
#[derive(Debug, Template)]
#[template(path = "receipt.html")]
pub(crate) struct Receipt {
    pub(crate) frame: Frame,
    pub(crate) order: Order,
    pub(crate) balance: Pounds,
}

/// `/developer`: the step-up from a script.
#[derive(Debug, Template)]
#[template(path = "developer.html")]
pub(crate) struct Developer {
    pub(crate) frame: Frame,
}

/// A page as a response body. A template writes to a `String` and calls nothing that fails, so it always comes out.
#[expect(
    clippy::expect_used,
    reason = "the templates call no fallible code, and writing to a String cannot fail"
)]
pub(crate) fn html(page: &impl Template) -> Html<String> {
    Html(page.render().expect("a page renders"))
}

/// Characters in groups of four, as people read codes aloud.
fn groups_of_four(code: &str) -> Vec<String> {
    let characters: Vec<char> = code.chars().collect();
    characters.chunks(4).map(|group| group.iter().collect()).collect()
}

impl Movement {
    /// `24 Nov`.
    fn day(&self) -> String {
        self.on.strftime("%-d %b").to_string()
    }

    /// `+£25.00` or `−£25.00`.
    fn change(&self) -> String {
        let plus = if self.pence > 0 { "+" } else { "" };
        format!("{plus}{}", Pounds(self.pence))
    }
}
