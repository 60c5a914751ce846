//! What a turn may still ask of the outside, the Web and a language model. Pure: it counts, and says in plain words which
//! limit is reached.

use std::time::Duration;

use super::effects::Exceeded;
use crate::config::Limits;
use crate::model::web::WebBounds;

/// How many times the size of one answer a turn gets altogether.
const ANSWERS: u64 = 4;

/// What one turn has asked so far.
#[derive(Default)]
pub(super) struct Outside {
    requests: u32,
    bytes: u64,
    questions: u32,
}

impl Outside {
    /// The number of the next request and how much it may take, or that there is to be none.
    pub(super) fn may_fetch(
        &mut self,
        limits: &Limits,
        waited: Duration,
        (time, bytes): (Option<u32>, Option<u32>),
    ) -> Result<(u32, WebBounds), Exceeded> {
        let time_left = time_left(limits, waited)?;
        if self.requests >= limits.http_calls {
            return Err(Exceeded(format!("more than {} requests (limits.http_calls)", limits.http_calls)));
        }
        let one = limits.http_mib << 20;
        let bytes_left = (one * ANSWERS).saturating_sub(self.bytes);
        if bytes_left == 0 {
            let mib = limits.http_mib * ANSWERS;
            return Err(Exceeded(format!("more than {mib} MiB of answers ({ANSWERS} times limits.http_mib)")));
        }
        self.requests += 1;
        let time = time.map_or(Duration::MAX, |time| Duration::from_millis(time.into()));
        let bounds = WebBounds {
            time: time.min(Duration::from_secs(limits.http_s)).min(time_left),
            bytes: bytes.map_or(u64::MAX, u64::from).min(one).min(bytes_left),
        };
        Ok((self.requests - 1, bounds))
    }

    /// Accounts for the body of an answer.
    pub(super) fn fetched(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
    }

    /// The number of the next question and how long its answer may take, or that there is to be none.
    pub(super) fn may_ask(&mut self, limits: &Limits, waited: Duration) -> Result<(u32, Duration), Exceeded> {
        let time_left = time_left(limits, waited)?;
        if self.questions >= limits.llm_calls {
            return Err(Exceeded(format!("more than {} questions (limits.llm_calls)", limits.llm_calls)));
        }
        self.questions += 1;
        Ok((self.questions - 1, time_left))
    }
}

fn time_left(limits: &Limits, waited: Duration) -> Result<Duration, Exceeded> {
    let left = limits.outside().checked_sub(waited).filter(|left| !left.is_zero());
    left.ok_or_else(|| {
        Exceeded(format!("more than {} s of waiting for what is outside (limits.outside_s)", limits.outside_s))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Duration = Duration::ZERO;

    #[test]
    fn the_smallest_bound_holds() {
        let (limits, mut outside) = (Limits { http_mib: 1, ..Limits::default() }, Outside::default());
        let mut bounds = |waited, asked| {
            let (number, WebBounds { time, bytes }) = outside.may_fetch(&limits, waited, asked).unwrap();
            (number, time.as_millis(), bytes)
        };
        assert_eq!(bounds(NONE, (None, None)), (0, 20_000, 1 << 20));
        assert_eq!(bounds(NONE, (Some(500), Some(1_000))), (1, 500, 1_000));
        assert_eq!(bounds(Duration::from_secs(299), (Some(u32::MAX), Some(u32::MAX))), (2, 1_000, 1 << 20));
        outside.fetched((4 << 20) - 7);
        assert_eq!(outside.may_fetch(&limits, NONE, (None, None)).unwrap().1.bytes, 7);
    }

    #[test]
    fn the_limit_is_named() {
        let (limits, mut outside) = (Limits { http_calls: 1, llm_calls: 1, ..Limits::default() }, Outside::default());
        let late = Duration::from_secs(300);
        let refused = |result: Result<u32, Exceeded>| result.unwrap_err().0;
        assert!(refused(outside.may_ask(&limits, late).map(|one| one.0)).ends_with("(limits.outside_s)"));
        outside.may_ask(&limits, NONE).unwrap();
        assert_eq!(
            refused(outside.may_ask(&limits, NONE).map(|one| one.0)),
            "more than 1 questions (limits.llm_calls)"
        );
        outside.fetched(16 << 20);
        let fetch = |outside: &mut Outside| outside.may_fetch(&limits, NONE, (None, None)).map(|one| one.0);
        assert!(refused(fetch(&mut outside)).starts_with("more than 16 MiB of answers"));
        outside.bytes = 0;
        fetch(&mut outside).unwrap();
        assert_eq!(refused(fetch(&mut outside)), "more than 1 requests (limits.http_calls)");
    }
}
