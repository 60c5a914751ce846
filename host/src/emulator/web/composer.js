// Where the person writes: text field, reply and edit bar, attachments, the bot's reply keyboard, Start and Unblock.

import { followInside, sendText, startBot } from "./actions.js";
import * as api from "./api.js";
import { acceptDrops, attach, isPicture, pickFiles } from "./attach.js";
import { attachCommands, closeMenu, hasCommands, isOpen, loadCommands, menuBox, suggest, takeKey } from "./commands.js";
import { el, icon, iconButton } from "./dom.js";
import { nameOf, snippetOf } from "./format.js";
import { replyKeyboard, replyState, sendContact, sendLocation } from "./keyboards.js";
import { isWide } from "./route.js";
import { chatOf, draftOf, isBlocked, isLoaded, isOwn, lastOf, messageOf, messagesOf, on, setBlocked, setDraft, sync, view } from "./store.js";
import { fail, menu, toast } from "./ui.js";

const input = el("textarea.input", {
  id: "input", rows: 1, dir: "auto", placeholder: "Message", "aria-label": "Message", autocomplete: "off", enterkeyhint: "send",
  "aria-autocomplete": "list", "aria-controls": "commands",
});
const bar = el("div.reply-bar", { hidden: true });
const slash = iconButton("slash", "Commands", () => { if (isOpen()) closeMenu(); else suggest(true); input.focus(); });
const keys = iconButton("keys", "Keyboard of the bot", () => toggleKeys());
const send = iconButton("send", "Send", null, { type: "submit", class: "send" });
const form = el("form.write", {}, iconButton("attach", "Attach", (event) => attachMenu(event.currentTarget), { "aria-haspopup": "menu" }), slash, input, keys, send);
const keyboard = el("div.keyboard", { hidden: true });
const gate = el("div.gate", { hidden: true });
export const composer = el("div.composer", {}, menuBox, bar, form, gate, keyboard);

let mode = { reply: null, edit: null };
// A forced reply that the person gave or dismissed is not forced again.
const dismissed = new Set();
// Per chat: whether the person opened or closed the keyboard of this message.
const toggled = new Map();
let drawnKeys = "";
let wantsFocus = false;

// --- What is shown ---

/** Another chat or person. */
export function openComposer() {
  mode = { reply: null, edit: null };
  input.value = draftOf(view.chat);
  closeMenu();
  // Only once the chat is loaded is it known whether there is a text field or a Start button to focus.
  wantsFocus = isWide();
  refresh();
  grow();
  showCommands();
}

function showCommands() {
  const ref = view.chat;
  slash.hidden = !hasCommands(ref);
  loadCommands(ref).then(() => { if (ref === view.chat) slash.hidden = !hasCommands(ref); }, () => {});
}

/** Something in the chat changed: keyboards and forced replies follow from its messages. */
export function refresh() {
  const chat = chatOf(view.chat);
  if (!chat) return;
  if (mode.reply && !messageOf(view.chat, mode.reply.message_id)) mode.reply = null;
  if (mode.edit && !messageOf(view.chat, mode.edit.message_id)) endEdit();
  const state = replyState(view.chat);
  if (state.force && !mode.edit && !mode.reply && !dismissed.has(`${view.chat}/${state.message.message_id}`)) mode.reply = state.message;
  showBar();
  showKeyboard(state);
  showGate(chat);
  input.placeholder = state.placeholder || (chat.type === "channel" ? "Post to the channel" : "Message");
  send.disabled = !input.value.trim();
  if (!wantsFocus || !isLoaded(view.chat) || document.querySelector("dialog[open]")) return;
  wantsFocus = false;
  (gate.querySelector("button") ?? input).focus({ preventScroll: true });
}

function showKeyboard(state) {
  const has = Boolean(state.markup);
  const id = has ? `${view.person}/${view.chat}/${state.message.message_id}.${state.message.version}` : "";
  const open = has && (toggled.get(id) ?? (!state.over || Boolean(state.markup.is_persistent)));
  keys.hidden = !has;
  keys.setAttribute("aria-pressed", String(open));
  keyboard.hidden = !open;
  if (open && drawnKeys !== id) keyboard.replaceChildren(replyKeyboard(view.chat, state));
  drawnKeys = open ? id : "";
  keys.dataset.id = id;
}

function toggleKeys() {
  const open = keyboard.hidden;
  toggled.set(keys.dataset.id, open);
  refresh();
  if (open) keyboard.querySelector("button")?.focus();
  else input.focus();
}

function showGate(chat) {
  const start = chat.bot && isLoaded(chat.ref) && !lastOf(chat.ref);
  const blocked = isBlocked(chat);
  const work = blocked ? () => setBlocked(chat, false) : () => startBot(chat.bot.username, "");
  gate.hidden = !start && !blocked;
  form.hidden = !gate.hidden;
  if (gate.hidden) return gate.replaceChildren();
  const label = blocked ? "Unblock" : "Start";
  if (gate.textContent === label) return undefined;
  const button = el("button.primary.large", {
    type: "button",
    onclick: () => Promise.resolve(work()).then(() => input.focus()).catch(fail),
  }, label);
  return gate.replaceChildren(button);
}

function showBar() {
  const message = mode.edit ?? mode.reply;
  bar.hidden = !message;
  if (!message) return;
  const who = mode.edit ? "Edit message" : `Reply to ${isOwn(message) ? "yourself" : nameOf(message.sender_chat ?? message.from)}`;
  bar.replaceChildren(icon(mode.edit ? "edit" : "reply"),
    el("span.reply-text", {}, el("b", { dir: "auto" }, who), el("span", { dir: "auto" }, snippetOf(message))),
    iconButton("close", mode.edit ? "Stop editing" : "Do not reply", () => cancel()));
}

// --- Writing ---

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});

function submit() {
  const text = input.value.trim();
  if (!text) return setText("");
  const ref = view.chat;
  if (mode.edit) return saveEdit(ref, text);
  // A link to a bot of this house, pasted and sent, is followed like a tapped one.
  if (followInside(text)) return clear(ref);
  say(text);
}

function say(text) {
  const ref = view.chat;
  const reply = mode.reply;
  if (reply) dismissed.add(`${ref}/${reply.message_id}`);
  mode.reply = null;
  clear(ref);
  sendText(ref, text, reply?.message_id).catch((error) => {
    fail(error);
    if (view.chat !== ref || input.value) return;
    mode.reply = reply;
    setText(text);
  });
}

function clear(ref) {
  setDraft(ref, "");
  if (view.chat === ref) setText("");
}

function setText(text) {
  input.value = text;
  if (!mode.edit) setDraft(view.chat, text);
  grow();
  refresh();
}

async function saveEdit(ref, text) {
  const { edit } = mode;
  try {
    if (text !== (edit.text ?? edit.caption)) await api.edit(ref, edit.message_id, { from: view.person, text });
    if (mode.edit === edit) endEdit();
    refresh();
    await sync(ref);
  } catch (error) {
    fail(error);
  }
}

export function startEdit(message) {
  mode = { reply: null, edit: message };
  input.value = message.text ?? message.caption ?? "";
  grow();
  refresh();
  input.focus();
  input.setSelectionRange(input.value.length, input.value.length);
}

function endEdit() {
  mode.edit = null;
  input.value = draftOf(view.chat);
  grow();
}

export function startReply(message) {
  if (form.hidden) return;
  if (mode.edit) endEdit();
  mode.reply = message;
  refresh();
  input.focus();
}

function cancel() {
  if (mode.edit) endEdit();
  else if (mode.reply) dismissed.add(`${view.chat}/${mode.reply.message_id}`);
  mode.reply = null;
  refresh();
  input.focus();
}

/** Puts text into the field without sending it. */
export function insert(text) {
  setText(text);
  input.focus();
}

export function focusInput() {
  if (!form.hidden) input.focus();
}

input.addEventListener("input", () => {
  if (!mode.edit) setDraft(view.chat, input.value);
  grow();
  suggest();
  send.disabled = !input.value.trim();
});

input.addEventListener("blur", () => setTimeout(() => { if (!composer.contains(document.activeElement)) closeMenu(); }, 100));

input.addEventListener("keydown", (event) => {
  // While an input method composes, Enter and arrows belong to it.
  if (event.isComposing || takeKey(event)) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    submit();
  } else if (event.key === "Escape" && (mode.edit || mode.reply)) {
    event.preventDefault();
    cancel();
  } else if (event.key === "ArrowUp" && !input.value && !event.shiftKey && !event.altKey) {
    const last = messagesOf(view.chat).filter((message) => isOwn(message) && (message.text ?? message.caption) !== undefined).at(-1);
    if (!last) return;
    event.preventDefault();
    startEdit(last);
  }
});

/** The field grows with its text up to a third of the window. */
function grow() {
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight, Math.max(120, innerHeight / 3))}px`;
}

addEventListener("resize", grow);
on("world", () => { if (view.chat) showCommands(); });
attachCommands(input, say);

// --- Attachments ---

function attachMenu(anchor) {
  const files = async (accept, asFiles) => sendFiles(await pickFiles(accept), asFiles);
  const replyless = (opened) => opened.catch(fail);
  menu(anchor, [
    { label: "Photo", icon: "photo", act: () => files("image/*", false) },
    { label: "File", icon: "file", act: () => files(undefined, true) },
    { label: "Location", icon: "pin", act: () => replyless(sendLocation(view.chat)) },
    { label: "My contact", icon: "user", act: () => replyless(sendContact(view.chat)) },
  ], "Attach");
}

async function sendFiles(files, asFiles) {
  if (!files.length) return;
  if (files.some((file) => file.size === 0)) return toast("Empty files and folders cannot be sent.", "error");
  const replyTo = mode.reply?.message_id;
  const sent = await attach(view.chat, files, { asFiles: asFiles || !files.every(isPicture), replyTo });
  if (sent) mode.reply = null;
  refresh();
  input.focus();
}

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length || form.hidden || !view.chat || document.querySelector("dialog[open]")) return;
  // Office programs put a picture of the text beside the text: the text is what is meant.
  if (event.clipboardData.getData("text/plain")) return;
  event.preventDefault();
  sendFiles(files, false).catch(fail);
});

export function acceptFilesOn(area) {
  acceptDrops(area, (files) => {
    if (form.hidden || !view.chat) toast("Start the bot first.");
    else if (!document.querySelector("dialog[open]")) sendFiles(files, false).catch(fail);
  });
}
