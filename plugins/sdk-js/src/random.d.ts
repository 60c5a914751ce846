/** So many random bytes, at most 4096. */
export function bytes(count: number): Uint8Array;
/** A number from 0 to 1. */
export function number(): number;
/** A whole number from 0 to `bound`, which is left out. */
export function below(bound: number): number;
/** A code of digits and capital letters that are not mistaken for each other; each carries 5 bits. */
export function code(length: number): string;
