import type { HttpRequest } from './index.js';
/** Answers the request of this turn with a value as JSON; without a value the body is empty. */
export function reply(status: number, value?: unknown): void;
/** The parameter of that name, of the path or of the query. */
export function parameter(request: HttpRequest, name: string): string | undefined;
