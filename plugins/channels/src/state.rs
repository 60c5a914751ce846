//! What a reading of a channel means for how it stands: pure, one table.
//!
//! 1. The first reading counts at once, whatever it says: somebody waits for it.
//! 2. Later a channel that cannot be read is given time, because most of what goes wrong goes away.
//! 3. A page that has changed, and an address that the operator does not allow, go away by nobody's waiting: they count at
//!    once, and the admins are told.

use crate::model::State;
use crate::page::{Drift, Landing};

/// What came of a reading.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) state: State,
    /// What is wrong, for the operator.
    pub(crate) problem: Option<String>,
}

impl Outcome {
    pub(crate) fn fine() -> Self {
        Self { state: State::Fine, problem: None }
    }

    pub(crate) fn bad(state: State, problem: impl Into<String>) -> Self {
        Self { state, problem: Some(problem.into()) }
    }

    pub(crate) fn landing(landing: Landing) -> Self {
        let (state, problem) = match landing {
            Landing::Channel => (State::NoPreview, "the channel shows no preview"),
            Landing::Group => (State::Group, "it is a group"),
            Landing::Bot => (State::Bot, "it is a bot"),
            Landing::Nobody => (State::Nobody, "it is a person, or nobody has this name"),
        };
        Self::bad(state, problem)
    }

    pub(crate) fn changed(drift: Drift) -> Self {
        Self::bad(State::Changed, format!("the preview page is not as it used to be: {drift}"))
    }

    /// What the admins are told, if they are.
    pub(crate) fn alarm(&self) -> Option<&str> {
        let is_theirs = matches!(self.state, State::Changed | State::NotAllowed);
        if is_theirs { self.problem.as_deref() } else { None }
    }
}

/// How a channel stands after a reading, and how often in a row that has failed.
pub(crate) fn next(before: State, failures: i64, outcome: State) -> (State, i64) {
    if outcome == State::Fine {
        return (State::Fine, 0);
    }
    let failures = failures.saturating_add(1);
    let counts = before == State::New || failures >= patience(outcome);
    (if counts { outcome } else { before }, failures)
}

/// The how many-th failure in a row counts.
fn patience(state: State) -> i64 {
    match state {
        State::New | State::Fine | State::Changed | State::NotAllowed => 1,
        State::NoPreview | State::Group | State::Bot | State::Nobody => 2,
        State::TooLarge | State::Unreachable => 3,
    }
}

/// The key of the text that tells a subscriber about it.
pub(crate) fn text(state: State) -> Option<&'static str> {
    Some(match state {
        State::New => return None,
        State::Fine => "state-fine",
        State::NoPreview => "state-no-preview",
        State::Group => "state-group",
        State::Bot => "state-bot",
        State::Nobody => "state-nobody",
        State::Changed => "state-changed",
        State::TooLarge => "state-too-large",
        State::Unreachable => "state-unreachable",
        State::NotAllowed => "state-not-allowed",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_away_by_itself_is_given_time() {
        use State::{Changed, Fine, New, Nobody, Unreachable};
        let table = [
            (New, 0, Fine, (Fine, 0)),
            (New, 0, Unreachable, (Unreachable, 1)),
            (New, 0, Nobody, (Nobody, 1)),
            (Fine, 0, Unreachable, (Fine, 1)),
            (Fine, 1, Unreachable, (Fine, 2)),
            (Fine, 2, Unreachable, (Unreachable, 3)),
            (Fine, 0, Nobody, (Fine, 1)),
            (Fine, 1, Nobody, (Nobody, 2)),
            (Fine, 0, Changed, (Changed, 1)),
            (Unreachable, 7, Fine, (Fine, 0)),
        ];
        for (before, failures, outcome, expected) in table {
            assert_eq!(next(before, failures, outcome), expected, "{before:?} {failures} {outcome:?}");
        }
    }

    #[test]
    fn the_admins_hear_of_what_is_theirs_to_mend() {
        assert!(Outcome::changed(Drift::NoPosts).alarm().is_some());
        assert!(Outcome::bad(State::NotAllowed, "x").alarm().is_some());
        assert!(Outcome::bad(State::Unreachable, "x").alarm().is_none());
        assert!(Outcome::landing(Landing::Nobody).alarm().is_none());
    }
}
