//! From version to version and back, with what they may do, and the bot that runs each of them.

use super::{Desk, file};

#[tokio::test]
async fn an_upgrade_asks_for_what_is_new_and_a_roll_back_takes_it_back() {
    let desk = Desk::opens().await;
    let (old, new) = (file("give-up").0, file("tables").0);
    desk.plugin(&["add", &old, "--name", "guest", "--yes"]).await.done();
    let error = desk.plugin(&["rollback", "guest"]).await.refused();
    assert!(error.contains("nothing is known of a version of `guest` before this one"), "{error}");
    // What an operator has written beside it is his.
    let text = desk.text().replace("grant = [\"chat\"]", "grant = [\"chat\"] # no more\npriority = 2");
    std::fs::write(desk.config(), &text).expect("a file");

    let error = desk.refuses(&["upgrade", "guest", &new]).await;
    assert!(error.contains("whether to grant what it asks for: `tables`, `files`"), "{error}");
    let said = desk.plugin(&["upgrade", "guest", &new, "--grant", "tables,files"]).await.done();
    for line in [
        "  - command     /ping: Answer\n",
        "  + asks for    tables: keep rows in the database\n",
        "  + table       counters: ",
        "is 0.1.0 now, with the grant [\"chat\", \"tables\", \"files\"].",
    ] {
        assert!(said.contains(line), "{line} is missing in:\n{said}");
    }
    let upgraded =
        text.replace(file("give-up").1, file("tables").1).replace("[\"chat\"]", "[\"chat\", \"tables\", \"files\"]");
    assert_eq!(desk.text(), upgraded);
    desk.talks("/hit jar", "jar 1").await;

    let said = desk.plugin(&["rollback", "guest"]).await.done();
    assert!(said.contains("  - asks for    tables: keep rows in the database\n"), "{said}");
    assert!(said.contains("is 0.1.0 again, with the grant [\"chat\"] as it was then."), "{said}");
    assert_eq!(desk.text(), text, "it is as it was, comment and all");
    desk.talks("/ping", "pong").await;

    // Forward again: the rows have stayed.
    desk.plugin(&["upgrade", "guest", &new, "--yes"]).await.done();
    desk.talks("/hit jar", "jar 2").await;

    // What an operator takes away meanwhile is not given back, and what has to be there is missed before anything is written.
    let kept = desk.text();
    std::fs::write(desk.config(), kept.replace("[\"chat\", \"tables\", \"files\"]", "[\"tables\"]")).expect("a file");
    let error = desk.refuses(&["rollback", "guest"]).await;
    assert!(
        error.contains("plugin `guest` imports `guesthouse:plugin/chat`, which its grant does not include"),
        "{error}"
    );
    std::fs::write(desk.config(), kept.replace("\"files\"]", "\"files\", \"timers\"]")).expect("a file");
    let said = desk.plugin(&["rollback", "guest"]).await.done();
    assert!(said.contains("with the grant that was written since"), "{said}");
    assert!(desk.text().contains("grant = [\"chat\", \"tables\", \"files\", \"timers\"]"), "{}", desk.text());
    desk.talks("/ping", "pong").await;
    desk.closes().await;
}

#[tokio::test]
async fn an_upgrade_that_asks_for_nothing_new_asks_nobody() {
    let desk = Desk::opens().await;
    let (path, digest) = file("give-up");
    desk.plugin(&["add", &path, "--name", "guest", "--yes"]).await.done();
    let said = desk.plugin(&["upgrade", "guest", &file("retry").0]).await.done();
    assert!(said.contains("is 0.1.0 now, with the grant that it had.\n"), "{said}");
    desk.talks("/ping", "done: ping").await;
    let list = desk.plugin(&["list"]).await.done();
    assert!(list.lines().nth(1).is_some_and(|row| row.ends_with("0.1.0   installed")), "{list}");

    // The version before is gone from the disk: nothing is changed, and the hint fetches it.
    std::fs::remove_file(desk.stored(digest)).expect("it was stored");
    let error = desk.refuses(&["rollback", "guest"]).await;
    assert!(
        error.ends_with(&format!("guesthouse plugin upgrade guest {path} --sha256 {digest} fetches it again\n")),
        "{error}"
    );
    desk.plugin(&["upgrade", "guest", &path, "--sha256", digest]).await.done();
    desk.talks("/ping", "pong").await;
    desk.closes().await;
}

#[tokio::test]
async fn a_plugin_that_nobody_has_pinned_is_pinned_by_its_first_upgrade() {
    let desk = Desk::opens().await;
    let section = format!("\n[bot.plugins.guest]\nsource = {:?}\ngrant = [\"chat\"]\n", file("give-up").0);
    std::fs::write(desk.config(), desk.text() + &section).expect("a file");
    // An author's file: it may change at any time.
    desk.talks("/ping", "pong").await;
    assert_eq!(
        desk.plugin(&["list"]).await.done(),
        "No plugin is pinned. `guesthouse plugin add SOURCE` installs one.\n"
    );
    let error = desk.refuses(&["upgrade", "guest"]).await;
    assert!(error.contains("nobody knows where it comes from"), "{error}");
    let said = desk.plugin(&["upgrade", "guest", &file("retry").0]).await.done();
    assert!(said.contains("It was not pinned before, so there is nothing to go back to."), "{said}");
    desk.talks("/ping", "done: ping").await;

    let error = desk.refuses(&["upgrade", "nobody", &file("retry").0]).await;
    assert!(error.contains("bot `test` has no plugin `nobody`\nhint: its plugins are: `guest`"), "{error}");
    let said = desk.plugin(&["remove", "guest"]).await.done();
    assert!(said.contains("The rows of its tables stay in the database"), "{said}");
    assert!(!desk.text().contains("guest]") && desk.text().contains("# so far"), "{}", desk.text());
    assert!(desk.lock().get("plugin").is_none());
    desk.closes().await;
}
