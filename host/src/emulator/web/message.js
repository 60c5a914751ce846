// One bubble: who, what it answers, media, text, time, buttons. An album is one bubble for several messages.
// Where it stands among the others (first or last of a run, day lines) is chat.js's business.

import { avatar, el, hiddenText, hue, icon } from "./dom.js";
import { fullTimeOf, nameOf, snippetOf, timeOf } from "./format.js";
import { inlineKeyboard } from "./keyboards.js";
import { album, isPicture, media } from "./media.js";
import { emit, isOwn, messageOf } from "./store.js";
import { isJumbo, revealSpoilers, richText } from "./text.js";

// Spoilers this tab has opened; kept here because an edited message is drawn anew.
const revealed = new Set();

/** `chat` is the chat's entry, `place` says `{first, last}` of a run by one sender. */
export function bubble(chat, messages, place) {
  const head = messages[0];
  const own = isOwn(head);
  const sender = head.sender_chat ?? head.from;
  const named = !chat.bot && !own && chat.type !== "channel";
  const key = `${chat.ref}/${head.message_id}`;
  const said = messages.find((message) => message.text !== undefined || message.caption) ?? head;
  const text = said.text ?? said.caption ?? "";
  const open = revealed.has(key);
  const picture = isPicture(head);
  const jumbo = !head.reply_to_message && said.text !== undefined && !said.entities?.length && isJumbo(said.text);
  const over = picture && !text;
  const reveal = () => {
    revealed.add(key);
    revealSpoilers(node);
    for (const photo of node.querySelectorAll(".hidden-photo")) photo.classList.remove("hidden-photo");
  };

  const box = el("div.bubble", { class: [picture && "has-picture", jumbo && "is-jumbo", text && "has-text"].filter(Boolean).join(" ") },
    hiddenText(own ? "You: " : `${nameOf(sender)}: `),
    named && place.first && el("div.who", { class: `${hue(sender?.id)} name`, "aria-hidden": "true" }, el("bdi", {}, nameOf(sender))),
    head.forward_origin && el("div.forwarded", {}, "Forwarded from ", el("bdi", {}, originOf(head.forward_origin))),
    head.reply_to_message && quote(chat, head.reply_to_message),
    messages.length > 1 ? album(messages, open) : media(head, open));
  const body = el("div.body", { dir: "auto", class: over ? "over" : "" },
    text && richText(text, said.entities ?? said.caption_entities, { revealed: open, onReveal: reveal }),
    meta(messages));
  if (!text && !media(head, open)) body.prepend(el("em.unknown", {}, "This kind of message is not shown here."));
  if (head.show_caption_above_media && text) box.querySelector(".photo, .album, .video")?.before(body);
  else box.append(body);
  // A caption wraps at the width of its photo instead of widening the bubble.
  box.style.setProperty("--w", box.querySelector(":scope > .photo")?.style.getPropertyValue("--w") ?? "420px");

  const last = messages.at(-1);
  const node = el("article.msg", {
    class: [own ? "own" : "theirs", place.first && "first", place.last && "last", named && "with-avatar"].filter(Boolean).join(" "),
    "data-id": head.message_id,
    tabindex: "-1",
  },
  named && (place.last ? avatar(sender?.id, nameOf(sender), head.from?.is_bot && !head.sender_chat ? "bot" : undefined) : el("span.avatar-gap")),
  el("div.stack", {}, box, messages.map((message) => inlineKeyboard(chat.ref, message))),
  el("div.tools", {},
    el("button.round", { type: "button", tabindex: "-1", "aria-label": "Reply", title: "Reply", onclick: () => emit("reply", last) }, icon("reply")),
    el("button.round", { type: "button", tabindex: "-1", "aria-label": "More", title: "More", onclick: (event) => emit("message-menu", { message: said, anchor: event.currentTarget }) }, icon("more"))));
  node.addEventListener("reveal", reveal);
  return node;
}

function meta(messages) {
  const last = messages.at(-1);
  const edited = messages.find((message) => message.edit_date);
  // The outer node floats to the end of the text's direction, the inner one always reads from left to right.
  return el("span.meta", {}, el("bdi", { dir: "ltr" },
    last.author_signature && el("bdi", {}, `${last.author_signature}, `),
    edited && el("span", { title: fullTimeOf(edited.edit_date) }, "edited "),
    el("time", { datetime: new Date(last.date * 1000).toISOString(), title: fullTimeOf(last.date) }, timeOf(last.date))));
}

function quote(chat, replied) {
  const known = messageOf(chat.ref, replied.message_id);
  // The answered message may have been edited since: what stands in the chat now is the truth.
  const now = known ?? replied;
  const sender = now.sender_chat ?? now.from;
  return el("button.quote", {
    type: "button", class: hue(sender?.id), disabled: !known, dir: "auto",
    onclick: () => emit("jump", replied.message_id),
  }, el("bdi.sr", {}, "In reply to "), el("b.name", {}, el("bdi", {}, isOwn(now) ? "You" : nameOf(sender))), el("span", {}, snippetOf(now)));
}

function originOf(origin) {
  if (origin.sender_user_name) return origin.sender_user_name;
  return nameOf(origin.sender_user ?? origin.sender_chat ?? origin.chat);
}
