// What is wrong with what one talks to, such as a plugin that does not load. It stands above everything until it is mended.

import { world } from "./store.js";

const box = document.getElementById("notices");

export function showNotices() {
  const shown = world.notices.map((text) => {
    const notice = document.createElement("pre");
    notice.className = "notice";
    notice.dir = "ltr";
    notice.textContent = text;
    return notice;
  });
  box.replaceChildren(...shown);
  box.hidden = shown.length === 0;
}
