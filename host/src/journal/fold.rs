//! Many replays in few lines: equal differences are put together and counted, with a turn as an example. Pure.

use std::fmt::Write as _;

use super::diff::Verdict;

/// What came of many replays.
#[derive(Debug, Default)]
pub struct Folded {
    /// Turns that did the same.
    pub same: usize,
    /// Turns that could not be run again, by the reason.
    pub unreadable: Vec<(String, Vec<i64>)>,
    /// Differences and the turns that have them, in the order in which they were met.
    pub groups: Vec<(Verdict, Vec<i64>)>,
}

impl Folded {
    /// Adds one.
    pub fn add(&mut self, turn: i64, verdict: Verdict) {
        if verdict == Verdict::Same {
            self.same += 1;
            return;
        }
        match self.groups.iter_mut().find(|(known, _)| *known == verdict) {
            Some((_, turns)) => turns.push(turn),
            None => self.groups.push((verdict, vec![turn])),
        }
    }

    /// Adds one that could not be run again.
    pub fn add_unreadable(&mut self, turn: i64, reason: String) {
        match self.unreadable.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, turns)) => turns.push(turn),
            None => self.unreadable.push((reason, vec![turn])),
        }
    }

    /// Whether every turn that could be run did the same.
    pub fn is_same(&self) -> bool {
        self.groups.is_empty()
    }

    /// What a person reads: the most frequent difference first.
    pub fn text(&self) -> String {
        let different: usize = self.groups.iter().map(|(_, turns)| turns.len()).sum();
        let mut text =
            format!("{} turns run again: {} the same, {different} different", self.same + different, self.same);
        text.push_str(if different == 0 { ".\n" } else { ":\n" });
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|(_, turns)| std::cmp::Reverse(turns.len()));
        for (verdict, turns) in groups {
            let _ = writeln!(text, "\n{}, such as turn {}:", times(turns.len()), turns[0]);
            for line in verdict.lines() {
                let _ = writeln!(text, "  {line}");
            }
        }
        for (reason, turns) in &self.unreadable {
            let _ = writeln!(text, "\n{} not run, such as turn {}: {reason}", times(turns.len()), turns[0]);
        }
        text
    }
}

fn times(count: usize) -> String {
    if count == 1 { "1 turn".to_owned() } else { format!("{count} turns") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_differences_are_one() {
        let mut folded = Folded::default();
        let differs = |line: &str| Verdict::Differs(vec![line.to_owned()]);
        folded.add(1, Verdict::Same);
        folded.add(2, Verdict::Diverged("row 1 of `t`".into()));
        folded.add(3, differs("a → b"));
        folded.add(4, differs("a → b"));
        folded.add_unreadable(5, "its words were not kept".into());
        assert!(!folded.is_same());
        assert_eq!(
            folded.text(),
            "4 turns run again: 1 the same, 3 different:\n\n2 turns, such as turn 3:\n  a → b\n\n1 turn, such as turn 2:\n  \
             diverged: the record has no answer for row 1 of `t`\n\n1 turn not run, such as turn 5: its words were not kept\n"
        );
    }
}
