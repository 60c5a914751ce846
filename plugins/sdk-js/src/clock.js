// The time; no grant is needed.

import * as raw from 'guesthouse:plugin/clock@0.1.0';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** When this turn began, in milliseconds since 1970; the same however often it is asked. */
export const now = () => Number(raw.now());
