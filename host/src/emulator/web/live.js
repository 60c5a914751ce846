// Brings the host's events to this tab: through the shared worker where the browser has one, else by a stream of its own.

import { EVENTS } from "./api.js";
import { openStream } from "./stream.js";

export function listen(emit) {
  let direct = false;
  const alone = () => {
    if (!direct) openStream(EVENTS, emit);
    direct = true;
  };
  if (!("SharedWorker" in window)) return alone();
  try {
    const worker = new SharedWorker(new URL("live-worker.js", import.meta.url), { type: "module", name: "guesthouse" });
    worker.onerror = alone;
    worker.port.onmessage = ({ data: { kind, data } }) => emit(kind, data);
    // A page kept in the back/forward cache comes back to life, hence "hello" and not only "bye".
    addEventListener("pagehide", () => worker.port.postMessage("bye"));
    addEventListener("pageshow", () => worker.port.postMessage("hello"));
  } catch {
    alone();
  }
}
