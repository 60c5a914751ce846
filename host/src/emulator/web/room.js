// The right half: the head of the open chat, its messages, the composer; or a few words where no chat is open.

import * as api from "./api.js";
import { avatar, copyText, el, iconButton } from "./dom.js";
import { draw, frame, jump, leave, toBottom } from "./chat.js";
import { acceptFilesOn, composer, focusInput, insert, openComposer, refresh, startEdit, startReply } from "./composer.js";
import { countOf, nameOf } from "./format.js";
import { showMembers } from "./people.js";
import { hashOf, isWide, toList } from "./route.js";
import { actionOf, chatOf, isBlocked, isOwn, messagesOf, on, personOf, setBlocked, sync, view, world } from "./store.js";
import { fail, menu, toast } from "./ui.js";

const room = document.getElementById("room");
const head = el("header.room-head");
const welcome = el("div.welcome");
let shown = "";

export function startRoom() {
  room.append(head, frame, composer, welcome);
  acceptFilesOn(room);
  on("view", show);
  on("world", show);
  on("messages", (ref) => { if (ref === view.chat) redraw(); });
  on("action", (ref) => { if (ref === view.chat) showHead(); });
  on("sent", (ref) => { if (ref === view.chat) toBottom(); });
  on("started", (ref) => { if (ref === view.chat && isWide()) focusInput(); });
  on("reply", startReply);
  on("insert", insert);
  on("jump", jump);
  on("message-menu", messageMenu);
  // Whoever begins to type while no field has the focus means the message.
  document.addEventListener("keydown", (event) => {
    const free = document.activeElement === document.body || document.activeElement?.matches(".msg, .log");
    if (free && event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey && view.chat) focusInput();
  });
}

function show() {
  const chat = chatOf(view.chat);
  document.getElementById("app").dataset.screen = chat ? "chat" : "list";
  for (const node of [head, frame, composer]) node.hidden = !chat;
  welcome.hidden = Boolean(chat);
  if (!chat) {
    leave();
    shown = "";
    return showWelcome();
  }
  const key = `${view.person}/${view.chat}`;
  showHead();
  if (shown === key) return redraw();
  leave();
  shown = key;
  redraw();
  openComposer();
  sync(view.chat).then(() => { if (shown === key) redraw(); }, fail);
  // On a phone the text field is not focused, because its keyboard would hide half of the chat.
  if (!isWide()) room.focus({ preventScroll: true });
  return undefined;
}

function redraw() {
  draw(view.chat);
  refresh();
}

function showHead() {
  const chat = chatOf(view.chat);
  if (!chat) return;
  const doing = actionOf(chat.ref);
  const line = doing
    ? el("small.doing", {}, doing, el("i.dots", { "aria-hidden": "true" }, el("i"), el("i"), el("i")))
    : el("small", {}, subtitle(chat));
  const more = iconButton("more", "More", (event) => chatMenu(chat, event.currentTarget), { "aria-haspopup": "menu", class: "chat-more" });
  const focused = head.contains(document.activeElement) && [...document.activeElement.classList].find((name) => ["back", "chat-more"].includes(name));
  head.replaceChildren(
    iconButton("back", "All chats", toList, { class: "back" }),
    avatar(chat.id, chat.title, glyphOf(chat)),
    el("div.room-title", {}, el("h1", {}, el("bdi", {}, chat.title)), line),
    more);
  if (focused) head.querySelector(`.${focused}`)?.focus({ preventScroll: true });
}

export const glyphOf = (chat) => (chat.bot ? "bot" : chat.type === "channel" ? "channel" : "users");

function subtitle(chat) {
  if (chat.bot) return isBlocked(chat) ? "blocked" : `@${chat.bot.username}`;
  if (chat.type === "channel") return countOf(chat.members.length, "subscriber");
  return countOf(chat.members.length + chat.bots.length, "member");
}

function showWelcome() {
  const me = personOf(view.person);
  const name = me && el("bdi", {}, nameOf(me));
  welcome.replaceChildren(el("div.welcome-card", {},
    el("span.logo", { "aria-hidden": "true" }),
    el("h1", {}, "Welcome to the house"),
    world.bots.length
      ? el("p", {}, "You are ", el("b", {}, name ?? "nobody yet"), ". Choose a chat to talk to a bot; open another tab to be somebody else at the same time.")
      : el("p", {}, "No bot is here yet. Each bot shows up in the list as soon as the host has connected it.")));
}

// --- Menus ---

function chatMenu(chat, anchor) {
  const blocked = isBlocked(chat);
  const address = new URL(hashOf(view.person, chat.ref), location.href).href;
  menu(anchor, [
    !chat.bot && { label: "Members", icon: "users", act: () => showMembers(chat) },
    chat.bot && { label: `Copy t.me/${chat.bot.username}`, icon: "link", act: () => copied(`https://t.me/${chat.bot.username}`) },
    { label: "Copy link to this view", icon: "copy", act: () => copied(address) },
    { label: "Open in a new tab", icon: "external", href: address },
    chat.bot && (blocked
      ? { label: "Unblock bot", icon: "check", act: () => setBlocked(chat, false).catch(fail) }
      : { label: "Block bot", icon: "block", danger: true, act: () => setBlocked(chat, true).catch(fail) }),
  ], "Chat");
}

/** In an album every part goes. */
async function removeMessage({ message_id: id, media_group_id: group }) {
  const { chat: ref, person } = view;
  const ids = group ? messagesOf(ref).filter((other) => other.media_group_id === group).map((other) => other.message_id) : [id];
  try {
    for (const each of ids) await api.remove(ref, each, person);
    await sync(ref);
  } catch (error) {
    fail(error);
  }
}

const copied = (text) => copyText(text).then(() => toast("Copied"), fail);

function messageMenu({ message, anchor }) {
  if (!message) return;
  const text = message.text ?? message.caption;
  const selection = String(getSelection());
  const mine = isOwn(message) || chatOf(view.chat)?.type === "channel";
  menu(anchor, [
    { label: "Reply", icon: "reply", act: () => startReply(message) },
    mine && text !== undefined && { label: "Edit", icon: "edit", act: () => startEdit(message) },
    text && { label: selection ? "Copy selection" : "Copy text", icon: "copy", act: () => copied(selection || text) },
    (mine || chatOf(view.chat)?.bot) && { label: "Delete", icon: "trash", danger: true, act: () => removeMessage(message) },
  ], "Message");
}

