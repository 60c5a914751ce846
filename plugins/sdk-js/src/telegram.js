// Any other method of the Bot API, from those that the grant lists. The answer is not returned.

import * as raw from 'guesthouse:plugin/telegram@0.1.0';

import { ask } from './values.js';

/** Calls a method with these parameters after the turn has committed. */
export const call = (method, parameters = {}) => ask('telegram', () => raw.call(method, JSON.stringify(parameters)));
