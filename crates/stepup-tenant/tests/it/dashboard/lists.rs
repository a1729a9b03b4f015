//! Lists that are longer than a page, and what is looked for in them.

use std::time::Duration;

use stepup_protocol::time::UnixTime;
use stepup_tenant::model::{Channel, LogEvent, Message};

use crate::rig::Rig;

const NOW: UnixTime = UnixTime::from_seconds(1_767_225_600);

fn event(user: &str) -> LogEvent {
    LogEvent { user_name: Some(user.to_owned()), ..LogEvent::new("fp", NOW) }
}

/// One event of Ada, and then as many of Grace.
async fn log_of(rig: &Rig, more: usize) {
    let mut events = vec![event("Ada@example.com")];
    events.extend(std::iter::repeat_n(event("grace@example.com"), more));
    rig.tenant.state().store.append_log(&events, None).await.unwrap();
}

/// Where a link leads, if it is there and can be seen.
fn link(page: &str, text: &str) -> Option<String> {
    let (before, _) = page.split_once(&format!(">{text}</a>"))?;
    let (_, link) = before.rsplit_once("<a href=\"")?;
    let (address, rest) = link.split_once('"')?;
    (!rest.contains("hidden")).then(|| address.replace("&amp;", "&"))
}

/// The newest event that a page knows.
fn newest(page: &str) -> &str {
    page.split_once("data-newest=\"").and_then(|(_, rest)| rest.split_once('"')).unwrap().0
}

fn rows(page: &str) -> usize {
    page.matches("<tr data-id=").count()
}

#[tokio::test]
async fn the_log_is_searched_whole_and_read_page_by_page() {
    let rig = Rig::start().await;
    log_of(&rig, 250).await;
    let newest = rig.get("/dashboard/logs").await.body;
    assert!(newest.contains("data-follow="), "the newest are followed");
    assert_eq!((rows(&newest), link(&newest, "Newest")), (200, None));
    let older = rig.get(&link(&newest, "Older").unwrap()).await.body;
    assert_eq!((rows(&older), link(&older, "Older")), (51, None));
    assert!(older.contains("Ada@example.com") && !older.contains("data-follow="), "{older}");
    assert_eq!(link(&older, "Newest").unwrap(), "/dashboard/logs?type=&user=");

    let ada = rig.get("/dashboard/logs?user=ada%40&type=fp").await.body;
    assert_eq!((rows(&ada), link(&ada, "Older")), (1, None), "{ada}");
    let grace = rig.get("/dashboard/logs?user=grace").await.body;
    let older = rig.get(&link(&grace, "Older").unwrap()).await.body;
    assert_eq!((rows(&grace), rows(&older)), (200, 50), "the filter goes along");
}

/// Between the drawing of a page and its question there is time, on a slow machine a good deal of it.
#[tokio::test]
async fn what_happens_before_a_page_asks_for_changes_is_told_at_once() {
    let rig = Rig::start().await;
    for page in ["/dashboard/inbox", "/dashboard/devices", "/dashboard/logins"] {
        log_of(&rig, 0).await;
        let drawn = rig.get(page).await.body;
        log_of(&rig, 0).await;
        let path = format!("/dashboard/changes?after={}", newest(&drawn));
        let answer = tokio::time::timeout(Duration::from_secs(5), rig.get(&path)).await;
        assert_eq!(answer.map(|answer| answer.status), Ok(200), "{page}");
    }
}

#[tokio::test]
async fn a_followed_log_waits_for_what_fits_the_filter() {
    let rig = Rig::start().await;
    log_of(&rig, 0).await;
    let page = rig.get("/dashboard/logs?user=ada").await.body;
    let newest = newest(&page);
    let log = &rig.tenant.state().log;
    log.record(event("grace@example.com")).await;
    let path = format!("/dashboard/logs/new?type=&user=ada&after={newest}");
    let mut waiting = Box::pin(rig.get(&path));
    let early = tokio::time::timeout(Duration::from_millis(300), &mut waiting).await;
    assert!(early.is_err(), "answered without one of Ada: {early:?}");
    log.record(event("grace@example.com")).await;
    log.record(event("ada@example.com")).await;
    let answer = waiting.await;
    assert_eq!((answer.status, rows(&answer.body)), (200, 1), "{}", answer.body);
}

#[tokio::test]
async fn the_inbox_is_searched_whole_and_read_page_by_page() {
    let rig = Rig::start().await;
    let store = &rig.tenant.state().store;
    for number in 0..=200 {
        let message = Message {
            id: format!("msg_{number}"),
            channel: Channel::Sms,
            to: if number == 0 { "+44first" } else { "+1202" }.to_owned(),
            code: None,
            body: String::new(),
            user_id: None,
            created_at: NOW,
            undelivered: None,
        };
        store.insert_message(&message).await.unwrap();
    }
    let newest = rig.get("/dashboard/inbox").await.body;
    assert!(!newest.contains("+44first") && link(&newest, "Newer").is_none());
    let older = rig.get(&link(&newest, "Older").unwrap()).await.body;
    assert!(older.contains("+44first") && !older.contains("+1202<"), "{older}");
    assert!(link(&older, "Newer").is_some() && link(&older, "Older").is_none(), "{older}");
    assert!(rig.get("/dashboard/inbox?to=FIRST").await.body.contains("+44first"));
}

#[tokio::test]
async fn an_empty_list_says_why() {
    let rig = Rig::start().await;
    for (path, words) in [
        ("/dashboard/logs", "Nothing yet."),
        ("/dashboard/logs?user=nobody", "No event fits the filter."),
        ("/dashboard/logs?before=9", "No event is older."),
        ("/dashboard/inbox", "No message yet."),
        ("/dashboard/inbox?to=nobody", "No message to such a recipient."),
        ("/dashboard/inbox?page=7", "No message is older."),
        ("/dashboard/users?q=nobody", "Nobody is called that."),
    ] {
        let page = rig.get(path).await.body;
        assert!(page.contains(words), "{path}: {page}");
    }
}

#[tokio::test]
async fn users_are_found_by_any_part_of_their_name() {
    let rig = Rig::start().await;
    for wanted in ["lovelace", "Ada", "ada@example", "example.com"] {
        let page = rig.get(&format!("/dashboard/users?q={wanted}")).await.body;
        assert!(page.contains("ada@example.com"), "{wanted}: {page}");
    }
    assert!(!rig.get("/dashboard/users?q=grace").await.body.contains("ada@example.com"));
}

#[tokio::test]
async fn a_device_says_how_long_it_shows_its_code() {
    let rig = Rig::start().await;
    rig.tenant.scan("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").await.unwrap();
    for (advance, left) in [(0, 30), (29, 1), (1, 30)] {
        rig.advance(advance);
        let page = rig.get("/dashboard/devices").await.body;
        assert!(page.contains(&format!("<span data-seconds-left>{left}</span> s left")), "{page}");
    }
}
