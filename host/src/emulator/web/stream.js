// One event stream that never gives up. It runs in the page or, shared by all tabs, in live-worker.js.

const KINDS = ["change", "callback", "action", "world"];

/** Calls `emit(kind, data)` for each event, and `emit("up")` and `emit("down")` when the connection comes and goes. */
export function openStream(url, emit) {
  let delay = 500;
  const open = () => {
    const source = new EventSource(url);
    source.onopen = () => { delay = 500; emit("up"); };
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => emit(kind, event.data ? JSON.parse(event.data) : {}));
    }
    source.onerror = () => {
      emit("down");
      // The browser itself retries a dropped connection, but not a refused one (say, a 502 while the host restarts).
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(open, delay);
      delay = Math.min(delay * 2, 5000);
    };
  };
  open();
}
