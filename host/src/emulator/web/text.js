// Message text with its entities as DOM nodes. Offsets are UTF-16 units, which is what JavaScript strings count too.
// It decides how entities nest; what a click does is decided where the click arrives (actions.js).

import { copyText, el } from "./dom.js";
import { safeUrl } from "./links.js";
import { toast } from "./ui.js";

// Where two entities cover the same text, the block is outside and the link inside.
const RANK = ["blockquote", "expandable_blockquote", "pre", "spoiler", "text_link", "url", "bot_command", "mention"];
const BLOCKS = new Set(["blockquote", "expandable_blockquote", "pre"]);

/** `revealed` says that the spoilers of this message were opened before, so that an edit does not close them again. */
export function richText(text, entities = [], { revealed = false, onReveal } = {}) {
  const whole = { offset: 0, end: text.length };
  const sorted = entities
    .map((entity) => ({ ...entity, end: Math.min(text.length, entity.offset + entity.length) }))
    .filter((entity) => entity.offset >= 0 && entity.offset < entity.end)
    .sort((a, b) => a.offset - b.offset || b.end - a.end || rank(a) - rank(b));
  const holder = document.createDocumentFragment();
  fill(holder, text, whole, sorted, { revealed, onReveal });
  return holder;
}

function rank(entity) {
  const at = RANK.indexOf(entity.type);
  return at < 0 ? RANK.length : at;
}

/** Puts `text[range]` with `entities` (all beginning inside of the range, in order) into `parent`. */
function fill(parent, text, range, entities, options) {
  let at = range.offset;
  const queue = [...entities];
  while (queue.length) {
    const entity = queue.shift();
    if (entity.offset > at) parent.append(text.slice(at, entity.offset));
    const inner = [];
    while (queue.length && queue[0].offset < entity.end) {
      const child = queue.shift();
      inner.push({ ...child, end: Math.min(child.end, entity.end) });
      // Bold that begins inside of a link and ends after it becomes two pieces of bold.
      if (child.end > entity.end) queue.unshift({ ...child, offset: entity.end });
      queue.sort((a, b) => a.offset - b.offset || b.end - a.end || rank(a) - rank(b));
    }
    const node = element(entity, text.slice(entity.offset, entity.end), options);
    fill(node.inside ?? node, text, entity, inner, options);
    parent.append(node);
    at = entity.end;
    // A block ends its line by itself: the line break after it would show as an empty line.
    if (BLOCKS.has(entity.type) && text[at] === "\n" && at < range.end && !(queue[0]?.offset <= at)) at += 1;
  }
  if (at < range.end) parent.append(text.slice(at, range.end));
}

function element(entity, covered, options) {
  switch (entity.type) {
    case "bold": return el("strong");
    case "italic": return el("em");
    case "underline": return el("u");
    case "strikethrough": return el("s");
    case "spoiler": return spoiler(options);
    case "code": return code();
    case "pre": return pre(entity, covered);
    case "blockquote": return el("blockquote");
    case "expandable_blockquote": return expandable(covered);
    case "text_link": return link(entity.url);
    case "url": return link(covered, "ltr");
    case "email": return link(`mailto:${covered}`, "ltr");
    case "phone_number": return link(`tel:${covered.replace(/[^\d+]/g, "")}`, "ltr");
    case "bot_command": return el("button.link", { type: "button", dir: "ltr", "data-command": covered });
    case "mention": return el("button.link", { type: "button", dir: "ltr", "data-mention": covered.slice(1) });
    case "text_mention": return el("span.tag", { dir: "auto" });
    case "hashtag":
    case "cashtag": return el("span.tag", { dir: "auto" });
    default: return el("span");
  }
}

function link(address, dir) {
  const url = safeUrl(address);
  if (!url) return el("span");
  // `data-address` keeps the text as it came: the URL object has already rewritten it.
  return el("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", title: url.href, dir, "data-address": address });
}

function spoiler({ revealed, onReveal }) {
  const node = el("span.spoiler");
  if (revealed) {
    node.classList.add("open");
    return node;
  }
  node.inside = el("span.spoiler-text", { "aria-hidden": "true", inert: true });
  node.append(node.inside);
  node.setAttribute("role", "button");
  node.setAttribute("tabindex", "0");
  node.setAttribute("aria-label", "Hidden text. Press to show it.");
  const reveal = (event) => {
    if (node.classList.contains("open")) return;
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    onReveal?.();
  };
  node.addEventListener("click", reveal);
  node.addEventListener("keydown", reveal);
  return node;
}

/** Shows every spoiler below `root`. */
export function revealSpoilers(root) {
  for (const node of root.querySelectorAll(".spoiler:not(.open)")) {
    node.classList.add("open");
    for (const name of ["role", "tabindex", "aria-label"]) node.removeAttribute(name);
  }
  for (const inside of root.querySelectorAll(".spoiler-text")) inside.replaceWith(...inside.childNodes);
}

function code() {
  const node = el("code", { dir: "auto", tabindex: "0", role: "button", title: "Copy" });
  const copy = (event) => {
    if (event.type === "keydown" && event.key !== "Enter") return;
    if (event.type === "click" && String(getSelection())) return;
    event.stopPropagation();
    copyText(node.textContent).then(() => toast("Copied"));
  };
  node.addEventListener("click", copy);
  node.addEventListener("keydown", copy);
  return node;
}

function pre(entity, covered) {
  const node = el("div.pre");
  const copy = el("button.link", { type: "button", onclick: () => copyText(covered).then(() => toast("Copied")) }, "Copy");
  const text = el("pre", { dir: "auto", tabindex: "0" });
  node.append(el("div.pre-head", {}, el("span", {}, entity.language || "code"), copy), text);
  node.inside = text;
  return node;
}

function expandable(covered) {
  const node = el("blockquote.long");
  const inside = el("div.long-text");
  node.append(inside);
  node.inside = inside;
  // Three lines are shown without being asked; fewer need no button.
  if (covered.length < 120 && covered.split("\n").length <= 3) return node;
  node.classList.add("short");
  const more = el("button.link", { type: "button", "aria-expanded": "false" }, "Show more");
  more.addEventListener("click", () => {
    const short = node.classList.toggle("short");
    more.textContent = short ? "Show more" : "Show less";
    more.setAttribute("aria-expanded", String(!short));
  });
  node.append(more);
  return node;
}

/** Up to three emoji and nothing else are shown large. */
export function isJumbo(text) {
  return text.length <= 24 && /^(?:(?:\p{Emoji_Presentation}|\p{Extended_Pictographic})(?:\uFE0F|\p{Emoji_Modifier}|\u200D(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}))*){1,3}$/u.test(text);
}
