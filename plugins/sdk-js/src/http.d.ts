export interface Response {
  readonly status: number;
  /** Whether the status is 200 to 299. */
  readonly ok: boolean;
  /** The address that answered, after redirects. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Record<string, string>;
  text(): string;
  bytes(): Uint8Array;
  json(): any;
}
/** Makes a request and waits for the answer. A status such as 404 is an answer. */
export function fetch(url: string | URL, options?: {
  method?: 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete';
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  json?: unknown;
  timeoutMs?: number;
  maxBytes?: number;
}): Response;
