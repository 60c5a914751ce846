//! What comes back, and what becomes of a file that cannot.

use super::*;
use crate::emulator::world::ChatRef;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn emulator(clock: &Clock) -> Emulator {
    let emulator = Emulator::new(clock.clone(), 1);
    emulator.world(|world| {
        world.dev_house();
        world.add_bot("7:x", "my_bot", "My Bot").unwrap();
        world.open_link(1002, "my_bot", "").unwrap();
    });
    emulator
}

fn says(world: &World) -> Vec<String> {
    let messages = world.messages(ChatRef::private(7, 1002));
    messages.iter().map(|message| message["text"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn what_happens_is_written_a_little_later_and_at_the_end() {
    let (clock, folder) = (Clock::manual(0), folder());
    let emulator = emulator(&clock);
    let memory = Memory::in_folder(folder.path());
    let say = |text: &str| emulator.world(|world| world.say(1002, ChatRef::private(7, 1002), text).map(drop)).unwrap();
    let recalled = || {
        let world = Memory::in_folder(folder.path()).recall(&clock, 2).unwrap();
        world.as_ref().map(says).unwrap_or_default()
    };
    let work = async {
        tokio::task::yield_now().await;
        say("one");
        assert_eq!(recalled(), ["/start"], "not at once");
        while recalled().len() < 2 {
            clock.advance(PAUSE);
            tokio::task::yield_now().await;
        }
        say("two");
    };
    memory.keep_while(&emulator, work).await;
    assert_eq!(recalled(), ["/start", "one", "two"], "the last word is written at the end");
}

#[test]
fn what_cannot_be_read_is_put_aside() {
    let clock = Clock::manual(5);
    let whole = emulator(&clock).world(|world| world.saved());
    let newer = String::from_utf8(whole.clone()).unwrap().replacen(r#""version":1"#, r#""version":99"#, 1);
    for bad in [&b""[..], b"{}", b"\xff\xfe", &whole[..whole.len() / 2], newer.as_bytes()] {
        let folder = folder();
        fs::write(folder.path().join(FILE), bad).unwrap();
        let mut memory = Memory::in_folder(folder.path());
        assert!(memory.recall(&clock, 1).unwrap().is_none());
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["telegram.json.5.aside"]);
        assert_eq!(fs::read(folder.path().join("telegram.json.5.aside")).unwrap(), bad, "as it was");
    }
}

#[test]
fn nothing_new_is_not_written() {
    let (clock, folder) = (Clock::manual(0), folder());
    let mut memory = Memory::in_folder(folder.path());
    memory.write_changes(&emulator(&clock));
    let mut memory = Memory::in_folder(folder.path());
    let world = memory.recall(&clock, 1).unwrap().unwrap();
    fs::remove_file(folder.path().join(FILE)).unwrap();
    memory.write_changes(&Emulator::of(world, clock));
    assert!(!folder.path().join(FILE).exists(), "what was read is not written again");
}
