//! The drift alarm: when a page does not look as this program knows it. Telegram changes its markup without a word, and a
//! reader whose selectors stopped matching finds nothing for weeks. So what a page *should* hold is counted beside what
//! was found:
//!
//! 1. Blocks for posts, and no post in any of them.
//! 2. Posts, of which half or more have no number or no time.
//! 3. Three posts or more, of which more than half hold nothing that is known.
//! 4. A page that is neither a list of posts nor the invitation to open Telegram.

use std::fmt;

/// What is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// Blocks for posts, and no post.
    NoPosts,
    /// So many of so many posts have no number.
    NoNumbers(usize, usize),
    /// So many of so many posts have no time.
    NoTimes(usize, usize),
    /// So many of so many posts hold nothing that is known.
    NoContent(usize, usize),
    /// Nothing on the page is known.
    UnknownPage,
}

/// What was recognised of one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) has_number: bool,
    pub(super) has_time: bool,
    pub(super) has_content: bool,
}

/// The counts of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    blocks: usize,
    without_number: usize,
    without_time: usize,
    without_content: usize,
}

impl Tally {
    pub(super) fn add(&mut self, block: Block) {
        self.blocks += 1;
        self.without_number += usize::from(!block.has_number);
        self.without_time += usize::from(!block.has_time);
        self.without_content += usize::from(!block.has_content);
    }

    /// The first rule that is broken. `expects_posts`: the page has wrappers that should hold some.
    pub(super) fn judge(&self, expects_posts: bool) -> Option<Drift> {
        let half = |count: usize| count > 0 && count * 2 >= self.blocks;
        if self.blocks == 0 {
            return expects_posts.then_some(Drift::NoPosts);
        }
        if half(self.without_number) {
            return Some(Drift::NoNumbers(self.without_number, self.blocks));
        }
        if half(self.without_time) {
            return Some(Drift::NoTimes(self.without_time, self.blocks));
        }
        (self.blocks >= 3 && self.without_content * 2 > self.blocks)
            .then_some(Drift::NoContent(self.without_content, self.blocks))
    }
}

/// For the log and the admins, in English.
impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPosts => f.write_str("it has blocks for posts, but no post was found in them"),
            Self::NoNumbers(bad, all) => write!(f, "{bad} of {all} posts have no number"),
            Self::NoTimes(bad, all) => write!(f, "{bad} of {all} posts have no time"),
            Self::NoContent(bad, all) => write!(f, "{bad} of {all} posts hold nothing that is known"),
            Self::UnknownPage => f.write_str("it is neither a list of posts nor an invitation to open Telegram"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_raises_the_alarm_and_its_neighbour_does_not() {
        let tally = |blocks, without_number, without_time, without_content| Tally {
            blocks,
            without_number,
            without_time,
            without_content,
        };
        let table = [
            (tally(0, 0, 0, 0), true, Some(Drift::NoPosts)),
            (tally(0, 0, 0, 0), false, None),
            (tally(4, 2, 0, 0), true, Some(Drift::NoNumbers(2, 4))),
            (tally(5, 2, 0, 0), true, None),
            (tally(1, 0, 1, 0), true, Some(Drift::NoTimes(1, 1))),
            (tally(20, 0, 9, 0), true, None),
            (tally(3, 0, 0, 2), true, Some(Drift::NoContent(2, 3))),
            (tally(2, 0, 0, 2), true, None),
            (tally(20, 0, 0, 10), true, None),
        ];
        for (tally, expects_posts, drift) in table {
            assert_eq!(tally.judge(expects_posts), drift, "{tally:?}");
        }
    }
}
