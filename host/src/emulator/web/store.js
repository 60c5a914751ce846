// What this tab knows: the world, whom and which chat it shows, the messages of each chat, what was read.
// It fetches and merges, and says what changed; it draws nothing. Everything that draws listens with `on`.

import * as api from "./api.js";

export const world = { bots: [], people: [], chats: [], blocked: [], notices: [], ready: false };
export const view = { person: 0, chat: "" };

const hearers = new Map();

/** Kinds: `world`, `view`, `messages` (ref), `action` (ref), `read` (ref), and what the person asks for:
 *  `sent` and `started` (ref), `reply` (message), `message-menu` ({message, anchor}), `insert` (text), `jump` (message id). */
export function on(kind, hear) {
  hearers.set(kind, [...(hearers.get(kind) ?? []), hear]);
}

export function emit(kind, detail) {
  for (const hear of hearers.get(kind) ?? []) hear(detail);
}

// --- The world ---

let loading = null;
let stale = false;

/** Loads people, bots and chats. A load test announces many changes at once: one request runs, one more follows. */
export function loadWorld() {
  stale = true;
  loading ??= (async () => {
    while (stale) {
      stale = false;
      const state = await api.state();
      Object.assign(world, { bots: [], people: [], chats: [], blocked: [], notices: [] }, state, { ready: true });
    }
    emit("world");
  })().finally(() => { loading = null; });
  return loading;
}

export const personOf = (id) => world.people.find((person) => person.id === id);
export const botOf = (id) => world.bots.find((bot) => bot.id === id);
export const botNamed = (username) => world.bots.find((bot) => bot.username?.toLowerCase() === username?.toLowerCase());
export const me = () => personOf(view.person);
export const privateRef = (bot, person) => `p:${bot}:${person}`;

/** All chats a person can open: one with each bot, and the groups and channels she is in. */
export function chatsOf(person) {
  const own = world.bots.map((bot) => ({
    ref: privateRef(bot.id, person), type: "private", title: bot.name || bot.username, id: bot.id, bot, bots: [bot.id], members: [person],
  }));
  const shared = world.chats
    .filter((chat) => chat.type !== "private" && chat.members.includes(person))
    .map((chat) => ({ ...chat, ref: String(chat.id) }));
  return [...own, ...shared];
}

export const chatNamed = (username, person) =>
  chatsOf(person).find((chat) => chat.username && chat.username.toLowerCase() === username.toLowerCase());
export const chatOf = (ref, person = view.person) => chatsOf(person).find((chat) => chat.ref === ref);

// For as long as the host has not said it itself.
const blockedHere = new Set();

/** Following a link to a bot unblocks it. */
export const forgetBlock = (ref) => blockedHere.delete(ref);

export function isBlocked(chat) {
  if (!chat?.bot) return false;
  const told = world.chats.find((other) => String(other.id) === chat.ref)?.blocked;
  return told ?? (world.blocked.includes(chat.ref) || blockedHere.has(chat.ref));
}

export async function setBlocked(chat, blocked) {
  await api.block(view.person, chat.bot.username, blocked);
  if (blocked) blockedHere.add(chat.ref);
  else blockedHere.delete(chat.ref);
  emit("view");
  loadWorld().catch(() => {});
}

// --- Messages ---

const KEEP = 1000;
const MOST = 1200;
const boxes = new Map();

function boxOf(ref) {
  if (!boxes.has(ref)) boxes.set(ref, { messages: new Map(), sorted: null, version: undefined, busy: null, again: false, fresh: false });
  return boxes.get(ref);
}

export const isLoaded = (ref) => boxes.get(ref)?.version !== undefined;

/** In order. Sorted once a change, because many ask. */
export function messagesOf(ref) {
  const box = boxes.get(ref);
  if (!box) return [];
  box.sorted ??= [...box.messages.values()].sort((a, b) => a.message_id - b.message_id);
  return box.sorted;
}

export const messageOf = (ref, id) => boxes.get(ref)?.messages.get(id);
export const lastOf = (ref) => messagesOf(ref).at(-1);

/** Fetches what is new in a chat; `fresh` forgets what was known. One request a chat at a time, none is lost. */
export function sync(ref, fresh = false) {
  const box = boxOf(ref);
  box.fresh ||= fresh;
  if (box.busy) {
    box.again = true;
    return box.busy;
  }
  const work = async () => {
    do {
      box.again = false;
      await fetchInto(ref, box);
    } while (box.again);
  };
  box.busy = work().finally(() => { box.busy = null; });
  return box.busy;
}

async function fetchInto(ref, box) {
  let since = box.fresh ? undefined : box.version;
  let answer = await api.messages(ref, since);
  if (since !== undefined && answer.version < since) {
    // Versions that go backwards mean that the emulator began a new world.
    since = undefined;
    answer = await api.messages(ref);
  }
  box.fresh = false;
  if (since === undefined) box.messages = new Map();
  for (const message of answer.messages) {
    if (message.deleted) box.messages.delete(message.message_id);
    else box.messages.set(message.message_id, message);
  }
  box.sorted = null;
  // A bot that talks all night must not fill the tab's memory.
  if (box.messages.size > MOST) {
    for (const message of messagesOf(ref).slice(0, -KEEP)) box.messages.delete(message.message_id);
    box.sorted = null;
  }
  if (answer.messages.some((message) => message.from?.is_bot)) clearAction(ref);
  const same = box.version === answer.version && since !== undefined && !answer.messages.length;
  box.version = answer.version;
  if (!same) emit("messages", ref);
}

/** After the connection was lost: everything that this tab has loaded is loaded again. */
export async function reload() {
  await loadWorld();
  await Promise.allSettled([...boxes.keys()].map((ref) => sync(ref, true)));
}

/** A change reported by the host: only chats that this tab shows or lists are worth a request. */
export function changed(ref, version) {
  const box = boxes.get(ref);
  if (!box && !chatOf(ref)) return;
  if (box?.version !== undefined && version !== undefined && version === box.version) return;
  sync(ref).catch(() => {});
}

// --- What was read ---

const readKey = (ref) => `guesthouse.read:${view.person}:${ref}`;

export function readMark(ref) {
  const mark = Number(localStorage.getItem(readKey(ref))) || 0;
  const last = lastOf(ref)?.message_id ?? 0;
  if (!last || mark <= last) return mark;
  // The newest was deleted, or the emulator began a new world: what comes next must count as new.
  localStorage.setItem(readKey(ref), String(last));
  return last;
}

export function markRead(ref) {
  const last = lastOf(ref)?.message_id ?? 0;
  if (!last || readMark(ref) === last) return;
  localStorage.setItem(readKey(ref), String(last));
  emit("read", ref);
}

export const isOwn = (message) => message.from?.id === view.person && !message.sender_chat;

/** Whatever came before the person's own last word counts as read. */
export function unreadOf(ref) {
  const mark = readMark(ref);
  let count = 0;
  for (const message of messagesOf(ref)) {
    if (isOwn(message)) count = 0;
    else if (message.message_id > mark) count += 1;
  }
  return count;
}

// --- What bots are doing ---

const DOING = {
  typing: "typing", upload_photo: "sending a photo", record_video: "recording a video", upload_video: "sending a video",
  record_voice: "recording a voice message", upload_voice: "sending a voice message", upload_document: "sending a file",
  choose_sticker: "choosing a sticker", find_location: "looking for a place",
};
const doing = new Map();

/** A chat action lasts five seconds, or until the bot's next message. */
export function setAction(ref, action) {
  clearTimeout(doing.get(ref)?.timer);
  const timer = setTimeout(() => clearAction(ref), 5000);
  doing.set(ref, { text: DOING[action] ?? "typing", timer });
  emit("action", ref);
}

export function clearAction(ref) {
  if (!doing.has(ref)) return;
  clearTimeout(doing.get(ref).timer);
  doing.delete(ref);
  emit("action", ref);
}

export const actionOf = (ref) => doing.get(ref)?.text;

// --- Drafts ---

const draftKey = (ref) => `guesthouse.draft:${view.person}:${ref}`;
export const draftOf = (ref) => sessionStorage.getItem(draftKey(ref)) ?? "";

export function setDraft(ref, text) {
  if (text) sessionStorage.setItem(draftKey(ref), text);
  else sessionStorage.removeItem(draftKey(ref));
}
