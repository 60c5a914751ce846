export const SECOND: number;
export const MINUTE: number;
export const HOUR: number;
export const DAY: number;
/** When this turn began, in milliseconds since 1970; the same however often it is asked. */
export function now(): number;
