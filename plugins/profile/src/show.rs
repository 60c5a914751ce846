//! The profile, as its owner sees it: each fact with its source, the week, and buttons. Only ever in private: in a group
//! `/profile` leads there.

use guesthouse_plugin::tables::{Row, col};
use guesthouse_plugin::{
    Button, Error, Failure, Message, MessageRef, Outgoing, Text, User, UserId, chat, clock, config,
};

use crate::model::{FACTS, Fact, HISTORY, Method, Past, WEEKS, Week};
use crate::press::Press;
use crate::rules::{Field, Rules};
use crate::texts::{Arg, Language, Words};
use crate::{PAYLOAD, Profile, talk};

/// Facts on a page. With their quotes they fit a message, their buttons below it.
pub(crate) const PAGE: usize = 8;

/// Answers `/profile`.
pub(crate) fn command(plugin: &Profile, message: &Message, user: &User) -> Result<(), Failure> {
    let words = plugin.texts.words(Language::of(user));
    if lead_to_private(message, words)? {
        return Ok(());
    }
    page(plugin, user, 0)?.send(message.chat.id)?;
    Ok(())
}

/// In a group, says that this is for the private chat; says whether it was one.
pub(crate) fn lead_to_private(message: &Message, words: Words<'_>) -> Result<bool, Error> {
    if message.is_private() {
        return Ok(false);
    }
    let here = Button::url(words.say("button-private"), config::deep_link(PAYLOAD));
    message.reply(words.say("only-private")).buttons([[here]]).send(message.chat.id)?;
    Ok(true)
}

/// Everything known of a user, in the order in which it is shown.
fn facts(user: UserId) -> Result<Vec<Row<Fact>>, Error> {
    let mut facts = FACTS.find(col("user_id").eq(user).ascending("id"))?;
    facts.sort_by_key(|row| Field::ALL.iter().position(|field| *field == row.field));
    Ok(facts)
}

/// A page of the profile.
pub(crate) fn page(plugin: &Profile, user: &User, wanted: usize) -> Result<Outgoing, Error> {
    let words = plugin.texts.words(Language::of(user));
    let facts = facts(user.id)?;
    let pages = facts.len().div_ceil(PAGE).max(1);
    let index = wanted.min(pages - 1);
    let mut text = Text::new().bold(words.say("profile-title"));
    if facts.is_empty() {
        text = text.plain("\n\n").plain(words.say("profile-empty"));
    }
    let shown = facts.iter().skip(index * PAGE).take(PAGE);
    let mut buttons: Vec<Vec<Button>> = Vec::new();
    for row in shown {
        text = text.plain("\n\n").plain(line(&plugin.rules, words, row));
        let label = format!("{}: {}", words.say(field_key(row.field)), short(&value(&plugin.rules, words, row), 32));
        buttons.push(vec![Button::call(label, &Press::Fact(row.id, index)).only_for(user.id)]);
    }
    if pages > 1 {
        let numbers = [("page", Arg::Count(index as i64 + 1)), ("pages", Arg::Count(pages as i64))];
        text = text.plain("\n\n").plain(words.tell("page", &numbers));
        let turn = |label: &str, to: usize| Button::call(words.say(label), &Press::Page(to)).only_for(user.id);
        let mut row = Vec::new();
        row.extend((index > 0).then(|| turn("button-previous", index - 1)));
        row.extend((index + 1 < pages).then(|| turn("button-next", index + 1)));
        buttons.push(row);
    }
    let now = clock::now();
    let week = WEEKS.first(col("user_id").eq(user.id).and(col("week").eq(talk::week::of(now))))?;
    if let Some(week) = week.filter(|_| index == 0) {
        text = text.plain("\n\n").plain(this_week(words, &week));
    }
    text = text.plain("\n\n").italic(words.say("profile-foot"));
    let call = |key: &str, press: &Press| Button::call(words.say(key), press).only_for(user.id);
    buttons.push(vec![call("button-export", &Press::Export), call("button-forget", &Press::AskForget)]);
    Ok(chat::message(text).buttons(buttons))
}

/// A fact, and where it comes from.
fn line(rules: &Rules, words: Words<'_>, fact: &Fact) -> Text {
    let value = value(rules, words, fact);
    let text =
        words.tell("fact", &[("field", Arg::Said(&words.say(field_key(fact.field)))), ("value", Arg::Bold(&value))]);
    text.plain("\n").plain(source(words, fact))
}

/// The message a fact comes from: a link, where there is one, and what was said.
fn source(words: Words<'_>, fact: &Fact) -> Text {
    if fact.method == Method::User {
        return Text::new().italic(words.say("source-corrected"));
    }
    let quote = short(&fact.quote, 80);
    let text = words.tell("source", &[("quote", Arg::Said(&quote)), ("day", Arg::Day(fact.seen))]);
    match &fact.source_link {
        Some(link) => text.plain(" ").link(words.say("source-link"), link),
        None => text,
    }
}

/// One fact, with what can be done about it; nothing if it is gone.
pub(crate) fn fact(plugin: &Profile, user: &User, id: i64, page: usize) -> Result<Option<Outgoing>, Error> {
    let words = plugin.texts.words(Language::of(user));
    let Some(row) = own(user.id, id)? else { return Ok(None) };
    let mut text = line(&plugin.rules, words, &row);
    let seen = [("count", Arg::Count(row.times)), ("day", Arg::Day(row.since))];
    text = text.plain("\n\n").plain(words.tell("fact-times", &seen));
    let sure = (row.confidence * 100.0).round() as i64;
    text = text.plain("\n").plain(words.tell("fact-sure", &[("percent", Arg::Count(sure))]));
    for past in before(user.id, &row)? {
        let value = shown(&plugin.rules, words, past.field, &past.value.value);
        text = text
            .plain("\n")
            .plain(words.tell("fact-before", &[("value", Arg::Said(&value)), ("day", Arg::Day(past.until))]));
    }
    let call = |key: &str, press: &Press| Button::call(words.say(key), press).only_for(user.id);
    let buttons = [
        vec![call("button-correct", &Press::Correct(id)), call("button-delete", &Press::Delete(id, page))],
        vec![call("button-back", &Press::Page(page))],
    ];
    Ok(Some(chat::message(text).buttons(buttons)))
}

/// What was known instead, of fields with one value.
fn before(user: UserId, fact: &Fact) -> Result<Vec<Row<Past>>, Error> {
    if !fact.field.is_single() {
        return Ok(Vec::new());
    }
    let of_field = col("user_id").eq(user).and(col("field").eq(fact.field.name()));
    HISTORY.find(of_field.descending("until").limit(5))
}

/// A fact of this user's, by its row.
pub(crate) fn own(user: UserId, id: i64) -> Result<Option<Row<Fact>>, Error> {
    Ok(FACTS.get(id)?.filter(|row| row.user_id == user))
}

/// Puts a page in the place of a message.
pub(crate) fn edit(plugin: &Profile, user: &User, place: MessageRef, wanted: usize) -> Result<(), Error> {
    page(plugin, user, wanted)?.edit(place)
}

fn value(rules: &Rules, words: Words<'_>, fact: &Fact) -> String {
    shown(rules, words, fact.field, &fact.value)
}

/// A value in the user's language, where it is kept in a form of our own.
pub(crate) fn shown(rules: &Rules, words: Words<'_>, field: Field, value: &str) -> String {
    match field {
        Field::Language => {
            let column = Language::ALL.iter().position(|language| *language == words.language).unwrap_or(0);
            rules.language_name(value, column).unwrap_or(value).to_owned()
        }
        Field::Family => {
            let (relation, detail) =
                value.split_once(": ").map_or((value, None), |(relation, detail)| (relation, Some(detail)));
            let relation = words.say(&format!("family-{relation}"));
            detail.map_or(relation.clone(), |detail| format!("{relation}: {detail}"))
        }
        _ => value.to_owned(),
    }
}

/// What a field is called.
pub(crate) fn field_key(field: Field) -> &'static str {
    match field {
        Field::Name => "field-name",
        Field::Age => "field-age",
        Field::Birthday => "field-birthday",
        Field::City => "field-city",
        Field::Timezone => "field-timezone",
        Field::Occupation => "field-occupation",
        Field::Language => "field-language",
        Field::Family => "field-family",
        Field::Interest => "field-interest",
        Field::Phone => "field-phone",
        Field::Email => "field-email",
        Field::Link => "field-link",
    }
}

fn this_week(words: Words<'_>, week: &Week) -> Text {
    let mood = words.say(match week.mood.as_str() {
        "good" => "mood-good",
        "bad" => "mood-bad",
        "mixed" => "mood-mixed",
        _ => "mood-neutral",
    });
    let args = [("count", Arg::Count(week.messages)), ("mood", Arg::Said(&mood))];
    let mut text = Text::new().bold(words.say("week-title")).newline().plain(words.tell("week", &args));
    let mut topics: Vec<_> = week.topics.iter().collect();
    topics.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let topics: Vec<_> = topics.into_iter().take(5).map(|(topic, _)| topic.as_str()).collect();
    if !topics.is_empty() {
        text = text.newline().plain(words.tell("week-topics", &[("topics", Arg::Said(&topics.join(", ")))]));
    }
    if !week.questions.is_empty() {
        text = text.newline().plain(words.say("week-questions"));
        for question in &week.questions {
            text = text.plain("\n• ").plain(short(&question.text, 100));
        }
    }
    text
}

/// A text cut to so many characters.
fn short(text: &str, limit: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(limit) {
        Some((cut, _)) => format!("{}…", line[..cut].trim_end()),
        None => line,
    }
}
