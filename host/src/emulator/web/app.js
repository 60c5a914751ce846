// The web chat of the Bot API emulator. This file only connects the parts:
//
//   store.js     what this tab knows         api.js live.js stream.js live-worker.js   how it gets to know
//   route.js     whom and what it shows      actions.js links.js                       what the person does
//   sidebar.js people.js                     the left half
//   notices.js                               what is wrong with what one talks to
//   room.js chat.js message.js text.js media.js viewer.js keyboards.js                 the right half
//   composer.js commands.js attach.js        where one writes
//   dom.js ui.js format.js                   nodes, dialogs, words

import { listenToLinks } from "./actions.js";
import { seen } from "./chat.js";
import { answered } from "./keyboards.js";
import { listen } from "./live.js";
import { showNotices } from "./notices.js";
import { startRoom } from "./room.js";
import { apply } from "./route.js";
import { startSidebar } from "./sidebar.js";
import { changed, loadWorld, on, reload, setAction, sync, view } from "./store.js";
import { fail } from "./ui.js";

const strip = document.getElementById("strip");
let wasDown = false;
let stripTimer = 0;

function hear(kind, data) {
  switch (kind) {
    case "change": return changed(data.chat, data.version);
    case "callback": return answered(data);
    case "action": return setAction(data.chat, data.action);
    // The host says so if it could not tell this page everything.
    case "world": return (data.missed ? reload() : loadWorld()).catch(fail);
    case "down": return lost();
    default: return found();
  }
}

function lost() {
  wasDown = true;
  // A reconnect within a second is not worth a word.
  stripTimer ||= setTimeout(() => { strip.hidden = false; }, 1200);
}

function found() {
  clearTimeout(stripTimer);
  stripTimer = 0;
  strip.hidden = true;
  if (wasDown) reload().catch(() => {});
  wasDown = false;
}

/** A phone that slept, or a tab that the browser froze, may have missed events without noticing. */
function awake() {
  if (document.visibilityState !== "visible") return;
  seen();
  if (view.chat) sync(view.chat).catch(() => {});
}

async function firstWorld() {
  try {
    await loadWorld();
  } catch {
    lost();
    setTimeout(firstWorld, 1000);
  }
}

on("world", apply);
on("world", showNotices);
startRoom();
startSidebar();
listenToLinks();
addEventListener("hashchange", apply);
addEventListener("popstate", apply);
document.addEventListener("visibilitychange", awake);
addEventListener("focus", awake);
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("input")?.focus();
});
listen(hear);
firstWorld();
