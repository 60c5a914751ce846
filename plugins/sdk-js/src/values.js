// From the contract's values to JavaScript's and back. Nothing here asks the host for anything, so that nothing here is a
// capability.

/** Why the host did not do what it was asked. Thrown through `handle`, it becomes a failure of the turn. */
export class HostError extends Error {
  /** @param {string} what the part of the host, @param {string} kind the case, @param {unknown} value what it carries */
  constructor(what, kind, value) {
    super(words(what, kind, value));
    this.name = 'HostError';
    this.what = what;
    this.kind = kind;
    this.value = value;
  }

  /** Whether the same may work later: the database, Telegram, the Web or the model did not answer. */
  get isTemporary() {
    return ['unavailable', 'timeout', 'unreachable'].includes(this.kind);
  }
}

/** What an operator reads, as in the other languages' SDKs. */
function words(what, kind, value) {
  switch (kind) {
    case 'chat-not-granted': return `the grant does not include the chat \`${value}\``;
    case 'method-not-granted': return `the grant does not list the method \`${value}\``;
    case 'not-unique': return `another row has the same \`${value.join('`, `')}\``;
    case 'no-such-table': return `the manifest has no table \`${value}\``;
    case 'no-such-column': return `the table has no column \`${value}\``;
    case 'no-such-row': return `there is no row \`${value}\``;
    case 'no-such-processor': return `the manifest has no processor \`${value}\``;
    case 'no-user': return 'the event has no user whose conversation it could be';
    case 'no-request': return 'the event of this turn is no request';
    case 'answered': return 'the request has been answered already';
    case 'unknown-message': return 'no message of this plugin has that number';
    case 'not-found': return 'Telegram has no such file';
    case 'too-large': return `it is larger than ${value} bytes`;
    case 'timeout': return `${what}: the answer took too long`;
    case 'over-budget': return "the language model's budget of the day is used up";
    case 'limit': case 'other': return String(value);
    default: return `${what}: ${kind.replaceAll('-', ' ')}${value === undefined ? '' : `: ${value}`}`;
  }
}

/** Calls the host, and makes a {@link HostError} of its refusal. */
export function ask(what, call) {
  try {
    return call();
  } catch (error) {
    const refusal = error?.payload ?? error;
    if (typeof refusal?.tag !== 'string') throw error;
    throw new HostError(what, refusal.tag, received(refusal.val));
  }
}

/** What came from the host: 64-bit numbers as numbers while they are exact, variants as `{ kind, value }`. */
export function received(value) {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(received);
  if (typeof value.tag === 'string') {
    return 'val' in value && value.val !== undefined ? { kind: value.tag, value: received(value.val) } : { kind: value.tag };
  }
  const record = {};
  for (const [key, field] of Object.entries(value)) record[key] = received(field);
  return record;
}

/** A 64-bit number for the host; a date is its milliseconds. */
export function whole(value) {
  if (value instanceof Date) return BigInt(value.getTime());
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new TypeError(`${value} is no whole number`);
  }
  return BigInt(value);
}

/** A variant's value with its case, for the host. */
export const variant = (tag, val) => (val === undefined ? { tag } : { tag, val });
