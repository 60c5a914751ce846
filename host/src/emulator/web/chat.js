// The messages of the open chat. It decides what is drawn anew, where day lines stand, and when the list scrolls:
// only if it stood at the bottom, or if the person said something.

import { add, el, iconButton } from "./dom.js";
import { dayKey, dayOf, fullTimeOf, serviceOf } from "./format.js";
import { bubble } from "./message.js";
import { chatOf, emit, isLoaded, isOwn, markRead, messageOf, messagesOf, readMark, unreadOf, view } from "./store.js";

const RUN = 300;
const NEAR = 80;

const list = el("div.log-list");
export const log = el("div.log", { role: "log", "aria-label": "Messages", "aria-live": "polite", tabindex: "-1" }, list);
const badge = el("span.badge", { hidden: true });
const down = iconButton("down", "To the newest message", () => toBottom(true), { class: "to-bottom", hidden: true });
down.append(badge);
export const frame = el("div.log-frame", {}, log, down);

let drawn = new Map();
let shown = "";
let stuck = true;
let lastTop = 0;
let divider = 0;
const places = new Map();

/** Draws the chat `ref`; called on every change of it, and when another chat is opened. */
export function draw(ref) {
  const opening = shown !== `${view.person}/${ref}`;
  if (opening) open(ref);
  const chat = chatOf(ref);
  if (!chat) return;
  const before = stuck;
  const fresh = sync(chat, itemsOf(ref), opening);
  if (opening && isLoaded(ref)) shown = `${view.person}/${ref}`;
  if (opening) restore(ref);
  else if (before) toBottom();
  if (fresh && !opening) noteNews();
  seen();
}

function open(ref) {
  log.setAttribute("aria-busy", "true");
  const mark = readMark(ref);
  divider = mark && unreadOf(ref) ? mark : 0;
  list.replaceChildren();
  drawn = new Map();
  stuck = true;
}

/** Back where the person had scrolled to, or at the first unread message, or at the end. */
function restore(ref) {
  const place = places.get(`${view.person}/${ref}`);
  const line = list.querySelector(".unread-line");
  if (place) {
    log.scrollTop = place;
    stuck = atBottom();
  } else if (line && list.scrollHeight > log.clientHeight) {
    log.scrollTop = line.offsetTop - 60;
    stuck = atBottom();
  } else toBottom();
  requestAnimationFrame(() => log.removeAttribute("aria-busy"));
  showDown();
}

/** Remembers where the open chat is scrolled to; before another one is opened. */
export function leave() {
  if (!shown) return;
  if (stuck) places.delete(shown);
  else places.set(shown, log.scrollTop);
  shown = "";
}

// --- What is drawn ---

/** Day lines, the line above the unread, service lines and runs of bubbles; each with a key and what it depends on. */
function itemsOf(ref) {
  const items = [];
  let day = "";
  let unread = divider;
  for (const message of messagesOf(ref)) {
    if (dayKey(message.date) !== day) {
      day = dayKey(message.date);
      items.push({ kind: "day", key: `day ${day}`, date: message.date, sign: dayOf(message.date) });
    }
    if (unread && message.message_id > unread && !isOwn(message)) {
      items.push({ kind: "unread", key: "unread", sign: "" });
      unread = 0;
    }
    const last = items.at(-1);
    if (serviceOf(message)) items.push({ kind: "service", key: `m${message.message_id}`, message, sign: String(message.version) });
    else if (message.media_group_id && last.messages?.[0].media_group_id === message.media_group_id) last.messages.push(message);
    else items.push({ kind: "bubble", key: `m${message.message_id}`, messages: [message] });
  }
  items.forEach((item, index) => {
    if (item.kind !== "bubble") return;
    item.first = !runs(items[index - 1], item);
    item.last = !runs(item, items[index + 1]);
    const replied = item.messages[0].reply_to_message;
    const answered = replied && (messageOf(ref, replied.message_id)?.version ?? "gone");
    item.sign = [item.messages.map((message) => `${message.message_id}.${message.version}`), item.first, item.last, answered].join();
  });
  return items;
}

function runs(one, two) {
  if (one?.kind !== "bubble" || two?.kind !== "bubble") return false;
  const [a, b] = [one.messages.at(-1), two.messages[0]];
  return (a.sender_chat ?? a.from)?.id === (b.sender_chat ?? b.from)?.id && b.date - a.date < RUN;
}

/** Makes the page what `items` say and touches only what changed; tells whether something came at the end. */
function sync(chat, items, quiet) {
  const next = new Map();
  const focus = focusIn();
  let fresh = false;
  let at = list.firstElementChild;
  for (const item of items) {
    const old = drawn.get(item.key);
    let node = old?.node;
    if (old?.sign !== item.sign) {
      node = paint(chat, item);
      if (!old && !quiet && item.kind !== "day") {
        node.classList.add("arriving");
        fresh ||= item.kind === "service" || !isOwn(item.messages[0]);
      }
      if (old) {
        if (at === old.node) at = node;
        old.node.replaceWith(node);
      }
    }
    next.set(item.key, { node, sign: item.sign });
    if (node === at) at = at.nextElementSibling;
    else list.insertBefore(node, at);
  }
  for (const [key, { node }] of drawn) if (!next.has(key)) node.remove();
  drawn = next;
  if (!items.length && isLoaded(chat.ref)) list.replaceChildren(empty(chat));
  else list.querySelector(":scope > .nothing")?.remove();
  refocus(focus);
  rove();
  return fresh;
}

function paint(chat, item) {
  if (item.kind === "day") return el("div.line.day", { role: "separator" }, el("span", {}, item.sign));
  if (item.kind === "unread") return el("div.line.unread-line", { role: "separator" }, el("span", {}, "New messages"));
  if (item.kind === "service") {
    return el("div.line.service", { "data-id": item.message.message_id, title: fullTimeOf(item.message.date) }, el("span", { dir: "auto" }, serviceOf(item.message)));
  }
  return bubble(chat, item.messages, item);
}

function empty(chat) {
  const node = el("div.nothing");
  add(node, chat.bot
    ? [el("b", { dir: "auto" }, chat.title), el("p", {}, "Nothing has been said yet. Press Start to begin.")]
    : [el("b", { dir: "auto" }, chat.title), el("p", {}, "No messages yet.")]);
  return node;
}

// --- Scrolling ---

const atBottom = () => log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;

export function toBottom(smooth = false) {
  stuck = true;
  log.scrollTo({ top: log.scrollHeight, behavior: smooth && !matchMedia("(prefers-reduced-motion: reduce)").matches ? "smooth" : "instant" });
  showDown();
}

log.addEventListener("scroll", () => {
  // Only going up leaves the bottom: the list also "scrolls" when the room below it changes, before that is observed.
  if (atBottom()) stuck = true;
  else if (log.scrollTop < lastTop) stuck = false;
  lastTop = log.scrollTop;
  showDown();
  if (stuck) seen();
}, { passive: true });

// The window, the text field or a keyboard of the bot took or gave room, or an image came: the end stays in view.
const resized = new ResizeObserver(() => { if (stuck) toBottom(); });
resized.observe(log);
resized.observe(list);

function showDown() {
  down.hidden = stuck;
  if (stuck) badge.hidden = true;
}

function noteNews() {
  if (stuck) return;
  const count = unreadOf(view.chat);
  badge.textContent = count > 99 ? "99+" : String(count);
  badge.hidden = !count;
}

/** What stands at the bottom of a visible page has been read. */
export function seen() {
  if (stuck && view.chat && document.visibilityState === "visible" && isLoaded(view.chat)) markRead(view.chat);
}

/** Scrolls to a message and lets it light up. */
export function jump(id) {
  const node = list.querySelector(`[data-id="${id}"]`);
  if (!node) return;
  stuck = false;
  node.scrollIntoView({ block: "center" });
  node.classList.remove("lit");
  void node.offsetWidth;
  node.classList.add("lit");
  focusMessage(node);
}

// --- The keyboard: one message is reachable by Tab, arrows move from there ---

function rove(node) {
  const current = node ?? list.querySelector(".msg[tabindex='0']") ?? [...list.querySelectorAll(".msg")].at(-1);
  for (const other of list.querySelectorAll(".msg[tabindex='0']")) if (other !== current) other.setAttribute("tabindex", "-1");
  current?.setAttribute("tabindex", "0");
}

function focusMessage(node) {
  rove(node);
  node.focus({ preventScroll: true });
}

list.addEventListener("focusin", (event) => {
  const node = event.target.closest(".msg");
  if (node) rove(node);
});

list.addEventListener("keydown", (event) => {
  const node = event.target;
  if (!node.classList.contains("msg")) return;
  const all = [...list.querySelectorAll(".msg")];
  const at = all.indexOf(node);
  const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
  if (next !== undefined) {
    event.preventDefault();
    if (!all[next]) return;
    focusMessage(all[next]);
    all[next].scrollIntoView({ block: "nearest" });
  } else if (event.key === "Enter" || event.key === "ContextMenu") {
    event.preventDefault();
    emit("message-menu", { message: messageOf(view.chat, Number(node.dataset.id)), anchor: node.querySelector(".bubble") });
  }
});

list.addEventListener("contextmenu", (event) => {
  const node = event.target.closest(".msg");
  if (!node || event.target.closest("a, img, input") || String(getSelection())) return;
  event.preventDefault();
  emit("message-menu", { message: messageOf(view.chat, Number(node.dataset.id)), anchor: { x: event.clientX, y: event.clientY } });
});

list.addEventListener("dblclick", (event) => {
  const node = event.target.closest(".msg");
  if (!node || event.target.closest("a, button, code, pre, .spoiler") || matchMedia("(hover: none)").matches) return;
  getSelection()?.removeAllRanges();
  emit("reply", messageOf(view.chat, Number(node.dataset.id)));
});

// Without a mouse there is no hovering: a tap on the bubble shows its tools.
list.addEventListener("click", (event) => {
  if (!matchMedia("(hover: none)").matches || event.target.closest("a, button, code, pre, .spoiler")) return;
  const node = event.target.closest(".msg");
  for (const other of list.querySelectorAll(".msg.tapped")) if (other !== node) other.classList.remove("tapped");
  node?.classList.toggle("tapped");
});

/** Where the focus is, in words that survive a new drawing: which message, which button of it. */
function focusIn() {
  const active = document.activeElement;
  const node = list.contains(active) ? active.closest("[data-id]") : null;
  return node && { node, id: node.dataset.id, key: active.dataset.key };
}

function refocus(focus) {
  if (!focus || focus.node.isConnected) return;
  const node = list.querySelector(`.msg[data-id="${focus.id}"]`);
  const target = (focus.key && (node?.querySelector(`[data-key="${CSS.escape(focus.key)}"]`) ?? node?.querySelector(".key"))) || node || log;
  target.focus({ preventScroll: true });
}
