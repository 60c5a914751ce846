// Where a conversation stands: one state for each user in each chat and topic, of this plugin alone.

import * as raw from 'guesthouse:plugin/dialogue@0.1.0';

import { ask } from './values.js';

const call = (make) => ask('dialogue', make);

/** The state, if there is one and its time is not over. */
export function get() {
  const state = call(() => raw.get());
  return state === undefined ? undefined : JSON.parse(state.data);
}

/** Sets the state to anything that JSON can say; its `step` is what an operator sees. It lasts for so many seconds. */
export function set(state, seconds = 600) {
  const step = typeof state === 'string' ? state : (state?.step ?? '');
  call(() => raw.set({ step: String(step), data: JSON.stringify(state) }, BigInt(seconds)));
}

/** Ends the conversation. */
export const clear = () => call(() => raw.clear());
