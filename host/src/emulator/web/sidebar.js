// The left half: the person on top, below her chats with their last words and what is unread.

import { avatar, bold, el, hiddenText, icon } from "./dom.js";
import { nameOf, serviceOf, shortTimeOf, snippetOf } from "./format.js";
import { addChat, addPerson, choosePerson, detailOf, openLink } from "./people.js";
import { glyphOf } from "./room.js";
import { hashOf } from "./route.js";
import { actionOf, chatOf, chatsOf, draftOf, isLoaded, isOwn, lastOf, me, on, sync, unreadOf, view } from "./store.js";
import { menu } from "./ui.js";

// More chats than this are loaded only when something happens in them.
const EAGER = 40;
const list = document.getElementById("chats");
let due = false;

export function startSidebar() {
  const scan = document.getElementById("scan");
  const create = document.getElementById("create");
  scan.append(icon("scan"));
  create.append(icon("plus"));
  for (const [button, label] of [[scan, "Open a t.me link"], [create, "Add a person, a group or a channel"]]) {
    button.setAttribute("aria-label", label);
    button.title = label;
  }
  document.getElementById("person").addEventListener("click", choosePerson);
  scan.addEventListener("click", openLink);
  create.addEventListener("click", () => menu(create, [
    { label: "New person", icon: "user", act: addPerson },
    { label: "New group", icon: "users", act: () => addChat("group") },
    { label: "New channel", icon: "channel", act: () => addChat("channel") },
  ], "Add"));
  list.addEventListener("keydown", moveFocus);
  for (const kind of ["messages", "action", "read", "sent"]) on(kind, later);
  on("world", () => { later(); loadPreviews(); });
  on("view", () => { later(); loadPreviews(); });
}

async function loadPreviews() {
  for (const { ref } of chatsOf(view.person).slice(0, EAGER)) if (!isLoaded(ref)) await sync(ref).catch(() => {});
}

/** Many changes at once are drawn once. */
function later() {
  if (due) return;
  due = true;
  // Not requestAnimationFrame: a tab in the background has no frames, but its title shall count.
  setTimeout(() => { due = false; draw(); }, 16);
}

function draw() {
  drawPerson();
  const focused = list.contains(document.activeElement) && document.activeElement.dataset.ref;
  const chats = chatsOf(view.person).map((chat, index) => ({ chat, index, last: lastOf(chat.ref), unread: unreadOf(chat.ref) }));
  chats.sort((a, b) => (b.last?.date ?? 0) - (a.last?.date ?? 0) || a.index - b.index);
  list.replaceChildren(...chats.map(entry));
  if (!chats.length) list.append(el("p.hint", {}, "No chats yet. Bots appear here once the host has connected them."));
  if (focused) list.querySelector(`[data-ref="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  const unread = chats.reduce((sum, { unread: count }) => sum + count, 0);
  const open = chatOf(view.chat);
  document.title = [unread ? `(${unread})` : "", open?.title, me() && nameOf(me()), "Guesthouse"].filter(Boolean).join(" · ").replace(") ·", ")");
}

function drawPerson() {
  const button = document.getElementById("person");
  const person = me();
  const face = person
    ? [avatar(person.id, nameOf(person)), el("span.row-text", {}, bold(nameOf(person)), el("small", {}, detailOf(person)))]
    : [el("span.avatar.empty", {}, icon("user")), el("span.row-text", {}, el("b", {}, "Choose a person"))];
  button.replaceChildren(hiddenText(person ? "You are " : ""), ...face, icon("chevron"));
  button.title = "Choose a person";
}

function entry({ chat, last, unread }) {
  const current = chat.ref === view.chat;
  const shown = Math.min(unread, 999);
  return el("a.chat", { href: hashOf(view.person, chat.ref), "data-ref": chat.ref, "aria-current": current ? "page" : null },
    avatar(chat.id, chat.title, glyphOf(chat)),
    el("span.chat-text", {},
      el("span.chat-top", {}, bold(chat.title), last && el("time", {}, shortTimeOf(last.date))),
      el("span.chat-bottom", {}, preview(chat, last, current),
        unread > 0 && !current && el("span.badge", {}, String(shown), hiddenText(" unread")))));
}

function preview(chat, last, current) {
  const doing = actionOf(chat.ref);
  if (doing) return el("span.preview.doing", {}, `${doing}…`);
  const draft = draftOf(chat.ref);
  if (draft && !current) return el("span.preview", {}, el("em.draft", {}, "Draft: "), el("bdi", {}, draft.slice(0, 100)));
  if (!last) return el("span.preview", {}, chat.bot ? `@${chat.bot.username}` : "No messages yet");
  const who = serviceOf(last) ? "" : isOwn(last) ? "You" : !chat.bot && !last.sender_chat && nameOf(last.from);
  return el("span.preview", {}, who && [el("bdi", {}, who), ": "], el("bdi", {}, snippetOf(last)));
}

function moveFocus(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const all = [...list.querySelectorAll(".chat")];
  const next = all[all.indexOf(document.activeElement) + step];
  if (next) next.focus();
  event.preventDefault();
}
