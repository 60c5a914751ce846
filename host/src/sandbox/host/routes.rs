//! `routes`: the answer to a request, sent once the turn has committed.

use serde::de::IgnoredAny;

use crate::model::effect::Reply;
use crate::sandbox::bindings::guesthouse::plugin::routes::{Error, Host};
use crate::sandbox::effects::Exceeded;
use crate::sandbox::guest::{Entered, Guest};

/// Longest answer, in bytes.
const BODY: usize = 1 << 20;
/// Statuses that end an exchange. Those below are the protocol's own.
const STATUSES: std::ops::RangeInclusive<u16> = 200..=599;
/// Statuses that have no body.
const BODILESS: [u16; 3] = [204, 205, 304];

impl Host for Guest {
    fn reply(&mut self, status: u16, body: String) -> wasmtime::Result<Result<(), Error>> {
        Ok(self.enter("routes")?.reply(status, body))
    }
}

impl Entered<'_> {
    fn reply(&mut self, status: u16, body: String) -> Result<(), Error> {
        if !self.turn.is_request {
            return Err(Error::NoRequest);
        }
        check(status, &body)?;
        match self.turn.effects.reply(Reply { status, body }) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::Answered),
            Err(Exceeded(limit)) => Err(Error::Limit(limit)),
        }
    }
}

fn check(status: u16, body: &str) -> Result<(), Error> {
    if !STATUSES.contains(&status) {
        return Err(Error::Limit(format!("status {status}; 200 to 599 are allowed")));
    }
    if body.len() > BODY {
        return Err(Error::Limit(format!("an answer of {} bytes; at most {BODY} are allowed", body.len())));
    }
    match (BODILESS.contains(&status), body.is_empty()) {
        (true, true) => Ok(()),
        (true, false) => Err(Error::NotJson(format!("an answer with status {status} has no body"))),
        (false, _) => {
            serde_json::from_str::<IgnoredAny>(body).map(drop).map_err(|error| Error::NotJson(error.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_json_or_has_no_body() {
        for (status, body) in [(200, "{}"), (404, "null"), (599, "[1]"), (204, ""), (304, "")] {
            assert!(check(status, body).is_ok(), "{status} {body}");
        }
        for (status, body, problem) in [
            (200, "", "EOF while parsing a value at line 1 column 0"),
            (200, "{} {}", "trailing characters at line 1 column 4"),
            (204, "{}", "an answer with status 204 has no body"),
        ] {
            let Err(Error::NotJson(found)) = check(status, body) else { panic!("{status} {body}") };
            assert_eq!(found, problem);
        }
        for (status, body) in [(199, "{}"), (600, "{}"), (200, &*"1".repeat(BODY + 1))] {
            assert!(matches!(check(status, body), Err(Error::Limit(_))), "{status}");
        }
    }
}
