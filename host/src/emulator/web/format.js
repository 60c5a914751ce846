// Words and numbers for people: names, times, sizes, one-line summaries. Pure functions, no DOM.

const TIME = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "long" });
const DAY_AND_YEAR = new Intl.DateTimeFormat("en", { day: "numeric", month: "long", year: "numeric" });
const SHORT_DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const LANGUAGES = new Intl.DisplayNames("en", { type: "language" });

const date = (seconds) => new Date(seconds * 1000);
const isToday = (day) => day.toDateString() === new Date().toDateString();

export const timeOf = (seconds) => TIME.format(date(seconds));
export const fullTimeOf = (seconds) => FULL.format(date(seconds));
export const dayKey = (seconds) => date(seconds).toDateString();

export function dayOf(seconds) {
  const day = date(seconds);
  const now = new Date();
  if (isToday(day)) return "Today";
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (day.toDateString() === yesterday.toDateString()) return "Yesterday";
  return (day.getFullYear() === now.getFullYear() ? DAY : DAY_AND_YEAR).format(day);
}

/** The time for today, the day for everything before: what fits in the chat list. */
export const shortTimeOf = (seconds) => (isToday(date(seconds)) ? timeOf(seconds) : SHORT_DAY.format(date(seconds)));

export function sizeOf(bytes) {
  if (!Number.isFinite(bytes)) return "";
  if (bytes < 1000) return `${bytes} B`;
  const step = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${["B", "kB", "MB", "GB"][step]}`;
}

export function languageOf(code) {
  try {
    return LANGUAGES.of(code) ?? code;
  } catch {
    return code;
  }
}

/** Of a person, a bot, or a chat. */
export function nameOf(who) {
  if (!who) return "Unknown";
  return who.title || who.name || [who.first_name, who.last_name].filter(Boolean).join(" ") || who.username || String(who.id);
}

export const countOf = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** A message in one line: for the chat list, for replies, for the share dialog. */
export function snippetOf(message) {
  const said = message.text ?? message.caption;
  const kind = kindOf(message);
  if (!said) return serviceOf(message) ?? kind;
  // What a bot hides behind a spoiler must not be readable in the list of chats.
  const hidden = (message.entities ?? message.caption_entities ?? []).filter((entity) => entity.type === "spoiler");
  let text = said;
  for (const { offset, length } of hidden) text = text.slice(0, offset) + "▒".repeat(length) + text.slice(offset + length);
  return text.slice(0, 200).replace(/\s+/g, " ");
}

function kindOf(message) {
  if (message.photo) return message.media_group_id ? "Album" : "Photo";
  if (message.document) return message.document.file_name || "File";
  if (message.sticker) return `${message.sticker.emoji ?? ""} Sticker`.trim();
  if (message.animation) return "Animation";
  if (message.video || message.video_note) return "Video";
  if (message.voice) return "Voice message";
  if (message.audio) return message.audio.title || "Audio";
  if (message.contact) return `Contact: ${nameOf(message.contact)}`;
  if (message.venue) return message.venue.title;
  if (message.location) return "Location";
  if (message.poll) return `Poll: ${message.poll.question}`;
  if (message.dice) return message.dice.emoji;
  return "Message";
}

/** The sentence of a service message (somebody joined, a title changed), or `undefined` for an ordinary message. */
export function serviceOf(message) {
  const actor = nameOf(message.from ?? message.sender_chat ?? message.chat);
  if (message.new_chat_members) {
    const ids = message.new_chat_members.map((member) => member.id);
    if (ids.length === 1 && ids[0] === message.from?.id) return `${actor} joined`;
    return `${actor} added ${message.new_chat_members.map(nameOf).join(", ")}`;
  }
  if (message.left_chat_member) {
    if (message.left_chat_member.id === message.from?.id) return `${actor} left`;
    return `${actor} removed ${nameOf(message.left_chat_member)}`;
  }
  if (message.group_chat_created || message.supergroup_chat_created) return `${actor} created the group`;
  if (message.channel_chat_created) return "The channel was created";
  if (message.new_chat_title) return `${actor} changed the title to “${message.new_chat_title}”`;
  if (message.new_chat_photo) return `${actor} changed the picture`;
  if (message.delete_chat_photo) return `${actor} removed the picture`;
  if (message.pinned_message) return `${actor} pinned “${snippetOf(message.pinned_message).slice(0, 60)}”`;
  if (message.migrate_to_chat_id || message.migrate_from_chat_id) return "The group became a supergroup";
  if (message.write_access_allowed) return `${actor} allowed the bot to write`;
  return undefined;
}
