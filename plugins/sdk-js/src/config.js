// What the operator has set for this plugin and bot. Answers while `describe` runs, too, and needs no grant.

import * as raw from 'guesthouse:plugin/config@0.1.0';

import { received } from './values.js';

/** The value of a setting: the operator's, or the default of the manifest. */
export const get = (key) => raw.get(key);

/** The same as a number. */
export function number(key) {
  const value = raw.get(key);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value.trim() === '' || Number.isNaN(number)) throw new TypeError(`the setting \`${key}\` is no number: \`${value}\``);
  return number;
}

export const admins = () => received([...raw.admins()]);
export const isAdmin = (user) => admins().includes(user?.id ?? user);
export const me = () => received(raw.me());
export const deepLink = (payload) => `https://t.me/${me().username}?start=${payload}`;
