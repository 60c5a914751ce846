//! Nothing is granted that nobody has granted: on the command line, on a terminal, and where there is neither.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;

use super::{Desk, file};

#[tokio::test]
async fn without_a_terminal_nothing_is_granted_by_silence() {
    let desk = Desk::opens().await;
    let (give_up, overreach) = (file("give-up").0, file("overreach").0);
    assert_eq!(
        desk.refuses(&["add", &give_up]).await,
        "error: nobody can be asked here whether to grant what it asks for: `chat`\nhint: add --grant chat, or --yes\n"
    );
    assert_eq!(
        desk.refuses(&["add", &overreach, "--grant", "chat,files"]).await,
        "error: it asks for more than is granted: `telegram`\nhint: add --grant telegram=setMessageReaction\n"
    );
    assert_eq!(
        desk.refuses(&["add", &overreach, "--yes"]).await,
        "error: it asks for `telegram`, and --yes does not say for what\nhint: add --grant telegram=setMessageReaction\n"
    );
    assert_eq!(
        desk.refuses(&["add", &give_up, "--grant", "chat,llm"]).await,
        "error: it does not ask for `llm`\nhint: leave llm out of --grant\n"
    );
    let error = desk.refuses(&["add", &overreach, "--yes", "--grant", "telegram=getUpdates"]).await;
    assert!(error.contains("`getUpdates` is for the host alone"), "{error}");

    desk.plugin(&["add", &overreach, "--yes", "--grant", "telegram=setMessageReaction,chat=admins"]).await.done();
    let grant = "grant = [\"chat\", { chat = [\"admins\"] }, { telegram = [\"setMessageReaction\"] }, \"files\"]\n";
    assert!(desk.text().ends_with(grant), "{}", desk.text());
    desk.runs(&["check"]).await.done();
    let error = desk.refuses(&["add", &overreach, "--yes", "--grant", "telegram=setMessageReaction"]).await;
    assert!(error.contains("bot `test` has a plugin `overreach` already\nhint: `guesthouse plugin upgrade overreach "));
    desk.closes().await;
}

#[tokio::test]
async fn on_a_terminal_it_is_asked_for() {
    // A terminal of one's own, by the tool that every Debian has.
    if !std::path::Path::new("/usr/bin/script").exists() {
        return eprintln!("!!! TERMINAL TEST SKIPPED: there is no /usr/bin/script");
    }
    let desk = Desk::opens().await;
    let answers = async |source: &str, answers: &str| {
        let line = format!("'{}' plugin add '{source}'", env!("CARGO_BIN_EXE_guesthouse"));
        let mut script = desk.command("/usr/bin/script");
        script.args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = script.spawn().expect("it starts");
        let mut keys = child.stdin.take().expect("a keyboard");
        keys.write_all(answers.as_bytes()).await.expect("it listens");
        // Kept until the end: a keyboard that is gone is an end of the input.
        let done = child.wait_with_output().await.expect("it ends");
        drop(keys);
        (done.status.success(), String::from_utf8(done.stdout).expect("text"))
    };
    let before = desk.text();
    for answer in ["n\n", "\n", "yes please\n"] {
        let (good, said) = answers(&file("give-up").0, answer).await;
        assert!(!good && said.contains("Grant [\"chat\"]? [y/N]"), "{said}");
        assert!(said.contains("it was not granted, and nothing was changed"), "{said}");
    }
    assert_eq!(desk.text(), before);
    let (good, said) = answers(&file("give-up").0, "y\n").await;
    assert!(good && said.contains("`give-up` 0.1.0 is installed"), "{said}");
    desk.talks("/ping", "pong").await;

    let (good, said) = answers(&file("overreach").0, "setMessageReaction sendDice\nyes\n").await;
    assert!(good && said.contains("Which methods of the Bot API may it call"), "{said}");
    let grant = "grant = [\"chat\", { telegram = [\"setMessageReaction\", \"sendDice\"] }, \"files\"]\n";
    assert!(desk.text().ends_with(grant), "{}", desk.text());
    desk.closes().await;
}
