// Events at a later time. Each fires once, on whichever host, also after a restart.

import * as raw from 'guesthouse:plugin/timers@0.1.0';

import { ask, whole } from './values.js';

const call = (make) => ask('timers', make);
const chatOf = (chat) => (chat === undefined ? undefined : whole(chat));

/** Sets a timer, or moves the one with this key; `at` is milliseconds since 1970, or a date. */
export function set(key, at, { data = '', chat, processor } = {}) {
  call(() => raw.set({ key, at: whole(at), data, chat: chatOf(chat), processor }));
}

/** Takes a timer away, if there is one. */
export const cancel = (key, { chat, processor } = {}) => call(() => raw.cancel(key, chatOf(chat), processor));
