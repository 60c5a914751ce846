// Randomness that cannot be guessed from outside, and that a recorded turn gets again; no grant is needed.

import * as raw from 'guesthouse:plugin/random@0.1.0';

/** So many random bytes, at most 4096. */
export const bytes = (count) => raw.bytes(count);

/** A number from 0 to 1, as Math.random would give it. */
export const number = () => Number(raw.number() >> 11n) / 2 ** 53;

/** A whole number from 0 to `bound`, which is left out. */
export function below(bound) {
  if (!(bound > 0)) throw new RangeError('a number below 0 was asked for');
  const range = BigInt(bound);
  // What lies beyond would make small numbers likelier.
  const limit = (1n << 64n) - ((1n << 64n) % range);
  for (;;) {
    const number = raw.number();
    if (number < limit) return Number(number % range);
  }
}

/** A code of digits and capital letters that are not mistaken for each other; each carries 5 bits. */
export const code = (length) => [...bytes(length)].map((byte) => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[byte % 32]).join('');
