/** The state, if there is one and its time is not over. */
export function get<T = any>(): T | undefined;
/** Sets the state to anything that JSON can say; its `step` is what an operator sees. */
export function set(state: unknown, seconds?: number): void;
/** Ends the conversation. */
export function clear(): void;
