//! The editor of Actions: what was typed is kept whatever its buttons do, and only what is deployed runs.

use crate::rig::{Answer, Rig};

const CODE: &str = "exports.onExecutePostLogin = async (event, api) => { console.log(event.secrets.WHY); };";

/// A new Action: the address of its editor.
async fn created(rig: &Rig, name: &str) -> String {
    let answer = rig.form("/dashboard/actions", &[("name", name)]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.header("location").to_owned()
}

async fn press(rig: &Rig, editor: &str, action: &str, code: &str) -> Answer {
    rig.form(editor, &[("action", action), ("code", code)]).await
}

/// The names of the Actions that run at the login, in their order.
async fn order(rig: &Rig) -> Vec<String> {
    let page = rig.get("/dashboard/actions").await.body;
    let (list, _) = page.split_once("</ol>").unwrap();
    let (_, list) = list.split_once("<ol").unwrap();
    let links = list.split("</a>").filter_map(|item| item.rsplit_once('>'));
    links.map(|(_, name)| name.to_owned()).filter(|name| !name.trim().is_empty()).collect()
}

#[tokio::test]
async fn every_button_keeps_the_code_that_was_typed() {
    let rig = Rig::start().await;
    let editor = created(&rig, "greeting").await;
    let first = order(&rig).await;
    assert_eq!(first.len(), 1);
    let step_up = first[0].as_str();
    for (verb, arranged) in [
        ("save", vec![step_up]),
        ("bind", vec![step_up, "greeting"]),
        ("up", vec!["greeting", step_up]),
        ("up", vec!["greeting", step_up]),
        ("down", vec![step_up, "greeting"]),
        ("down", vec![step_up, "greeting"]),
        ("unbind", vec![step_up]),
    ] {
        let typed = format!("{CODE}\n// typed before {verb}, {arranged:?}");
        let page = press(&rig, &editor, verb, &typed).await;
        assert_eq!(page.status, 200, "{verb}: {}", page.body);
        let kept = rig.get(&editor).await.body;
        for page in [&page.body, &kept] {
            assert!(page.contains(&format!("// typed before {verb}, ")), "{verb}: {page}");
            assert!(page.contains("has changes that are not deployed"), "{verb}: {page}");
        }
        assert_eq!(order(&rig).await, arranged, "{verb}");
    }
    let page = press(&rig, &editor, "deploy", CODE).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("Deployed.") && !page.body.contains("not deployed"), "{}", page.body);
}

#[tokio::test]
async fn code_that_is_broken_is_kept_and_does_not_run() {
    let rig = Rig::start().await;
    let editor = created(&rig, "greeting").await;
    let denies = "exports.onExecutePostLogin = async (event, api) => { api.access.deny('closed'); };";
    press(&rig, &editor, "deploy", denies).await;
    press(&rig, &editor, "bind", "oops(;").await;
    assert_eq!(rig.password(&[]).await.failure(), "403 access_denied: closed", "what was deployed runs");
    let page = press(&rig, &editor, "deploy", "oops(;\n// kept").await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("role=\"alert\">Line 1") && page.body.contains("// kept"), "{}", page.body);
    assert!(rig.get(&editor).await.body.contains("// kept"));
    assert_eq!(rig.password(&[]).await.status, 403);
}

#[tokio::test]
async fn secrets_are_set_and_removed_and_shown_by_name_alone() {
    let rig = Rig::start().await;
    let editor = created(&rig, "greeting").await;
    let set = [("action", "save"), ("code", CODE), ("secret", "WHY"), ("value", "a value that nobody sees")];
    let page = rig.form(&editor, &set).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("<code>WHY</code>") && !page.body.contains("nobody sees"), "{}", page.body);

    let tried = press(&rig, &editor, "try", CODE).await;
    assert!(tried.body.contains("a value that nobody sees"), "the code reads it: {}", tried.body);
    let more = [("secret", "OTHER"), ("value", "x"), ("code", "// typed meanwhile")];
    let page = rig.form(&editor, &more).await;
    assert!(
        page.body.contains("<code>WHY</code>") && page.body.contains("<code>OTHER</code>"),
        "{}",
        page.body
    );
    assert!(page.body.contains("// typed meanwhile"), "{}", page.body);

    let page = rig.form(&editor, &[("forget", "WHY"), ("code", CODE)]).await;
    assert!(
        !page.body.contains("<code>WHY</code>") && page.body.contains("<code>OTHER</code>"),
        "{}",
        page.body
    );
    assert!(!press(&rig, &editor, "try", CODE).await.body.contains("nobody sees"));
    for half in [[("secret", "WHY"), ("code", "// half")], [("value", "x"), ("code", "// half")]] {
        let page = rig.form(&editor, &half).await;
        assert_eq!(page.status, 400);
        assert!(page.body.contains("A secret has a name and a value.") && page.body.contains("// half"));
    }
}

#[tokio::test]
async fn deleting_asks_first() {
    let rig = Rig::start().await;
    let editor = created(&rig, "greeting").await;
    press(&rig, &editor, "deploy", CODE).await;
    let page = rig.get(&editor).await.body;
    let (_, asked) = page.split_once("<details>").unwrap();
    let (question, _) = asked.split_once("</details>").unwrap();
    assert!(question.contains("<summary>Delete this Action</summary>"), "{question}");
    assert!(question.contains("value=\"delete\">Delete for good<"), "{question}");
    assert_eq!(page.matches("value=\"delete\"").count(), 1, "no other button deletes");

    let id = editor.rsplit('/').next().unwrap().replace("%2D", "-");
    assert_eq!(rig.tenant.state().store.versions(&id).await.unwrap().len(), 1);
    let deleted = rig.form(&editor, &[("action", "delete")]).await;
    assert_eq!((deleted.status, deleted.header("location")), (303, "/dashboard/actions"));
    assert_eq!(rig.get(&editor).await.status, 404);
    assert!(rig.tenant.state().store.versions(&id).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_editor_takes_as_much_code_as_the_management_api() {
    let rig = Rig::start().await;
    let editor = created(&rig, "long").await;
    // what a form writes as three bytes each
    let longest = format!("{CODE}/*{}*/", "=".repeat(100_000 - CODE.len() - 4));
    let page = press(&rig, &editor, "deploy", &longest).await;
    assert_eq!(page.status, 200, "{}", &page.body[..1000]);
    assert!(page.body.contains("Deployed."));
    let refused = press(&rig, &editor, "save", &format!("/{longest}")).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("The code of an Action has 100,000 characters at most."));
    let kept = rig.get(&editor).await.body;
    assert!(
        kept.contains(">exports.onExecutePostLogin") && kept.contains("===*/<"),
        "what was deployed stays"
    );
}
