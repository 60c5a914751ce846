// Answers to the HTTP requests that reach the plugin's routes as `request` events.

import * as raw from 'guesthouse:plugin/routes@0.1.0';

import { ask } from './values.js';

/** Answers the request of this turn with a status and a value as JSON; without a value the body is empty. */
export const reply = (status, value) => ask('routes', () => raw.reply(status, value === undefined ? '' : JSON.stringify(value)));

/** The parameter of that name, of the path or of the query. */
export const parameter = (request, name) => [...request.path, ...request.query].find((it) => it.name === name)?.value;
