//! What is kept of turns: that each runs again exactly, that another build is told apart, that nothing is kept that should
//! not be, and that an operator and an admin hear why.

use guesthouse::clock::Clock;
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::{Database, House, Plugin, Street, folder};

mod builds;

mod bounds;

mod exact;

mod reasons;

/// The commands of an operator who has the configuration of a house.
pub(crate) struct Operator {
    folder: TempDir,
}

impl Operator {
    /// One with this configuration.
    pub(crate) fn with(configuration: &str) -> Self {
        let folder = folder();
        std::fs::write(folder.path().join("guesthouse.toml"), configuration).expect("the folder can be written");
        Self { folder }
    }

    /// What a command says, on both outputs, and whether it ended well.
    pub(crate) async fn runs(&self, words: &[&str]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guesthouse"));
        let done = command.args(words).current_dir(self.folder.path()).output().await.expect("it runs");
        let said = String::from_utf8(done.stdout).expect("text") + &String::from_utf8(done.stderr).expect("text");
        (done.status.success(), said)
    }

    /// What stands in a file in the operator's folder.
    pub(crate) fn reads(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).expect("a file")
    }

    /// Puts a text into a file in the operator's folder.
    pub(crate) fn writes(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("the folder can be written");
    }

    /// What a command that ends well says.
    pub(crate) async fn hears(&self, words: &[&str]) -> String {
        let (good, said) = self.runs(words).await;
        assert!(good, "{words:?}: {said}");
        said
    }

    /// What a command that ends badly says.
    pub(crate) async fn is_refused(&self, words: &[&str]) -> String {
        let (good, said) = self.runs(words).await;
        assert!(!good, "{words:?}: {said}");
        said
    }
}

/// A house and its operator; more sections of the configuration as TOML, which begin before the first bot's.
pub(crate) async fn opens(clock: Clock, database: Database, more: &str, plugins: &[Plugin]) -> (House, Operator) {
    let street = Street::opens().await;
    let text = more.to_owned() + &street.configuration(&database, "", plugins);
    let operator = Operator::with(&text);
    (House::opens_on_at(clock, street, database, &text).await, operator)
}

const TURNS: &str = "SELECT COUNT(*) FROM journal";
