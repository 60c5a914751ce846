// Whom and which chat this tab shows. The address says it (`#person=1002&chat=p:1:1002`), so that links can be shared and
// tabs are independent; sessionStorage remembers it for an address without a hash.

import { botOf, chatOf, chatsOf, emit, personOf, privateRef, view, world } from "./store.js";

const KEY = "guesthouse.view";
const wide = matchMedia("(min-width: 760px)");
let listIsBehind = false;

export const isWide = () => wide.matches;

export function hashOf(person, chat) {
  return chat ? `#person=${person}&chat=${chat}` : `#person=${person}`;
}

/** Shows another person or chat; `replace` leaves no step for the browser's Back. */
export function go({ person = view.person, chat = view.chat }, replace = false) {
  const hash = hashOf(person, fit(person, chat));
  if (hash !== location.hash) history[replace ? "replaceState" : "pushState"](null, "", hash);
  apply();
}

/** From a chat back to the list, on a phone: by the browser's Back where that leads there. */
export function toList() {
  if (listIsBehind) history.back();
  else go({ chat: "" }, true);
}

/** Makes the view what the address says; to be called after each change of the address or the world. */
export function apply() {
  if (!world.ready) return;
  const asked = new URLSearchParams(location.hash.slice(1));
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
  const first = !view.person;
  const before = { ...view };
  const person = [Number(asked.get("person")), kept.person, world.people[0]?.id].find((id) => id && personOf(id)) ?? 0;
  let chat = fit(person, asked.get("chat") ?? (asked.has("person") ? "" : kept.chat ?? ""));
  // On a wide screen an empty right half would be a riddle at the first visit; on a phone the list is the better start.
  if (first && !chat && isWide()) chat = chatsOf(person)[0]?.ref ?? "";
  Object.assign(view, { person, chat });
  const hash = hashOf(person, chat);
  if (person && hash !== location.hash) history.replaceState(null, "", hash);
  sessionStorage.setItem(KEY, JSON.stringify(view));
  if (before.chat !== chat) listIsBehind = !first && before.person === person && !before.chat;
  if (first || before.person !== person || before.chat !== chat) emit("view");
}

/** The same chat as this person sees it: a private chat becomes that person's own with the same bot. */
function fit(person, ref) {
  const [, bot] = /^p:(-?\d+):/.exec(ref) ?? [];
  if (bot) return botOf(Number(bot)) ? privateRef(Number(bot), person) : "";
  return chatOf(ref, person) ? ref : "";
}
