//! The methods of the Bot API, by name.

mod chats;
mod edits;
mod read;
mod sends;
mod settings;
mod updates;

use super::Emulator;
use super::params::Params;
use super::reply::Reply;
use crate::emulator::world::ApiError;

pub(super) use updates::get_updates;

/// A method that answers at once.
type Plain = fn(&Emulator, i64, &Params) -> Result<Reply, ApiError>;

/// How a method is carried out.
#[derive(Clone, Copy)]
pub(super) enum Method {
    /// At once.
    Plain(Plain),
    /// It may wait.
    GetUpdates,
}

/// Every method; those that are called most come first.
const METHODS: &[(&str, Method)] = &[
    ("sendMessage", Method::Plain(sends::message)),
    ("getUpdates", Method::GetUpdates),
    ("answerCallbackQuery", Method::Plain(edits::answer_callback)),
    ("editMessageText", Method::Plain(edits::text)),
    ("sendChatAction", Method::Plain(sends::action)),
    ("sendPhoto", Method::Plain(sends::photo)),
    ("sendDocument", Method::Plain(sends::document)),
    ("sendMediaGroup", Method::Plain(sends::media_group)),
    ("sendLocation", Method::Plain(sends::location)),
    ("sendContact", Method::Plain(sends::contact)),
    ("editMessageCaption", Method::Plain(edits::caption)),
    ("editMessageMedia", Method::Plain(edits::media)),
    ("editMessageReplyMarkup", Method::Plain(edits::markup)),
    ("deleteMessage", Method::Plain(edits::delete)),
    ("deleteMessages", Method::Plain(edits::delete_many)),
    ("getFile", Method::Plain(chats::file)),
    ("getMe", Method::Plain(settings::me)),
    ("getMyName", Method::Plain(settings::name)),
    ("getMyDescription", Method::Plain(settings::description)),
    ("getMyShortDescription", Method::Plain(settings::short_description)),
    ("setMyCommands", Method::Plain(settings::set_commands)),
    ("getMyCommands", Method::Plain(settings::get_commands)),
    ("deleteMyCommands", Method::Plain(settings::delete_commands)),
    ("setWebhook", Method::Plain(updates::set_webhook)),
    ("deleteWebhook", Method::Plain(updates::delete_webhook)),
    ("getWebhookInfo", Method::Plain(updates::webhook_info)),
    ("getChat", Method::Plain(chats::chat)),
    ("getChatMember", Method::Plain(chats::member)),
    ("getChatAdministrators", Method::Plain(chats::administrators)),
    ("getChatMemberCount", Method::Plain(chats::member_count)),
    ("leaveChat", Method::Plain(chats::leave)),
];

/// Finds a method in any case, and the name under which it is logged.
pub(super) fn find(name: &str) -> (&'static str, Option<Method>) {
    let found = METHODS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map_or(("(unknown)", None), |(known, method)| (known, Some(*method)))
}
