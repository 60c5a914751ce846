// The Web, as far as the operator's grant reaches.

import * as raw from 'guesthouse:plugin/http@0.1.0';

import { ask } from './values.js';

/** Makes a request and waits for the answer. A status such as 404 is an answer. */
export function fetch(url, { method = 'get', headers = {}, body, json, timeoutMs, maxBytes } = {}) {
  const sent = json === undefined ? headers : { 'content-type': 'application/json', ...headers };
  const said = json === undefined ? body : JSON.stringify(json);
  const request = {
    method: method.toLowerCase(),
    url: String(url),
    headers: Object.entries(sent).map(([name, value]) => ({ name, value: String(value) })),
    body: typeof said === 'string' ? new TextEncoder().encode(said) : said,
    timeoutMs,
    maxBytes,
  };
  return new Response(ask('http', () => raw.fetch(request)));
}

/** An answer. */
class Response {
  #body;

  constructor({ status, url, headers, body }) {
    this.status = status;
    this.ok = status >= 200 && status < 300;
    this.url = url;
    this.headers = Object.fromEntries(headers.map(({ name, value }) => [name, value]));
    this.#body = body;
  }

  /** The body as text; bytes are taken for UTF-8. */
  text() { return this.#body.tag === 'text' ? this.#body.val : new TextDecoder().decode(this.#body.val); }
  /** The body as bytes. */
  bytes() { return this.#body.tag === 'bytes' ? this.#body.val : new TextEncoder().encode(this.#body.val); }
  /** The value that the body says as JSON. */
  json() { return JSON.parse(this.text()); }
}
