//! `dialogue`: the state of the turn's conversation, read once, written at the commit. Turns of one chat follow each
//! other, so what was read cannot change before the commit.

use crate::clock::Millis;
use crate::model::effect::{DialogueState, DialogueWrite};
use crate::sandbox::bindings::guesthouse::plugin::dialogue::{Error, Host, State};
use crate::sandbox::guest::{Entered, Guest};
use crate::sandbox::view::ViewError;

/// Longest state, in bytes.
const DATA: usize = 64 << 10;
/// Longest name of a step, in bytes.
const STEP: usize = 256;

impl Host for Guest {
    async fn get(&mut self) -> wasmtime::Result<Result<Option<State>, Error>> {
        Ok(get(self.enter("dialogue")?).await)
    }

    fn set(&mut self, state: State, seconds: u64) -> wasmtime::Result<Result<(), Error>> {
        let entered = self.enter("dialogue")?;
        let until = until(entered.now, seconds);
        Ok(checked(state).and_then(|state| write(entered, DialogueWrite::Set(state, until))))
    }

    fn clear(&mut self) -> wasmtime::Result<Result<(), Error>> {
        Ok(write(self.enter("dialogue")?, DialogueWrite::Clear))
    }
}

async fn get(mut entered: Entered<'_>) -> Result<Option<State>, Error> {
    if entered.turn.dialogue.is_none() {
        return Err(Error::NoUser);
    }
    let state = match (entered.turn.effects.dialogue(), &entered.turn.dialogue_seen) {
        (Some(DialogueWrite::Clear), _) => None,
        (Some(DialogueWrite::Set(state, until)), _) => (*until > entered.now).then(|| state.clone()),
        (None, Some(seen)) => seen.clone(),
        (None, None) => {
            let seen = entered.turn.view.dialogue().await.map_err(|error| unavailable(&mut entered, error))?;
            entered.turn.dialogue_seen = Some(seen.clone());
            seen
        }
    };
    Ok(state.map(|DialogueState { step, data }| State { step, data }))
}

fn unavailable(entered: &mut Entered<'_>, error: ViewError) -> Error {
    match error {
        ViewError::Unavailable(reason) => {
            entered.note_unavailable(&reason);
            Error::Unavailable(reason)
        }
        ViewError::Slow(reason) => Error::Unavailable(reason),
        ViewError::Refused(reason) => Error::Other(reason),
    }
}

fn write(entered: Entered<'_>, write: DialogueWrite) -> Result<(), Error> {
    if entered.turn.dialogue.is_none() {
        return Err(Error::NoUser);
    }
    entered.turn.effects.set_dialogue(write);
    Ok(())
}

fn checked(State { step, data }: State) -> Result<DialogueState, Error> {
    if data.len() > DATA {
        return Err(Error::Limit(format!("{} bytes of state; at most {DATA} are kept", data.len())));
    }
    if step.len() > STEP {
        return Err(Error::Limit(format!("the name of the step has {} bytes; at most {STEP} are kept", step.len())));
    }
    if step.contains('\0') || data.contains('\0') {
        return Err(Error::Other("a state with a NUL character cannot be stored".into()));
    }
    Ok(DialogueState { step, data })
}

/// When the state ends; far beyond anybody's patience for a plugin that says "never".
fn until(now: Millis, seconds: u64) -> Millis {
    now.saturating_add(i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX))
}
