// What is wrong with what one talks to, such as a plugin that does not load. It stands above everything, in room of its own,
// until it is mended or put away. Said again, by the next build that is broken, it is there again.

import { el, iconButton } from "./dom.js";
import { world } from "./store.js";

const box = document.getElementById("notices");

/** The numbers of those that were put away. */
const away = new Set();

/** What stands there now. Whoever has it read aloud does not want to hear it at every change elsewhere. */
let standing = "";

export function showNotices() {
  const shown = world.notices.filter((notice) => !away.has(notice.number));
  const numbers = shown.map((notice) => notice.number).join();
  if (numbers === standing) return;
  standing = numbers;
  box.replaceChildren(...shown.map(node));
  box.hidden = shown.length === 0;
}

function node({ number, text }) {
  const close = () => {
    away.add(number);
    showNotices();
  };
  return el("div.notice", { dir: "ltr" }, el("pre", {}, text), iconButton("close", "Close", close));
}
