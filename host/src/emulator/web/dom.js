// Builds DOM nodes. Data reaches the page only as text nodes and attributes from here, never as markup.
// It knows nothing about chats. Next: ui.js, which opens dialogs, menus and toasts with it.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  down: "M12 5v14M6 13l6 6 6-6",
  chevron: "M7 10l5 5 5-5",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6 6 18",
  more: "M12 5.5v.01M12 12v.01M12 18.5v.01",
  send: "M4.5 11.5 20 4l-5.5 16-3.5-6.5ZM11 13.5 20 4",
  check: "M5 12.5l4.5 4.5L19 7.5",
  attach: "M20 11.5 12 19.5a5 5 0 0 1-7-7l8.5-8.5a3.4 3.4 0 0 1 4.8 4.8l-8.4 8.4a1.7 1.7 0 0 1-2.4-2.4l7.5-7.5",
  slash: "M8 4h8a4 4 0 0 1 4 4v8a4 4 0 0 1-4 4H8a4 4 0 0 1-4-4V8a4 4 0 0 1 4-4ZM10 16l4-8",
  keys: "M4 6h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1ZM7 10h.01M12 10h.01M17 10h.01M8 14h8",
  reply: "M9 7 4 12l5 5M4 12h9a7 7 0 0 1 7 7",
  edit: "M4 20h4L19 9l-4-4L4 16ZM13 7l4 4",
  copy: "M10 9h8a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-8a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1ZM15 9V5a1 1 0 0 0-1-1H6a1 1 0 0 0-1 1v9a1 1 0 0 0 1 1h3",
  link: "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.7-5.7L12 7M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.7 5.7L12 17",
  external: "M8 16 17 7M9.5 7H17v7.5",
  share: "M14 5l6 6-6 6v-4c-5 0-8 1.5-10 5 0-6 4-9 10-9Z",
  photo: "M5 5h14a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1ZM4 16l5-5 4 4 3-3 4 4M15.5 9v.01",
  file: "M7 3h7l5 5v12a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1ZM14 3v5h5",
  pin: "M12 21s7-6.2 7-11.5a7 7 0 0 0-14 0C5 14.8 12 21 12 21ZM12 11.8a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6Z",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20c.8-4 3.8-5.5 7.5-5.5s6.7 1.5 7.5 5.5",
  users: "M9 12a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 19c.6-3.5 3.2-4.8 6.5-4.8s5.9 1.3 6.5 4.8M15.5 5.3a3.5 3.5 0 0 1 0 6.4M17.5 14.6c2.2.6 3.6 1.9 4 4.4",
  channel: "M4 10v4h3l8 4V6l-8 4ZM18.5 9.5a4 4 0 0 1 0 5",
  scan: "M4 9V5a1 1 0 0 1 1-1h4M15 4h4a1 1 0 0 1 1 1v4M20 15v4a1 1 0 0 1-1 1h-4M9 20H5a1 1 0 0 1-1-1v-4M8 12h8",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  block: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM6.5 6.5l11 11",
  bot: "M7 8h10a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2ZM12 8V4.5M9.5 12.5v1M14.5 12.5v1M2.5 12.5v3M21.5 12.5v3",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13M10.5 11v5.5M13.5 11v5.5",
};

/** `el("button.key", {type: "button", onclick: press}, "Text", node)`; null, false and undefined are left out. */
export function el(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name);
  if (classes.length) node.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(key.slice(2), value);
    else if (key === "class") node.classList.add(...value.split(" ").filter(Boolean));
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  add(node, children);
  return node;
}

/** Appends texts, nodes and (nested) lists of them. */
export function add(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : String(child));
  }
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows only an icon; `label` is its name for everyone who does not see it. */
export function iconButton(name, label, onclick, attributes = {}) {
  return el("button.round", { type: "button", "aria-label": label, title: label, onclick, ...attributes }, icon(name));
}

export function hiddenText(text) {
  return el("span.sr", {}, text);
}

/** A name in bold: isolated, so that a Hebrew name in an English line moves nothing around it. */
export function bold(name) {
  return el("b", {}, el("bdi", {}, name));
}

/** One of seven colours, always the same for the same id. */
export function hue(id) {
  return `c${Math.abs(Number(id) || 0) % 7}`;
}

export function avatar(id, name, glyph) {
  const words = String(name).trim().split(/\s+/);
  const letters = words.slice(0, 2).map((word) => [...word][0] ?? "").join("").toUpperCase();
  return el("span.avatar", { class: hue(id), "aria-hidden": "true" }, glyph ? icon(glyph) : letters || "?");
}

export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Over plain HTTP from another machine there is no clipboard API; the old command still works.
  const area = el("textarea.sr", {}, text);
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
