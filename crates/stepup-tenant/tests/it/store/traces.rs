//! Transactions as sequences.

use stepup_tenant::model::{LogEvent, Step, Trace};

use super::{NOW, on_every_database};

#[tokio::test]
async fn transactions_come_newest_first_and_whole() {
    on_every_database(async |store| {
        let step = |transaction: &str, path: &str| Step {
            transaction_id: transaction.to_owned(),
            path: path.to_owned(),
            date: NOW,
            status: 200,
            ..Step::default()
        };
        let event = |transaction: &str, kind: &str| LogEvent {
            transaction_id: Some(transaction.to_owned()),
            ..LogEvent::new(kind, NOW)
        };
        let steps = [("a", "/1"), ("b", "/2"), ("a", "/3"), ("c", "/4"), ("b", "/5")];
        let events = [LogEvent::new("s", NOW), event("a", "mfar"), event("b", "fp"), event("a", "seotpft")];
        store.append_log(&events, None).await.unwrap();
        for (transaction, path) in steps {
            store.append_log(&[], Some(&step(transaction, path))).await.unwrap();
        }

        let all = store.traces(None, 10).await.unwrap();
        let told: Vec<_> = all
            .iter()
            .map(|it| (it.transaction_id.as_str(), it.first.path.as_str(), it.last.path.as_str(), it.steps))
            .collect();
        assert_eq!(told, [("b", "/2", "/5", 2), ("c", "/4", "/4", 1), ("a", "/1", "/3", 2)]);
        let rest = store.traces(Some(all[1].cursor), 10).await.unwrap();
        assert_eq!(rest, all[2..]);
        assert_eq!(store.traces(None, 1).await.unwrap(), all[..1]);

        let trace = store.trace("a").await.unwrap();
        assert_eq!(trace.steps, [step("a", "/1"), step("a", "/3")]);
        let kinds: Vec<_> = trace.events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["mfar", "seotpft"]);
        assert_eq!(store.trace("unknown").await.unwrap(), Trace::default());
        store.clear().await.unwrap();
        assert_eq!(store.traces(None, 10).await.unwrap(), []);
    })
    .await;
}
