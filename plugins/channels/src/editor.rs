//! Changing rules in a chat: written as text, or line by line with buttons. Nothing is saved before it was tried on the last
//! posts: the draft lies in the dialogue until then.

use guesthouse_plugin::tables::col;
use guesthouse_plugin::{Button, Failure, Message, MessageRef, Outgoing, Text, chat, dialogue, update};
use serde::{Deserialize, Serialize};

use crate::add;
use crate::compose;
use crate::courier;
use crate::judge::{self, Rulebook};
use crate::list;
use crate::model::{POSTS, SUBSCRIBERS, SUBSCRIPTIONS};
use crate::name;
use crate::press::{Answer, Press, Target};
use crate::rules::{self, Problem, RuleError};
use crate::texts::Arg;
use crate::turn::{Turn, is_mute_picture};

/// How long a draft waits, in seconds.
const PATIENCE: u64 = 3600;

/// How long rules may be written without a button, after `/rules` has shown them.
const OFFERED: u64 = 600;

/// A draft is tried on so many posts.
const TRIED: u32 = 20;

/// Of these so many are shown.
const SHOWN: usize = 6;

/// A line that has buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Knob {
    When,
    Quiet,
    Media,
    Language,
}

/// Rules that are not saved yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Draft {
    target: Target,
    rules: String,
    /// Whether the next message is the rules.
    writing: bool,
    /// Whether it may be: they were shown, and nobody has said that they are written now.
    #[serde(default)]
    offered: bool,
}

impl Knob {
    const ALL: [Self; 4] = [Self::When, Self::Quiet, Self::Media, Self::Language];

    fn key(self) -> &'static str {
        match self {
            Self::When => "when",
            Self::Quiet => "quiet",
            Self::Media => "media",
            Self::Language => "lang",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::When => "knob-when",
            Self::Quiet => "knob-quiet",
            Self::Media => "knob-media",
            Self::Language => "knob-language",
        }
    }

    /// What can be chosen. Of the lists several, of the others one.
    fn choices(self) -> &'static [&'static str] {
        match self {
            Self::When => &["now", "hourly", "daily 09:00", "daily 20:00", "daily 09:00, 20:00", "never"],
            Self::Quiet => &["22:00-07:00", "23:00-08:00", "00:00-09:00"],
            Self::Media => &["text", "photo", "video", "document", "voice", "audio", "poll", "-sticker"],
            Self::Language => &["en", "ru", "he", "uk", "ar", "de", "es", "fr"],
        }
    }

    fn is_list(self) -> bool {
        matches!(self, Self::Media | Self::Language)
    }
}

/// `/rules`, perhaps with a channel behind it.
pub(crate) fn command(turn: &Turn<'_>, message: &Message, argument: &str) -> Result<(), Failure> {
    let target = if argument.is_empty() {
        Target::All
    } else {
        match list::named(turn, argument)? {
            Some((subscription, _)) => Target::One(subscription.id),
            None => {
                let written = Arg::Said(argument);
                return turn.answer(message, turn.words.tell("not-subscribed", &[("written", written)]));
            }
        }
    };
    add::subscriber(turn)?;
    if let Some(screen) = screen(turn, target)? {
        // What was tried and is not saved yet stays, for its buttons still stand there.
        if dialogue::get::<Draft>()?.is_none_or(|draft| draft.writing || draft.offered) {
            let rules = saved(turn, target)?.map(|(_, rules)| rules).unwrap_or_default();
            dialogue::set(&Draft { target, rules, writing: false, offered: true }, OFFERED)?;
        }
        screen.send(turn.chat)?;
    }
    Ok(())
}

/// Nobody who goes on to something else is about to write rules.
pub(crate) fn end_offer() -> Result<(), Failure> {
    if dialogue::get::<Draft>()?.is_some_and(|draft| draft.offered) {
        dialogue::clear()?;
    }
    Ok(())
}

/// The rules in place of a message.
pub(crate) fn show(turn: &Turn<'_>, place: MessageRef, target: Target) -> Result<Answer, Failure> {
    let Some(screen) = screen(turn, target)? else { return Ok(Answer::Say("gone")) };
    screen.edit(place)?;
    Ok(Answer::Done)
}

fn screen(turn: &Turn<'_>, target: Target) -> Result<Option<Outgoing>, Failure> {
    let Some((title, rules)) = saved(turn, target)? else { return Ok(None) };
    let mut text = heading(turn, title.as_deref()).plain("\n\n");
    text = if rules.is_empty() { text.plain(turn.words.say("rules-none")) } else { text.pre("", rules.as_str()) };
    let mut buttons = knobs(turn, target);
    let back = match target {
        Target::All => Press::Channels(0),
        Target::One(id) => Press::Channel(id),
    };
    buttons.push(vec![button(turn, "button-back", &back)]);
    Ok(Some(chat::message(text).buttons(buttons)))
}

/// Asks for the rules as text.
pub(crate) fn write(turn: &Turn<'_>, place: MessageRef, target: Target) -> Result<Answer, Failure> {
    let Some((title, rules)) = current(turn, target)? else { return Ok(Answer::Say("gone")) };
    dialogue::set(&Draft { target, rules, writing: true, offered: false }, PATIENCE)?;
    let mut text = heading(turn, title.as_deref()).plain("\n\n").plain(turn.words.say("rules-how")).plain("\n\n");
    text = text.pre("", MANUAL);
    chat::message(text).buttons([[button(turn, "button-cancel", &Press::Drop)]]).edit(place)?;
    Ok(Answer::Done)
}

/// What stands in a chat as the manual: a line of each kind.
const MANUAL: &str = "+ flat*, apartment\n- sold, /rent(ed)? out/\ntags: #rent, -#ad\nlang: en, ru\nmedia: photo, -poll\n\
    length: 50-2000\nprice: < 1500 usd\nforwarded: no\ntake: price, phone, date\ntake rooms = /(\\d) rooms/\n\
    replace: Read more -> …\nshow: {title}: {price} {text}\nwhen: daily 09:00\nquiet: 23:00-07:00\nzone: Europe/Moscow";

/// A message while a draft is written; says whether it is dealt with.
pub(crate) fn message(turn: &Turn<'_>, message: &Message) -> Result<bool, Failure> {
    let Some(draft) = dialogue::get::<Draft>()?.filter(|draft| draft.writing || draft.offered) else {
        return Ok(false);
    };
    let written = message.text.content.trim();
    if draft.offered && means_something_else(message, written) {
        return Ok(false);
    }
    if is_mute_picture(message) {
        return Ok(true);
    }
    if written.is_empty() {
        turn.say(turn.words.say("rules-text-only"))?;
        return Ok(true);
    }
    // A single dash clears them.
    let rules = if written == "-" { String::new() } else { written.to_owned() };
    if let Err(error) = rules::parse(&rules) {
        if draft.offered && error.line == 1 && error.problem == Problem::UnknownKey {
            // Nobody has asked for rules, so that these words may be another plugin's. Where there is none, they were meant to
            // be some, perhaps; said once, that harms nobody.
            dialogue::clear()?;
            if update::pass("it begins with no rule") {
                return Ok(true);
            }
            let write = button(turn, "button-write", &Press::Write(draft.target));
            chat::message(complaint(turn, &error)).buttons([[write]]).send(turn.chat)?;
            return Ok(true);
        }
        // What begins like rules is meant to be some, and the next message is another try.
        if draft.offered {
            dialogue::set(&Draft { writing: true, offered: false, ..draft }, PATIENCE)?;
        }
        let cancel = button(turn, "button-cancel", &Press::Drop);
        chat::message(complaint(turn, &error)).buttons([[cancel]]).send(turn.chat)?;
        return Ok(true);
    }
    let draft = Draft { rules, writing: false, offered: false, ..draft };
    if let Some(screen) = trial(turn, &draft)? {
        dialogue::set(&draft, PATIENCE)?;
        screen.send(turn.chat)?;
    }
    Ok(true)
}

/// Whether a message is a channel, a command or no words at all, and so no rules that nobody has asked for.
fn means_something_else(message: &Message, written: &str) -> bool {
    message.forwarded || written.is_empty() || written.starts_with('/') || name::is_only_a_name(written)
}

/// What is wrong with the rules, where, and what would be right.
fn complaint(turn: &Turn<'_>, error: &RuleError) -> Text {
    let key = match error.problem {
        Problem::UnknownKey => "wrong-key",
        Problem::Empty => "wrong-empty",
        Problem::NoRegex => "wrong-regex",
        Problem::TooHeavy => "wrong-heavy",
        Problem::UnknownLanguage => "wrong-language",
        Problem::UnknownMedia => "wrong-media",
        Problem::NoRange => "wrong-range",
        Problem::UnknownField => "wrong-field",
        Problem::UnknownPlace => "wrong-place",
        Problem::NoArrow => "wrong-arrow",
        Problem::NoTime => "wrong-time",
        Problem::NoChoice => "wrong-choice",
        Problem::Twice => "wrong-twice",
        Problem::TooMuch => "wrong-much",
    };
    let line = i64::try_from(error.line).unwrap_or(i64::MAX);
    let mut text = turn.words.tell("wrong-line", &[("line", Arg::Count(line))]).plain(" ");
    text = text.plain(turn.words.tell(key, &[("piece", Arg::Said(&error.piece))]));
    text.plain("\n\n").plain(turn.words.tell("wrong-example", &[("example", Arg::Mono(error.example))]))
}

/// The choices for one line in place of a message.
pub(crate) fn choose(turn: &Turn<'_>, place: MessageRef, target: Target, knob: Knob) -> Result<Answer, Failure> {
    let Some((title, rules)) = current(turn, target)? else { return Ok(Answer::Say("gone")) };
    let chosen = chosen(&rules, knob);
    let mut buttons: Vec<Vec<Button>> = Vec::new();
    for (index, choice) in knob.choices().iter().enumerate() {
        let mark = if chosen.contains(choice) { "✅ " } else { "" };
        let press = Press::Turn(target, knob, index);
        let button = Button::call(format!("{mark}{choice}"), &press).only_for(turn.user);
        match buttons.last_mut().filter(|row| row.len() < 2) {
            Some(row) => row.push(button),
            None => buttons.push(vec![button]),
        }
    }
    buttons.push(vec![button(turn, "button-none", &Press::Turn(target, knob, usize::MAX))]);
    buttons.push(vec![button(turn, "button-back", &Press::Rules(target))]);
    let text = heading(turn, title.as_deref()).newline().plain(turn.words.say(knob.label()));
    chat::message(text).buttons(buttons).edit(place)?;
    Ok(Answer::Done)
}

/// Chooses, and shows what that would do.
pub(crate) fn turn(
    turn: &Turn<'_>,
    place: MessageRef,
    target: Target,
    knob: Knob,
    index: usize,
) -> Result<Answer, Failure> {
    let Some((_, rules)) = current(turn, target)? else { return Ok(Answer::Say("gone")) };
    let rules = turned(&rules, knob, index);
    let draft = Draft { target, rules, writing: false, offered: false };
    let Some(screen) = trial(turn, &draft)? else { return Ok(Answer::Say("gone")) };
    dialogue::set(&draft, PATIENCE)?;
    screen.edit(place)?;
    Ok(Answer::Done)
}

/// The rules after a choice: of a list that choice comes or goes, of anything else it takes the place of the old one.
fn turned(rules: &str, knob: Knob, index: usize) -> String {
    let key = knob.key();
    let Some(choice) = knob.choices().get(index) else { return rules::with_line(rules, key, None) };
    if !knob.is_list() {
        return rules::with_line(rules, key, Some(&format!("{key}: {choice}")));
    }
    let mut now: Vec<&str> = rules::value_of(rules, key).map(split).unwrap_or_default();
    if now.contains(choice) {
        now.retain(|old| old != choice);
    } else {
        now.push(choice);
    }
    let line = format!("{key}: {}", now.join(", "));
    rules::with_line(rules, key, (!now.is_empty()).then_some(line.as_str()))
}

fn chosen(rules: &str, knob: Knob) -> Vec<&str> {
    let value = rules::value_of(rules, knob.key());
    if knob.is_list() { value.map(split).unwrap_or_default() } else { value.into_iter().collect() }
}

fn split(list: &str) -> Vec<&str> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
}

/// The draft, and what it would have done to the last posts.
fn trial(turn: &Turn<'_>, draft: &Draft) -> Result<Option<Outgoing>, Failure> {
    let Some((title, _)) = saved(turn, draft.target)? else { return Ok(None) };
    let Ok(new) = rules::parse(&draft.rules) else { return Ok(None) };
    let mut text = heading(turn, title.as_deref()).plain("\n\n");
    if !draft.rules.is_empty() {
        text = text.pre("", draft.rules.as_str()).newline();
    }
    text = text.plain(try_on(turn, draft.target, &new)?);
    let mut buttons =
        vec![vec![button(turn, "button-save", &Press::Save), button(turn, "button-cancel", &Press::Drop)]];
    buttons.extend(knobs(turn, draft.target));
    Ok(Some(chat::message(text).buttons(buttons)))
}

fn try_on(turn: &Turn<'_>, target: Target, new: &rules::Rules) -> Result<Text, Failure> {
    let all = judge::lenient(&add::subscriber(turn)?.rules);
    let mine = SUBSCRIPTIONS.find(col("user_id").eq(turn.user))?;
    let mut posts = Vec::new();
    for subscription in
        mine.iter().filter(|subscription| target == Target::All || target == Target::One(subscription.id))
    {
        let last = col("channel").eq(subscription.channel).and(col("service").eq(false)).descending("number");
        let own = judge::lenient(&subscription.rules);
        posts.extend(POSTS.find(last.limit(TRIED))?.into_iter().map(|post| (post, own.clone())));
    }
    posts.sort_by_key(|(post, _)| std::cmp::Reverse(post.time));
    posts.truncate(TRIED as usize);
    let mut taken = 0;
    let mut lines = Text::new();
    for (index, (post, own)) in posts.iter().enumerate() {
        let book = match target {
            Target::All => Rulebook { all: new, own },
            Target::One(_) => Rulebook { all: &all, own: new },
        };
        let (verdict, _) = judge::verdict(&book, post, &turn.shared.finder);
        taken += i64::from(verdict.taken);
        if index < SHOWN {
            let mark = if verdict.taken { "✅ " } else { "❌ " };
            lines = lines.newline().plain(mark).plain(compose::first_line(&post.body, 60));
            if let Some(reason) = verdict.reason() {
                lines = lines.plain(" — ").italic(compose::first_line(&reason.source, 60));
            }
        }
    }
    let total = i64::try_from(posts.len()).unwrap_or(i64::MAX);
    let key = if total == 0 { "trial-none" } else { "trial" };
    Ok(turn.words.tell(key, &[("taken", Arg::Count(taken)), ("count", Arg::Count(total))]).plain(lines))
}

/// Keeps the draft.
pub(crate) fn save(turn: &Turn<'_>, place: MessageRef) -> Result<Answer, Failure> {
    let Some(draft) = dialogue::get::<Draft>()?.filter(|draft| !(draft.writing || draft.offered)) else {
        return Ok(Answer::Say("button-outdated"));
    };
    match draft.target {
        Target::All => SUBSCRIBERS.set(add::subscriber(turn)?.id, "rules", draft.rules.as_str())?,
        Target::One(id) => match list::own(turn, id)? {
            Some((subscription, _)) => SUBSCRIPTIONS.set(subscription.id, "rules", draft.rules.as_str())?,
            None => return Ok(Answer::Say("gone")),
        },
    }
    dialogue::clear()?;
    show(turn, place, draft.target)?;
    Ok(Answer::Say("rules-saved"))
}

/// Drops the draft.
pub(crate) fn drop_draft(turn: &Turn<'_>, place: MessageRef) -> Result<Answer, Failure> {
    let target = dialogue::get::<Draft>()?.map_or(Target::All, |draft| draft.target);
    dialogue::clear()?;
    show(turn, place, target)
}

/// The rules that stand in the tables, and the channel they are for; `None` if it is gone.
fn saved(turn: &Turn<'_>, target: Target) -> Result<Option<(Option<String>, String)>, Failure> {
    match target {
        Target::All => Ok(Some((None, add::subscriber(turn)?.value.rules))),
        Target::One(id) => {
            let own = list::own(turn, id)?;
            Ok(own.map(|(subscription, place)| (Some(courier::title(&place)), subscription.value.rules)))
        }
    }
}

/// The rules that are being changed: those of the draft, if it is for the same channel.
fn current(turn: &Turn<'_>, target: Target) -> Result<Option<(Option<String>, String)>, Failure> {
    let Some((title, rules)) = saved(turn, target)? else { return Ok(None) };
    let draft = dialogue::get::<Draft>()?.filter(|draft| draft.target == target);
    Ok(Some((title, draft.map_or(rules, |draft| draft.rules))))
}

fn heading(turn: &Turn<'_>, title: Option<&str>) -> Text {
    match title {
        Some(title) => turn.words.tell("rules-of", &[("channel", Arg::Bold(title))]),
        None => Text::new().bold(turn.words.say("rules-of-all")),
    }
}

fn knobs(turn: &Turn<'_>, target: Target) -> Vec<Vec<Button>> {
    let mut rows = vec![vec![button(turn, "button-write", &Press::Write(target))]];
    for pair in Knob::ALL.chunks(2) {
        rows.push(pair.iter().map(|knob| button(turn, knob.label(), &Press::Knob(target, *knob))).collect());
    }
    rows
}

fn button(turn: &Turn<'_>, key: &str, press: &Press) -> Button {
    Button::call(turn.words.say(key), press).only_for(turn.user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_come_and_go() {
        let photo = turned("+ flat", Knob::Media, 1);
        assert_eq!(photo, "+ flat\nmedia: photo");
        let both = turned(&photo, Knob::Media, 2);
        assert_eq!(both, "+ flat\nmedia: photo, video");
        assert_eq!(turned(&both, Knob::Media, 1), "+ flat\nmedia: video");
        assert_eq!(turned(&photo, Knob::Media, 1), "+ flat");
        let hourly = turned("when: now\n+ flat", Knob::When, 1);
        assert_eq!(hourly, "when: hourly\n+ flat");
        assert_eq!(turned(&hourly, Knob::When, usize::MAX), "+ flat");
    }

    #[test]
    fn every_choice_and_the_manual_are_rules() {
        assert!(rules::parse(MANUAL).is_ok());
        for knob in Knob::ALL {
            for index in 0..knob.choices().len() {
                let rules = turned("", knob, index);
                assert!(rules::parse(&rules).is_ok(), "{rules}");
            }
        }
    }
}
