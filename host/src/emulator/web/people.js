// Who one is, and what can be added to the house: the dialogs for persons, groups and channels, and for opening a link.

import { followInside } from "./actions.js";
import * as api from "./api.js";
import { avatar, bold, el, icon, iconButton } from "./dom.js";
import { languageOf, nameOf } from "./format.js";
import { telegramLink } from "./links.js";
import { go, hashOf } from "./route.js";
import { botNamed, botOf, chatOf, loadWorld, personOf, view, world } from "./store.js";
import { dialog, fail, menu } from "./ui.js";

const LANGUAGES = ["en", "ru", "he", "ar", "uk", "de", "es", "fr", "pt-br", "tr", "zh-hans"];

export const detailOf = (person) => [person.username && `@${person.username}`, languageOf(person.language_code), person.admin && "admin"].filter(Boolean).join(" · ");

/** Choose whom to be. */
export async function choosePerson() {
  const choice = await dialog({
    title: "Who are you?",
    dismiss: null,
    body: (close) => [
      el("p.hint", {}, "Each tab can be another person."),
      el("ul.rows", {}, world.people.map((person) => el("li.row-pair", {},
        el("button.row", { type: "button", onclick: () => close(person.id), "aria-current": person.id === view.person ? "true" : null, autofocus: person.id === view.person },
          avatar(person.id, nameOf(person)),
          el("span.row-text", {}, bold(nameOf(person)), el("small", {}, detailOf(person))),
          person.id === view.person && icon("check")),
        el("a.round", { href: hashOf(person.id, view.chat), target: "_blank", rel: "noopener", "aria-label": `Open ${nameOf(person)} in a new tab`, title: "Open in a new tab" }, icon("external"))))),
      el("button.row.new", { type: "button", onclick: () => close("new") }, el("span.avatar.empty", {}, icon("plus")), "Add a person"),
    ],
  });
  if (choice === "new") addPerson();
  else if (choice) go({ person: choice });
}

export async function addPerson() {
  const field = (label, attributes) => {
    const input = el("input", { dir: "auto", autocomplete: "off", maxlength: 64, ...attributes });
    return [input, el("label.field", {}, label, input)];
  };
  const [first, firstField] = field("First name", { required: true, autofocus: true });
  const [last, lastField] = field("Last name (optional)", {});
  const [username, usernameField] = field("Username (optional)", { dir: "ltr", pattern: "@?[A-Za-z][A-Za-z0-9_]{2,31}", title: "3–32 letters, digits and _, beginning with a letter" });
  const language = el("select", {}, LANGUAGES.map((code) => el("option", { value: code }, `${languageOf(code)} (${code})`)));
  const person = await dialog({
    title: "Add a person",
    action: "Add",
    body: [el("div.pair", {}, firstField, lastField), usernameField, el("label.field", {}, "Language of the app", language)],
    submit: () => api.addPerson({
      first_name: first.value.trim(),
      last_name: last.value.trim() || undefined,
      username: username.value.trim().replace(/^@/, "") || undefined,
      language_code: language.value,
    }),
  });
  if (!person) return;
  await loadWorld();
  go({ person: person.id });
}

export async function addChat(type) {
  const channel = type === "channel";
  const title = el("input", { required: true, dir: "auto", maxlength: 128, autofocus: true, autocomplete: "off" });
  const kind = el("select", {}, el("option", { value: "group" }, "Group"), el("option", { value: "supergroup" }, "Supergroup"));
  const check = (id, name, detail, checked) => {
    const box = el("input", { type: "checkbox", value: id });
    box.checked = checked;
    return el("li", {}, el("label.check", {}, box, el("span.row-text", {}, bold(name), el("small", {}, detail))));
  };
  const people = el("ul.rows.checks", {}, world.people.map((person) => check(person.id, nameOf(person), detailOf(person), person.id === view.person)));
  const bots = el("ul.rows.checks", {}, world.bots.map((bot) => check(bot.id, nameOf(bot), `@${bot.username}`, world.bots.length === 1)));
  // The first becomes the owner: whoever creates the chat, if she is in it.
  const picked = (list) => [...list.querySelectorAll("input:checked")].map((box) => Number(box.value))
    .sort((a, b) => (b === view.person) - (a === view.person));
  const chat = await dialog({
    title: channel ? "New channel" : "New group",
    action: "Create",
    body: [
      el("label.field", {}, channel ? "Name of the channel" : "Name of the group", title),
      !channel && el("label.field", {}, "Kind", kind),
      el("fieldset", {}, el("legend", {}, channel ? "Subscribers" : "People"), people),
      world.bots.length > 0 && el("fieldset", {}, el("legend", {}, channel ? "Bots that administer it" : "Bots"), bots),
    ],
    submit: () => api.addChat({ type: channel ? "channel" : kind.value, title: title.value.trim(), members: picked(people), bots: picked(bots) }),
  });
  if (!chat) return;
  await loadWorld();
  go({ chat: String(chat.id) });
}

/** Who is in a group or channel; people and bots can be added and removed, and made administrators. */
export async function showMembers({ ref, title }) {
  const chat = chatOf(ref);
  if (!chat) return;
  const all = [...world.people, ...world.bots];
  const isIn = ({ id }) => chat.members.includes(id) || chat.bots.includes(id);
  const face = (one) => [
    avatar(one.id, nameOf(one), botOf(one.id) && "bot"),
    el("span.row-text", {}, bold(nameOf(one)), el("small", {}, botOf(one.id) ? `@${one.username} · bot` : detailOf(one))),
  ];
  const change = async (one, action) => {
    try {
      await api.member(ref, { id: one.id, action, by: view.person });
      await loadWorld();
      return true;
    } catch (error) {
      fail(error);
      return false;
    }
  };
  const again = await dialog({
    title,
    dismiss: "Close",
    body: (close) => {
      const act = async (one, action) => { if (await change(one, action)) close(action !== "leave" || one.id !== view.person); };
      const more = (one, button) => menu(button, [
        { label: "Make administrator", icon: "check", act: () => change(one, "promote") },
        { label: "Make ordinary member", icon: "user", act: () => change(one, "demote") },
        { label: one.id === view.person ? "Leave" : "Remove", icon: "block", danger: true, act: () => act(one, "leave") },
      ], nameOf(one));
      const others = all.filter((one) => !isIn(one));
      return [
        el("ul.rows", {}, all.filter(isIn).map((one) => el("li.row", {}, face(one),
          iconButton("more", `More about ${nameOf(one)}`, (event) => more(one, event.currentTarget), { "aria-haspopup": "menu" })))),
        others.length > 0 && el("fieldset", {}, el("legend", {}, "Add"), el("ul.rows", {}, others.map((one) => el("li", {},
          el("button.row", { type: "button", onclick: () => act(one, "join") }, face(one), icon("plus")))))),
      ];
    },
  });
  if (again) showMembers({ ref, title });
}

/** What scanning a QR code with a phone would do, without a phone. */
export function openLink() {
  const input = el("input", { type: "text", inputmode: "url", dir: "ltr", required: true, autofocus: true, autocomplete: "off", spellcheck: "false", placeholder: "https://t.me/bot?start=…" });
  const as = el("select", {}, world.people.map((person) => el("option", { value: person.id }, `${nameOf(person)} (${person.language_code})`)));
  as.value = String(view.person);
  return dialog({
    title: "Open a link",
    action: "Open",
    body: [
      el("p.hint", {}, "Paste the link of a QR code or of a button, and choose who scans it."),
      el("label.field", {}, "Link", input),
      el("label.field", {}, "Opened by", as),
    ],
    submit: () => {
      const link = telegramLink(input.value);
      if (link?.kind !== "bot") throw new Error("This is not a link to a Telegram bot.");
      if (!botNamed(link.username)) throw new Error(`There is no bot @${link.username} in this house.`);
      const person = Number(as.value);
      if (personOf(person)) followInside(input.value, person);
      return true;
    },
  });
}
