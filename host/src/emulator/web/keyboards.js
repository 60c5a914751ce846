// The two kinds of keyboards. Inline keyboards belong to a message; a press stays busy until the bot answers it.
// Reply keyboards belong to the chat: which one counts follows from the messages alone.

import { openUrl, sendBody, sendText, share } from "./actions.js";
import * as api from "./api.js";
import { copyText, el, icon } from "./dom.js";
import { nameOf } from "./format.js";
import { safeUrl } from "./links.js";
import { botOf, chatOf, emit, isOwn, me, messagesOf, view } from "./store.js";
import { alertDialog, dialog, fail, toast } from "./ui.js";

// --- Inline keyboards ---

const GIVE_UP = 30_000;
const busy = new Set();
const waiting = new Map();
// An answer may overtake the response that tells its id.
const early = new Map();

const keyOf = (ref, message, row, col) => `${ref}/${message.message_id}/${row}/${col}`;

export function inlineKeyboard(ref, message) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows?.length) return null;
  const keys = el("div.keys", { role: "group", "aria-label": "Buttons of this message" },
    rows.map((row, r) => el("div.keys-row", {}, row.map((button, c) => inlineButton(ref, message, button, r, c)))));
  // The more buttons stand side by side, the wider a short message has to be.
  keys.style.setProperty("--cols", String(Math.max(...rows.map((row) => row.length))));
  return keys;
}

function inlineButton(ref, message, button, row, col) {
  const key = keyOf(ref, message, row, col);
  const label = el("span", { dir: "auto" }, button.text);
  const common = { "data-key": key, class: "key" };
  const external = button.url ?? button.login_url?.url ?? button.web_app?.url;
  if (external) {
    const url = safeUrl(external);
    const inert = { ...common, type: "button", onclick: () => openUrl(external) };
    if (!url) return el("button", inert, label);
    return el("a", { ...common, href: url.href, target: "_blank", rel: "noopener noreferrer", title: url.href, "data-address": external },
      label, icon("external"));
  }
  const [act, glyph] = actionFor(ref, message, button, row, col);
  return el("button", { ...common, type: "button", "aria-busy": busy.has(key) ? "true" : null, onclick: act }, label, glyph && icon(glyph));
}

function actionFor(ref, message, button, row, col) {
  if (button.copy_text) return [() => copyText(button.copy_text.text).then(() => toast("Copied")), "copy"];
  const query = button.switch_inline_query ?? button.switch_inline_query_chosen_chat?.query;
  if (query !== undefined) return [() => share(query || `@${message.from?.username ?? ""}`), "share"];
  if (button.switch_inline_query_current_chat !== undefined) {
    const bot = message.from?.username ?? "";
    return [() => emit("insert", `@${bot} ${button.switch_inline_query_current_chat}`), "edit"];
  }
  return [() => press(ref, message, row, col)];
}

function showBusy(key, state) {
  if (state) busy.add(key);
  else busy.delete(key);
  const button = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (state) button?.setAttribute("aria-busy", "true");
  else button?.removeAttribute("aria-busy");
}

async function press(ref, message, row, col) {
  const key = keyOf(ref, message, row, col);
  if (busy.has(key)) return;
  showBusy(key, true);
  try {
    const { callback_id: id } = await api.press(ref, { from: view.person, message_id: message.message_id, row, col });
    showAnswer(await answerTo(String(id)), message);
  } catch (error) {
    fail(error);
  } finally {
    showBusy(key, false);
  }
}

function answerTo(id) {
  if (early.has(id)) return early.get(id);
  return new Promise((resolve) => {
    const settle = (answer) => {
      waiting.delete(id);
      clearInterval(timer);
      resolve(answer);
    };
    const since = Date.now();
    // The answer normally comes by the event stream; asking now and then covers a stream that was down.
    const timer = setInterval(async () => {
      const answer = await api.callback(id).catch(() => ({}));
      if (answer.answered) settle(answer);
      else if (Date.now() - since > GIVE_UP) settle({});
    }, 3000);
    waiting.set(id, settle);
  });
}

/** The event stream says that a bot answered a press, perhaps one of another tab. */
export function answered(answer) {
  const id = String(answer.id);
  const settle = waiting.get(id);
  if (settle) return settle(answer);
  early.set(id, answer);
  setTimeout(() => early.delete(id), 10_000);
}

function showAnswer({ text, alert, url }, message) {
  if (url) openUrl(url);
  else if (text && alert) alertDialog(nameOf(message.from ?? message.sender_chat), text);
  else if (text) toast(text);
}

// --- Reply keyboards ---

/**
 * The keyboard, the forced reply and the placeholder that hold in a chat now. `used` says that the person answered since
 * (a one-time keyboard then hides itself, a forced reply is over).
 */
export function replyState(ref) {
  const messages = messagesOf(ref);
  let used = false;
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const message = messages[at];
    if (isOwn(message)) used = true;
    const markup = message.reply_markup;
    if (!markup || markup.inline_keyboard || (markup.selective && !isForMe(message))) continue;
    if (markup.remove_keyboard) return {};
    if (markup.force_reply) return used ? {} : { message, force: true, placeholder: markup.input_field_placeholder };
    if (!markup.keyboard) continue;
    const over = used && markup.one_time_keyboard;
    return { message, markup, over, placeholder: over ? undefined : markup.input_field_placeholder };
  }
  return {};
}

function isForMe(message) {
  if (message.reply_to_message?.from?.id === view.person) return true;
  const name = `@${me()?.username}`.toLowerCase();
  return (message.entities ?? message.caption_entities ?? []).some((entity) => entity.user?.id === view.person
    || (entity.type === "mention" && (message.text ?? message.caption).substr(entity.offset, entity.length).toLowerCase() === name));
}

export function replyKeyboard(ref, { message, markup }) {
  const rows = markup.keyboard.map((row) => row.map((button) => (typeof button === "string" ? { text: button } : button)));
  return el("div.reply-keys", { role: "group", "aria-label": "Answers offered by the bot", class: markup.resize_keyboard ? "" : "tall" },
    rows.map((row) => el("div.keys-row", {}, row.map((button) => el("button.key", {
      type: "button", onclick: () => answer(ref, message, button),
    }, el("span", { dir: "auto" }, button.text), specialIcon(button))))));
}

function specialIcon(button) {
  if (button.request_contact) return icon("user");
  if (button.request_location) return icon("pin");
  return button.web_app ? icon("external") : null;
}

function answer(ref, message, button) {
  if (button.request_contact) return sendContact(ref, message);
  if (button.request_location) return sendLocation(ref);
  if (button.web_app) return openUrl(button.web_app.url);
  if (button.request_users || button.request_chat || button.request_poll) {
    return toast("The emulator does not offer this kind of button.");
  }
  // In a group the answer is a reply, or a bot in privacy mode would not get it.
  const replyTo = chatOf(ref)?.bot ? undefined : message.message_id;
  return sendText(ref, button.text, replyTo).catch(fail);
}

export function sendContact(ref, message) {
  const person = me();
  const phone = el("input", { type: "tel", required: true, dir: "ltr", autofocus: true, value: `+1555${String(person.id).padStart(7, "0").slice(-7)}` });
  const to = nameOf(message?.from ?? botOf(chatOf(ref)?.bot?.id) ?? chatOf(ref));
  return dialog({
    title: "Share your contact",
    action: "Share",
    body: [el("p", { dir: "auto" }, `${to} will get your name and this phone number.`), el("label.field", {}, "Phone number", phone)],
    submit: () => sendBody(ref, { contact: { phone_number: phone.value.trim(), first_name: person.first_name } }),
  });
}

export function sendLocation(ref) {
  const [lat, lon] = (localStorage.getItem("guesthouse.place") ?? "32.0853 34.7818").split(" ");
  const input = (value, limit) => el("input", { type: "number", step: "any", min: -limit, max: limit, required: true, dir: "ltr", value });
  const latitude = input(lat, 90);
  const longitude = input(lon, 180);
  return dialog({
    title: "Send a location",
    action: "Send",
    body: el("div.pair", {}, el("label.field", {}, "Latitude", latitude), el("label.field", {}, "Longitude", longitude)),
    submit: () => {
      localStorage.setItem("guesthouse.place", `${latitude.value} ${longitude.value}`);
      return sendBody(ref, { location: { latitude: Number(latitude.value), longitude: Number(longitude.value) } });
    },
  });
}
