//! The processor `talk`: for each user and week the mood, the topics and the open questions. Rules look at each message as
//! it comes; the language model, if there is one, looks at many together some minutes later, and its word counts more.

pub(crate) mod model;
pub(crate) mod mood;
pub(crate) mod week;

use std::collections::BTreeMap;

use guesthouse_plugin::clock::MINUTE;
use guesthouse_plugin::tables::col;
use guesthouse_plugin::{ChatId, Error, Event, Failure, Message, Timestamp, UserId, clock, log, timers};

use crate::extract::{is_by_another_bot, is_command, own_text, own_words};
use crate::model::{LINES, Line, Method, Question, WEEKS, Week};
use crate::{Profile, TALK, consent};

/// How long lines are gathered for the model.
const GATHERED: Timestamp = 10 * MINUTE;

/// More lines than that do not wait: the model sees the latest.
const LINES_KEPT: usize = 40;

/// So much of a week is kept.
const TOPICS_KEPT: usize = 30;
const QUESTIONS_KEPT: usize = 5;

/// So many weeks are kept.
pub(crate) const WEEKS_KEPT: u32 = 53;

/// Reads a message, or has the model look at what has gathered.
pub(crate) fn handle(plugin: &Profile, event: &Event) -> Result<(), Failure> {
    if let Event::Timer(timer) = event {
        return match timer.data.parse() {
            Ok(user) => Ok(look_at_lines(plugin, user)?),
            Err(_) => Ok(()),
        };
    }
    let Some((message, user)) = own_words(event) else { return Ok(()) };
    let is_said = matches!(event, Event::Message(_)) && !message.forwarded && !is_command(&message.text.content);
    if is_said && !message.text.content.is_empty() && !is_by_another_bot() {
        let now = clock::now();
        if consent::admits(message, user.id, now)? {
            read(plugin, message, user.id, now)?;
        }
    }
    Ok(())
}

fn read(plugin: &Profile, message: &Message, user: UserId, now: Timestamp) -> Result<(), Error> {
    let text = own_text(&message.text);
    let name = week::of(message.date);
    let row = WEEKS.first(col("user_id").eq(user).and(col("week").eq(name.clone())))?;
    let (id, mut week) = match row {
        Some(row) => (Some(row.id), row.value),
        None => (None, empty(user, name.clone())),
    };
    add(&mut week, &text, message.chat.id, plugin.rules.topics(&text), now);
    match id {
        Some(id) => WEEKS.update(id, &week)?,
        None => {
            WEEKS.insert(&week)?;
            let older = col("user_id").eq(user).descending("week").offset(WEEKS_KEPT).limit(5);
            for row in WEEKS.find(older)? {
                WEEKS.delete(row.id)?;
            }
        }
    }
    if plugin.settings.llm {
        let body = text.chars().take(500).collect();
        LINES.insert(&Line { user_id: user, chat_id: message.chat.id, message_id: message.id, week: name, body })?;
        let at = (now.div_euclid(GATHERED) + 1) * GATHERED;
        timers::at(format!("talk:{user}"), at).data(user.to_string()).processor(TALK).set()?;
    }
    Ok(())
}

fn empty(user: UserId, week: String) -> Week {
    Week {
        user_id: user,
        week,
        messages: 0,
        mood_sum: 0.0,
        mood_messages: 0,
        mood: "neutral".into(),
        topics: BTreeMap::new(),
        questions: Vec::new(),
        method: Method::Rules,
        updated: 0,
    }
}

/// Adds a message to a week.
fn add(week: &mut Week, text: &str, chat: ChatId, topics: Vec<String>, now: Timestamp) {
    week.messages += 1;
    week.updated = now;
    if let Some(mood) = mood::of(text) {
        week.mood_sum += mood;
        week.mood_messages += 1;
    }
    if week.method == Method::Rules {
        mood::word(week.mood_sum, week.mood_messages).clone_into(&mut week.mood);
    }
    for topic in topics.into_iter().chain(mood::hashtags(text)) {
        *week.topics.entry(topic).or_default() += 1;
    }
    while week.topics.len() > TOPICS_KEPT {
        let rarest = week.topics.iter().min_by_key(|(_, count)| **count).map(|(topic, _)| topic.clone());
        rarest.map(|topic| week.topics.remove(&topic));
    }
    if mood::is_thanks(text) {
        week.questions.retain(|question| question.chat != chat);
    }
    week.questions.extend(mood::questions(text).into_iter().map(|text| Question { text, chat }));
    let surplus = week.questions.len().saturating_sub(QUESTIONS_KEPT);
    week.questions.drain(..surplus);
}

/// Has the model look at what a user wrote in the last minutes. Whatever comes of it, the lines go.
fn look_at_lines(plugin: &Profile, user: UserId) -> Result<(), Error> {
    let lines = LINES.find(col("user_id").eq(user).ascending("id").limit(500))?;
    for row in &lines {
        LINES.delete(row.id)?;
    }
    let Some(last) = lines.last() else { return Ok(()) };
    let latest: Vec<&str> = lines.iter().rev().take(LINES_KEPT).rev().map(|row| row.body.as_str()).collect();
    let found = col("user_id").eq(user).and(col("week").eq(last.week.clone()));
    let Some(mut row) = WEEKS.first(found)? else { return Ok(()) };
    match model::ask(&plugin.rules, &latest) {
        Ok(view) => {
            view.mood.clone_into(&mut row.value.mood);
            for topic in view.topics {
                *row.value.topics.entry(topic).or_default() += 1;
            }
            if !view.questions.is_empty() {
                let chat = last.chat_id;
                row.value.questions = view.questions.into_iter().map(|text| Question { text, chat }).collect();
            }
            row.value.method = Method::Llm;
            WEEKS.update(row.id, &row.value)?;
        }
        // What the rules found stands.
        Err(error) => log::debug(format_args!("the language model did not look at the week: {error}")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_gathers_mood_topics_and_open_questions() {
        let mut week = empty(7, "2026-W47".into());
        let mut say = |text: &str, topics: &[&str]| {
            add(&mut week, text, 7, topics.iter().map(|topic| (*topic).to_owned()).collect(), 5);
            week.clone()
        };
        say("I love it, thank you so much 😍", &["chess"]);
        let asked = say("how do I learn the Sicilian? #chess", &["chess"]);
        assert_eq!((asked.messages, asked.mood.as_str()), (2, "good"));
        assert_eq!(asked.topics.into_iter().collect::<Vec<_>>(), [("#chess".to_owned(), 1), ("chess".to_owned(), 2)]);
        assert_eq!(asked.questions.len(), 1);
        assert_eq!(say("thanks, got it", &[]).questions, []);
        for number in 0..9 {
            say(&format!("and what about number {number}?"), &[]);
        }
        assert_eq!(say("hm", &[]).questions.len(), QUESTIONS_KEPT);
    }
}
