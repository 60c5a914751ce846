// The emulator's web API, one function a call. Every failure becomes an Error whose text can be shown to the person.

async function call(method, path, body) {
  const form = body instanceof FormData;
  let response;
  try {
    response = await fetch(`/emulator/${path}`, {
      method,
      headers: body && !form ? { "content-type": "application/json" } : {},
      body: form ? body : body && JSON.stringify(body),
    });
  } catch {
    throw new Error("The host does not answer.");
  }
  const text = await response.text();
  let answer = {};
  try {
    answer = text ? JSON.parse(text) : {};
  } catch {
    if (response.ok) throw new Error("The host gave an answer that is not JSON.");
  }
  if (!response.ok) throw new Error(answer.error || `The host answered ${response.status}.`);
  return answer;
}

export const state = () => call("GET", "state");
export const addPerson = (person) => call("POST", "people", person);
export const addChat = (chat) => call("POST", "chats", chat);
export const messages = (ref, since) =>
  call("GET", `chats/${ref}/messages${since === undefined ? "" : `?since=${since}`}`);
export const send = (ref, message) => call("POST", `chats/${ref}/messages`, message);
export const edit = (ref, id, message) => call("PUT", `chats/${ref}/messages/${id}`, message);
export const remove = (ref, id, from) => call("DELETE", `chats/${ref}/messages/${id}?from=${from}`);
export const press = (ref, button) => call("POST", `chats/${ref}/press`, button);
export const callback = (id) => call("GET", `callbacks/${encodeURIComponent(id)}?wait=0`);
export const start = (from, bot, payload) => call("POST", "start", { from, bot, payload });
export const member = (ref, change) => call("POST", `chats/${ref}/members`, change);
export const commands = (ref, person) => call("GET", `chats/${ref}/commands?person=${person}`);
export const block = (from, bot, blocked) => call("POST", "block", { from, bot, blocked });

export const fileUrl = (id) => `/emulator/files/${encodeURIComponent(id)}`;
export const EVENTS = "/emulator/events";
