//! What an operator has to type to reach this host's database: alerts name commands, and those have to work as they stand.

/// A command line, but for its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    program: String,
    options: String,
}

impl Default for CommandLine {
    fn default() -> Self {
        Self::new("guesthouse", &[])
    }
}

impl CommandLine {
    /// The program as it was called, and the options that lead to its database.
    pub fn new(program: &str, options: &[&str]) -> Self {
        let options = options.iter().map(|option| format!(" {}", quoted(option))).collect();
        Self { program: quoted(program), options }
    }

    /// The whole line with these words.
    pub fn with(&self, words: &str) -> String {
        format!("{} {words}{}", self.program, self.options)
    }
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "-_./:@%+=,".contains(char);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_can_be_typed_as_it_stands() {
        assert_eq!(CommandLine::default().with("dead retry 1"), "guesthouse dead retry 1");
        let line = CommandLine::new("target/debug/guesthouse", &["--database", "sqlite:///home/o'neill/a b.db"]);
        assert_eq!(
            line.with("dead list"),
            r"target/debug/guesthouse dead list --database 'sqlite:///home/o'\''neill/a b.db'"
        );
    }
}
