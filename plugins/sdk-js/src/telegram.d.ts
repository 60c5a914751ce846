/** Calls a method of the Bot API that the grant lists, after the turn has committed. The answer is not returned. */
export function call(method: string, parameters?: Record<string, unknown>): void;
