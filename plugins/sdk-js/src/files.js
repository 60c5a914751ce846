// Files that people sent to the bot.

import * as raw from 'guesthouse:plugin/files@0.1.0';

import { ask } from './values.js';

/** The content of a file, by its id. */
export const fetch = (fileId) => ask('files', () => raw.fetch(fileId));
