// The two functions that a plugin is. Importing this asks for no capability: `log` needs no grant.

import { write } from 'guesthouse:plugin/log@0.1.0';

import * as manifest from './manifest.js';
import { HostError, received } from './values.js';

export { HostError } from './values.js';
export { Text, text } from './text.js';

/** Ends a turn without effect. The reason is for the operator, the person in the chat never sees it. */
export class Failure extends Error {
  constructor(kind, reason) {
    super(reason);
    this.name = 'Failure';
    this.kind = kind;
  }

  /** It may work later: the host runs the turn again after a pause. */
  static retry(reason) { return new Failure('retry', String(reason)); }

  /** It will never work: the event becomes a dead letter. */
  static giveUp(reason) { return new Failure('give-up', String(reason)); }
}

/** Makes a plugin of two functions; the module that holds it has it as its default export. */
export function plugin({ describe, handle }) {
  return {
    describe() {
      try {
        return manifest.toHost(describe());
      } catch (error) {
        // Nothing but the log leaves the sandbox here.
        write('error', `describe: ${story(error)}`);
        throw error;
      }
    },
    handle(event) {
      try {
        const answer = handle(received(event));
        if (typeof answer?.then === 'function') {
          throw Failure.giveUp('`handle` is async, and nobody waits here: every call to the host answers at once');
        }
      } catch (error) {
        throw failure(error);
      }
    },
  };
}

/** What the contract calls a failure. What nobody expected may be different next time, as with a crash. */
function failure(error) {
  if (error instanceof Failure) return { tag: error.kind, val: error.message };
  if (error instanceof HostError) return { tag: error.isTemporary ? 'retry' : 'give-up', val: story(error) };
  return { tag: 'retry', val: story(error) };
}

function story(error) {
  if (!(error instanceof Error)) return String(error);
  const places = (error.stack ?? '').split('\n').filter((line) => line.trim() !== '').slice(0, 4);
  return `${error.name}: ${error.message}${places.length > 0 ? ` (${places.map((line) => line.trim()).join(' < ')})` : ''}`;
}

/** What a button carries, as `button.call` put it there. Buttons outlive versions of the plugin, so it may not fit. */
export function pressed(callback) {
  try {
    return JSON.parse(callback.data);
  } catch {
    throw Failure.giveUp(`a button's data are not JSON: ${callback.data.slice(0, 80)}`);
  }
}

/** First and last name. */
export const fullName = (user) => (user.lastName === undefined ? user.firstName : `${user.firstName} ${user.lastName}`);

// What these would say here is the same in every turn, which nobody expects of randomness or of a clock.
Math.random = () => {
  throw new Error('Math.random is the same in every turn of a plugin: use guesthouse-plugin/random');
};
Date.now = () => {
  throw new Error('Date.now is the same in every turn of a plugin: use guesthouse-plugin/clock');
};
