// The command menu above the text field: all commands at the "/" button, the matching ones while one types "/".
// The focus stays in the text field, arrows choose.

import * as api from "./api.js";
import { commandFor } from "./actions.js";
import { el } from "./dom.js";
import { botNamed, botOf, chatOf, view } from "./store.js";

const lists = new Map();
export const menuBox = el("ul.commands", { id: "commands", role: "listbox", "aria-label": "Commands", hidden: true });
let shown = [];
let chosen = 0;
let onPick = () => {};
let field = null;

/** `pick(text)` sends a command; `input` is the text field that the list belongs to. */
export function attachCommands(input, pick) {
  field = input;
  onPick = pick;
}

/** Asks for the commands of a chat again; bots change them at any time. */
export async function loadCommands(ref) {
  const chat = chatOf(ref);
  if (!chat) return;
  const { commands } = await api.commands(ref, view.person);
  lists.set(ref, commands.map((command) => {
    const bot = botOf(Number(command.bot)) ?? botNamed(String(command.bot ?? "")) ?? chat.bot;
    return { ...command, bot, text: commandFor(ref, `/${command.command}`, bot) };
  }));
}

export const hasCommands = (ref) => Boolean(lists.get(ref)?.length);

/** Shows what fits to the text in the field; `all` shows everything without a slash typed. */
export function suggest(all = false) {
  filter(all);
  if (!all && field.value !== "/") return;
  // The list may be older than the bot's last change of it.
  const { chat } = view;
  loadCommands(chat).then(() => { if (chat === view.chat && isOpen()) filter(all); }, () => {});
}

function filter(all) {
  const typed = /^\/(\w*)(?:@\w*)?$/.exec(field.value)?.[1];
  const commands = lists.get(view.chat) ?? [];
  const begin = (typed ?? "").toLowerCase();
  shown = all ? commands : typed === undefined ? [] : commands.filter(({ command }) => command.startsWith(begin));
  chosen = 0;
  paint();
}

export function closeMenu() {
  shown = [];
  paint();
}

export const isOpen = () => shown.length > 0;

function paint() {
  menuBox.hidden = !shown.length;
  const several = chatOf(view.chat)?.bots.length > 1;
  menuBox.replaceChildren(...shown.map((command, index) => el("li.command", {
    id: `command-${index}`,
    role: "option",
    "aria-selected": String(index === chosen),
    // The field keeps the focus, so that on a phone the keyboard stays.
    onpointerdown: (event) => event.preventDefault(),
    onclick: () => pick(index),
  },
  el("b", { dir: "ltr" }, `/${command.command}`, several && command.bot && el("small", {}, `@${command.bot.username}`)),
  el("span", { dir: "auto" }, command.description))));
  if (shown.length) field.setAttribute("aria-activedescendant", `command-${chosen}`);
  else field.removeAttribute("aria-activedescendant");
  menuBox.children[chosen]?.scrollIntoView({ block: "nearest" });
}

function pick(index) {
  const { text } = shown[index];
  closeMenu();
  field.focus();
  onPick(text);
}

/** Keys that the open list takes from the field; `true` if it took this one. */
export function takeKey(event) {
  if (!isOpen()) return false;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    chosen = (chosen + step + shown.length) % shown.length;
    paint();
  } else if (event.key === "Enter" && !event.shiftKey) pick(chosen);
  else if (event.key === "Escape") closeMenu();
  else if (event.key === "Tab" && !event.shiftKey) {
    // For commands with an argument: the text goes into the field, and one writes on.
    field.value = `${shown[chosen].text} `;
    field.dispatchEvent(new Event("input"));
  } else return false;
  event.preventDefault();
  return true;
}
