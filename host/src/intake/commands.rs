//! The menu of commands, made from the manifests of the bot's plugins.
//!
//! Everybody sees the plain commands; each admin sees, in the private chat with the bot, the admins' commands too. Both
//! come in every language that some description is translated to. Telegram is told only what has changed: the database
//! keeps a digest of what it was told last, and for whom, so that a language that is gone is taken away. While it is being told
//! something else, there is no digest.
//!
//! A menu is a convenience. Telling it may fail, for instance because an admin has not yet spoken to the bot, and is
//! tried again until it works; nothing waits for it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Bot;
use crate::model::manifest::{CommandSpec, Manifest};
use crate::model::{PluginName, hex};
use crate::shutdown::Shutdown;
use crate::store::StoreError;
use crate::telegram::{CallError, CommandScope, Decision};

/// The pauses between attempts double between these.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(600));
/// What Telegram takes in one menu.
const LONGEST_MENU: usize = 100;

/// A menu for somebody in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Menu {
    /// The private chat of an admin; `None` for everybody.
    chat: Option<i64>,
    /// `None` for every language that has no menu of its own.
    language: Option<String>,
    /// Names and descriptions.
    commands: Vec<(String, String)>,
}

/// Tells Telegram the menus, now and whenever the plugins are others, until the shutdown. There is one of these for a bot, and
/// it makes one call after the other: so what is told last is the menu of the plugins that were loaded last.
pub async fn keep_menu(bot: Bot, shutdown: Shutdown) {
    let mut plugins = bot.plugins.clone();
    loop {
        let menus = menus(&plugins.borrow_and_update().clone(), &bot.admins);
        let (mut told, mut pause) = (BTreeSet::new(), PAUSES.0);
        loop {
            let is_told = tell(&bot, &menus, &mut told).await.unwrap_or_else(|error| {
                tracing::warn!(bot = %bot.name, error = %error, "the command menu of bot `{}` waits: {error}", bot.name);
                false
            });
            tokio::select! {
                () = bot.clock.sleep(pause), if !is_told => pause = (pause * 2).min(PAUSES.1),
                changed = plugins.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
                () = shutdown.begun() => return,
            }
        }
    }
}

/// Tells what Telegram has not been told. `Ok(false)` if some of it has to be tried again.
async fn tell(bot: &Bot, menus: &[Menu], told: &mut BTreeSet<usize>) -> Result<bool, StoreError> {
    let known = bot.store.bot(bot.id()).await?.map(|row| row.commands).unwrap_or_default();
    let state = state(menus);
    if known == state {
        return Ok(true);
    }
    // From the first call to the last, what Telegram shows is neither the one nor the other.
    let unsure = unsure(&known, &state);
    if known != unsure {
        bot.store.remember_commands(bot.id(), &unsure).await?;
    }
    let mut complete = true;
    for (index, menu) in menus.iter().enumerate() {
        if told.contains(&index) {
            continue;
        }
        match tell_one(bot, menu).await {
            Ok(()) => {
                told.insert(index);
            }
            Err(error) => {
                complete = false;
                report(bot, menu.chat, &error);
            }
        }
    }
    for place in places(&known).into_iter().filter(|place| !places(&state).contains(place)) {
        let (chat, language) = place;
        if let Err(error) = bot.telegram.delete_my_commands(scope(chat), language.as_deref()).await {
            complete &= error.decide() == Decision::ChatGone;
            report(bot, chat, &error);
        }
    }
    if complete {
        bot.store.remember_commands(bot.id(), &state).await?;
    }
    Ok(complete)
}

async fn tell_one(bot: &Bot, menu: &Menu) -> Result<(), CallError> {
    let (scope, language) = (scope(menu.chat), menu.language.as_deref());
    if menu.commands.is_empty() {
        return bot.telegram.delete_my_commands(scope, language).await;
    }
    let commands: Vec<_> = menu.commands.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    bot.telegram.set_my_commands(&commands, scope, language).await
}

fn scope(chat: Option<i64>) -> CommandScope {
    chat.map_or(CommandScope::Default, CommandScope::Chat)
}

fn report(bot: &Bot, chat: Option<i64>, error: &CallError) {
    match (chat, error.decide()) {
        // Telegram knows the chat only after the admin has spoken to the bot, which comes in its time.
        (Some(admin), Decision::ChatGone) => {
            tracing::debug!(bot = %bot.name, admin, "admin {admin} has not yet spoken to bot `{}`", bot.name);
        }
        // Whoever asks for the updates says so.
        (_, Decision::StopBot) => {
            tracing::debug!(bot = %bot.name, "the command menu of bot `{}` waits for its token to be taken", bot.name);
        }
        _ => {
            tracing::warn!(bot = %bot.name, error = %error, "the command menu of bot `{}` was not set: {error}", bot.name);
        }
    }
}

/// All menus of a bot: everybody's first, each with the language-neutral one first.
fn menus(plugins: &[(PluginName, Manifest)], admins: &[i64]) -> Vec<Menu> {
    let all: Vec<&CommandSpec> = plugins.iter().flat_map(|(_, manifest)| &manifest.commands).collect();
    let plain: Vec<&CommandSpec> = all.iter().copied().filter(|command| !command.admins_only).collect();
    let mut menus = in_all_languages(None, &plain);
    if plain.len() < all.len() {
        let admins: BTreeSet<_> = admins.iter().copied().collect();
        menus.extend(admins.into_iter().flat_map(|admin| in_all_languages(Some(admin), &all)));
    }
    menus
}

fn in_all_languages(chat: Option<i64>, commands: &[&CommandSpec]) -> Vec<Menu> {
    let languages: BTreeSet<_> =
        commands.iter().flat_map(|command| command.translations.iter().map(|(language, _)| language.clone())).collect();
    let languages = std::iter::once(None).chain(languages.into_iter().map(Some));
    languages.map(|language| Menu { chat, commands: in_language(commands, language.as_deref()), language }).collect()
}

fn in_language(commands: &[&CommandSpec], language: Option<&str>) -> Vec<(String, String)> {
    let mut seen = BTreeSet::new();
    let text = |command: &CommandSpec| {
        let translated = command.translations.iter().find(|(found, _)| Some(found.as_str()) == language);
        translated.map_or_else(|| command.description.clone(), |(_, text)| text.clone())
    };
    // Two plugins may answer the same command; the menu has it once, as the first one describes it.
    let unique = commands.iter().filter(|command| seen.insert(command.name.as_str()));
    unique.take(LONGEST_MENU).map(|command| (command.name.clone(), text(command))).collect()
}

/// What the database keeps of the menus: a digest, and for whom they are: `<digest> default default/ru 17 17/ru`.
fn state(menus: &[Menu]) -> String {
    let json = serde_json::to_string(menus).unwrap_or_default();
    let mut state = hex(&Sha256::digest(json)[..16]);
    for menu in menus {
        state.push(' ');
        state.push_str(&menu.chat.map_or_else(|| "default".into(), |chat| chat.to_string()));
        if let Some(language) = &menu.language {
            state.push('/');
            state.push_str(language);
        }
    }
    state
}

/// The state of menus that are being exchanged: those of both may be there.
fn unsure(known: &str, state: &str) -> String {
    let new = state.split(' ').skip(1).filter(|place| !known.split(' ').skip(1).any(|old| old == *place));
    let places = known.split(' ').skip(1).chain(new);
    std::iter::once("?").chain(places).collect::<Vec<_>>().join(" ")
}

/// For whom the menus in a kept state are.
fn places(state: &str) -> Vec<(Option<i64>, Option<String>)> {
    let place = |word: &str| {
        let (chat, language) = word.split_once('/').map_or((word, None), |(chat, tag)| (chat, Some(tag.to_owned())));
        (chat.parse().ok(), language)
    };
    state.split(' ').skip(1).map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(name: &str, texts: &[(&str, &str)], admins_only: bool) -> CommandSpec {
        CommandSpec {
            name: name.into(),
            description: format!("{name} in English"),
            translations: texts.iter().map(|(language, text)| ((*language).into(), (*text).into())).collect(),
            admins_only,
        }
    }

    fn plugin(name: &str, commands: Vec<CommandSpec>) -> (PluginName, Manifest) {
        let manifest = Manifest {
            name: name.into(),
            version: "1.0.0".into(),
            description: String::new(),
            commands,
            deep_links: Vec::new(),
            events: Vec::new(),
            tables: Vec::new(),
            config: Vec::new(),
            ..Manifest::default()
        };
        (PluginName::new(name).expect("a name"), manifest)
    }

    fn seen(menus: &[Menu]) -> Vec<String> {
        let line = |menu: &Menu| {
            let texts: Vec<_> = menu.commands.iter().map(|(name, text)| format!("{name}={text}")).collect();
            format!("{:?} {} {}", menu.chat, menu.language.as_deref().unwrap_or("-"), texts.join(", "))
        };
        menus.iter().map(line).collect()
    }

    #[test]
    fn everybody_sees_the_plain_commands_and_admins_theirs_too() {
        let plugins = [
            plugin(
                "cards",
                vec![command("verify", &[("ru", "Проверить")], false), command("admin", &[("he", "ניהול")], true)],
            ),
            plugin("other", vec![command("verify", &[], false)]),
        ];
        assert_eq!(
            seen(&menus(&plugins, &[17, 17])),
            [
                "None - verify=verify in English",
                "None ru verify=Проверить",
                "Some(17) - verify=verify in English, admin=admin in English",
                "Some(17) he verify=verify in English, admin=ניהול",
                "Some(17) ru verify=Проверить, admin=admin in English",
            ]
        );
        assert_eq!(seen(&menus(&plugins[1..], &[17])), ["None - verify=verify in English"], "nothing more for admins");
        assert_eq!(seen(&menus(&[], &[17])), ["None - "], "an old menu is taken away");
    }

    #[test]
    fn the_state_tells_a_change_and_for_whom_menus_are() {
        let with = |text: &str| {
            menus(&[plugin("cards", vec![command("verify", &[("ru", text)], false), command("x", &[], true)])], &[17])
        };
        assert_ne!(state(&with("а")), state(&with("б")));
        let place = |chat, language: Option<&str>| (chat, language.map(str::to_owned));
        let expected = [place(None, None), place(None, Some("ru")), place(Some(17), None), place(Some(17), Some("ru"))];
        assert_eq!(places(&state(&with("а"))), expected);
        assert_eq!(places(""), []);
        assert_eq!(unsure("", "ab default default/ru"), "? default default/ru");
        assert_eq!(unsure("ab default 17", "cd default default/ru"), "? default 17 default/ru");
        assert_eq!(unsure("? default 17 default/ru", "cd default default/ru"), "? default 17 default/ru");
    }
}
