//! `llm`: the operator's language model. What is asked is the lane's to do; this file turns values and counts, and says
//! whether an answer may be shown: only by a plugin that may write, and never where it is to be JSON.

use std::sync::Arc;

use crate::config::grant::Capability;
use crate::model::llm as model;
use crate::sandbox::bindings::guesthouse::plugin::chat::MessageRef;
use crate::sandbox::bindings::guesthouse::plugin::llm::{Answer, Error, Finish, Host, Part, Prompt, Role};
use crate::sandbox::effects::Exceeded;
use crate::sandbox::guest::Guest;
use crate::sandbox::view::ViewError;

impl Host for Guest {
    async fn complete(&mut self, prompt: Prompt) -> wasmtime::Result<Result<Answer, Error>> {
        let (meter, patience) = (Arc::clone(&self.meter), Arc::clone(&self.patience));
        let mut entered = self.enter("llm")?;
        let may = entered.turn.outside.may_ask(&entered.rules.limits, patience.waited(&meter));
        let (number, within) = match may {
            Ok(may) => may,
            Err(Exceeded(limit)) => return Ok(Err(Error::Limit(limit))),
        };
        let shows = prompt.show && prompt.schema.is_none() && entered.rules.grant.includes(Capability::Chat);
        let reference = shows.then(|| entered.ids.id());
        let view = Arc::clone(&entered.turn.view);
        Ok(match patience.wait(&meter, view.complete(number, question(prompt), within, reference)).await {
            Ok(Ok(answer)) => Ok(wit(answer)),
            Ok(Err(error)) => Err(wit_error(error)),
            Err(error) => {
                if let ViewError::Unavailable(reason) = &error {
                    entered.note_unavailable(reason);
                }
                Err(Error::Other(error.to_string()))
            }
        })
    }
}

fn question(prompt: Prompt) -> model::Prompt {
    let Prompt { messages, schema, max_tokens, temperature, show } = prompt;
    let part = |part| match part {
        Part::Text(text) => model::Part::Text(text),
        Part::Image(image) => model::Part::Image { mime_type: image.mime_type, data: image.data.into() },
    };
    let messages = messages.into_iter().map(|message| model::Said {
        role: match message.role {
            Role::System => model::Role::System,
            Role::User => model::Role::User,
            Role::Assistant => model::Role::Assistant,
        },
        parts: message.parts.into_iter().map(part).collect(),
    });
    model::Prompt { messages: messages.collect(), schema, max_tokens, temperature, show }
}

fn wit(answer: model::LlmAnswer) -> Answer {
    let model::LlmAnswer { text, finish, input_tokens, output_tokens, shown } = answer;
    let finish = match finish {
        model::Finish::Stop => Finish::Stop,
        model::Finish::Length => Finish::Length,
        model::Finish::Filtered => Finish::Filtered,
        model::Finish::Other => Finish::Other,
    };
    Answer { text, finish, input_tokens, output_tokens, shown: shown.map(MessageRef::Sent) }
}

fn wit_error(error: model::LlmError) -> Error {
    match error {
        model::LlmError::Unavailable(why) => Error::Unavailable(why),
        model::LlmError::OverBudget(until) => Error::OverBudget(until),
        model::LlmError::BadRequest(what) => Error::BadRequest(what),
        model::LlmError::NotJson(place) => Error::NotJson(place),
        model::LlmError::Timeout => Error::Timeout,
        model::LlmError::Other(why) => Error::Other(why),
    }
}
