// The turn, and the update behind its event; no grant is needed.

import * as raw from 'guesthouse:plugin/update@0.1.0';

/** The update as Telegram sent it; `undefined` for an event that is not an update. */
export function json() {
  const text = raw.json();
  return text === '' ? undefined : JSON.parse(text);
}

/** The processor that this turn belongs to, if it is not the plugin itself. */
export const processor = () => raw.processor();

/** Says that this message is nothing for the plugin, and why. Returns whether there is a next one to be asked. */
export const pass = (reason) => raw.pass(reason);
