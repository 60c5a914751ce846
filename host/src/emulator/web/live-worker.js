// A shared worker: one event stream for all tabs. A browser opens at most six HTTP/1.1 connections to a host, so with a
// stream in each tab the sixth tab would block every request of all the others.

import { openStream } from "./stream.js";

const ports = new Set();
let online = null;

self.onconnect = ({ ports: [port] }) => {
  ports.add(port);
  port.onmessage = ({ data }) => { if (data === "bye") ports.delete(port); else ports.add(port); };
  if (online) port.postMessage({ kind: online });
};

openStream("/emulator/events", (kind, data) => {
  if (kind === "up" || kind === "down") online = kind;
  for (const port of ports) port.postMessage({ kind, data });
});
