//! Randomness that cannot be guessed from outside, and that a recorded turn gets again.

use crate::bindings::guesthouse::plugin::random as raw;

/// The host gives no more at once.
const MAX_BYTES: usize = 4096;

/// Letters and digits that are not mistaken for each other when read aloud or typed: Crockford's base 32.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// So many random bytes.
pub fn bytes(count: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(count);
    while bytes.len() < count {
        let missing = (count - bytes.len()).min(MAX_BYTES);
        bytes.extend(raw::bytes(u32::try_from(missing).unwrap_or(u32::MAX)));
    }
    bytes
}

/// A random array, such as the seed of a generator.
pub fn array<const N: usize>() -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes(N));
    array
}

/// A random number.
pub fn number() -> u64 {
    raw::number()
}

/// A random number less than `bound`, each as likely as any other.
///
/// # Panics
///
/// If `bound` is 0.
pub fn below(bound: u64) -> u64 {
    assert!(bound > 0, "a number below 0 was asked for");
    // The largest multiple of the bound: what lies beyond would make small numbers likelier.
    let limit = u64::MAX - u64::MAX % bound;
    loop {
        let number = number();
        if number < limit {
            return number % bound;
        }
    }
}

/// A code of so many digits and capital letters, without `I`, `L`, `O` and `U`. Each carries 5 bits: 16 of them are as
/// good as 80 random bits.
pub fn code(length: usize) -> String {
    bytes(length).into_iter().map(letter).collect()
}

fn letter(byte: u8) -> char {
    char::from(ALPHABET[usize::from(byte) % ALPHABET.len()])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn all_letters_are_equally_likely() {
        let mut letters = BTreeMap::new();
        for byte in 0..=u8::MAX {
            *letters.entry(letter(byte)).or_insert(0) += 1;
        }
        assert_eq!(letters.len(), 32);
        assert!(letters.values().all(|count| *count == 8));
    }
}
