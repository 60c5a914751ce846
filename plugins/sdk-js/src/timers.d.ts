interface Of { chat?: number; processor?: string }
/** Sets a timer, or moves the one with this key; `at` is milliseconds since 1970, or a date. */
export function set(key: string, at: number | Date, options?: Of & { data?: string }): void;
/** Takes a timer away, if there is one. */
export function cancel(key: string, of?: Of): void;
