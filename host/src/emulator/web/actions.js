// What the person does: say something, follow a link, share. Messages leave in the order in which they were written.

import * as api from "./api.js";
import { avatar, bold, copyText, el, icon } from "./dom.js";
import { isPayload, safeUrl, telegramLink } from "./links.js";
import { go } from "./route.js";
import { botNamed, botOf, chatNamed, chatOf, chatsOf, emit, forgetBlock, messageOf, sync, view } from "./store.js";
import { dialog, fail, toast } from "./ui.js";

const LIMIT = 4096;
let tail = Promise.resolve();

/** Sends text, in several messages where it is too long for one, as official clients do. */
export function sendText(ref, text, replyTo) {
  const from = view.person;
  const pieces = split(text.trim());
  return inOrder(ref, async () => {
    for (const [index, piece] of pieces.entries()) {
      await api.send(ref, { from, text: piece, reply_to_message_id: index ? undefined : replyTo });
    }
  });
}

/** Sends anything else: `body` is JSON or a form, `from` is put in here. */
export function sendBody(ref, body) {
  const from = view.person;
  if (body instanceof FormData) body.set("from", String(from));
  return inOrder(ref, () => api.send(ref, body instanceof FormData ? body : { from, ...body }));
}

function inOrder(ref, work) {
  const done = tail.then(work);
  tail = done.catch(() => {});
  return done.then(() => {
    emit("sent", ref);
    // The event stream reports the change too, but may be down at the moment.
    return sync(ref);
  });
}

function split(text) {
  const pieces = [];
  let rest = text;
  while (rest.length > LIMIT) {
    const window = rest.slice(0, LIMIT);
    const soft = Math.max(window.lastIndexOf("\n"), window.lastIndexOf(" "));
    let cut = soft > LIMIT / 2 ? soft : LIMIT;
    // Never between the two halves of a surrogate pair.
    if (cut === LIMIT && /[\uD800-\uDBFF]/.test(rest[cut - 1])) cut -= 1;
    pieces.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
  if (rest) pieces.push(rest);
  return pieces;
}

/** Opens a bot as this person, as if a deep link had been followed. */
export async function startBot(username, payload, person = view.person) {
  const { chat } = await api.start(person, username, payload ?? "");
  forgetBlock(chat);
  go({ person, chat });
  await sync(chat);
  emit("sent", chat);
  emit("started", chat);
}

/** Follows a link inside the house; `false` means that it leads elsewhere and is not ours to open. */
export function followInside(text, person = view.person) {
  const link = telegramLink(text);
  if (link?.kind === "share") {
    share(link.text);
    return true;
  }
  if (link?.kind !== "bot") return false;
  const bot = botNamed(link.username);
  if (!bot) {
    const chat = chatNamed(link.username, person);
    if (chat) go({ person, chat: chat.ref });
    return Boolean(chat);
  }
  if (link.payload === undefined) go({ person, chat: `p:${bot.id}:${person}` });
  else if (!isPayload(link.payload)) toast("This link's start parameter is malformed: 1–64 of A–Z a–z 0–9 _ and - are allowed.", "error");
  else startBot(bot.username, link.payload, person).catch(fail);
  return true;
}

/** For addresses that do not come from a click on a link, for example from the answer to a callback. */
export function openUrl(text) {
  if (followInside(text)) return;
  const url = safeUrl(text);
  if (!url) return toast(`This address cannot be opened: ${text}`, "error");
  const link = el("a.plain.as-button", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, "Open ", icon("external"));
  dialog({ title: "Open this link?", body: [el("p.address", { dir: "ltr" }, url.href), link], dismiss: "Close" });
}

/** Asks for a chat; resolves with it, or `undefined`. */
export function chooseChat(title, preview) {
  return dialog({
    title,
    dismiss: "Cancel",
    body: (close) => [
      preview,
      el("ul.rows", {}, chatsOf(view.person).map((chat) => el("li", {},
        el("button.row", { type: "button", onclick: () => close(chat) },
          avatar(chat.id, chat.title, chat.bot ? "bot" : undefined),
          el("span.row-text", {}, bold(chat.title), el("small", {}, chat.bot ? `@${chat.bot.username}` : chat.type)))))),
    ],
  });
}

export async function share(text) {
  const preview = el("div.share", {},
    el("p", { dir: "auto" }, text),
    el("button.plain", { type: "button", onclick: () => copyText(text).then(() => toast("Copied")) }, icon("copy"), "Copy"));
  const chat = await chooseChat("Share with…", preview);
  if (!chat) return;
  go({ chat: chat.ref });
  sendText(chat.ref, text).catch(fail);
}

/** A command as it is to be sent here: in groups it names its bot, because several may listen. */
export function commandFor(ref, command, bot) {
  const chat = chatOf(ref);
  if (!chat || chat.bot || !bot?.username || command.includes("@")) return command;
  return `${command}@${bot.username}`;
}

/** One listener for all links of the page, whether they stand in texts or under messages. */
export function listenToLinks() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (link && link.target === "_blank" && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      const address = link.dataset.address ?? link.href;
      if (!followInside(address)) {
        if (address.startsWith("tg:")) {
          event.preventDefault();
          toast("This link only works in a real Telegram app.");
        }
        return;
      }
      event.preventDefault();
      link.closest("dialog")?.close();
      return;
    }
    const button = event.target.closest?.("[data-command], [data-mention]");
    if (!button) return;
    if (button.dataset.command) command(button);
    else mention(button.dataset.mention);
  });
}

function command(button) {
  const message = messageOf(view.chat, Number(button.closest("[data-id]")?.dataset.id));
  const bot = message?.from?.is_bot ? botOf(message.from.id) : undefined;
  sendText(view.chat, commandFor(view.chat, button.dataset.command, bot)).catch(fail);
}

function mention(username) {
  const bot = botNamed(username);
  const chat = chatNamed(username, view.person);
  if (bot) go({ chat: `p:${bot.id}:${view.person}` });
  else if (chat) go({ chat: chat.ref });
  else toast(`There is no private chat with @${username} here.`);
}
