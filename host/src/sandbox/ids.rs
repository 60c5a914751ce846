//! Ids, button tokens and randomness of one turn, all from the turn's seed, so that a recorded turn gets them again. It
//! knows nothing of what they are for. The guest's randomness is a stream of its own: what a plugin draws says nothing
//! about tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};

use crate::clock::Millis;

/// 2026-01-01T00:00:00Z: the zero of ids. 40 bits of milliseconds last until 2060.
const EPOCH: Millis = 1_767_225_600_000;
/// Random bits below the milliseconds: two turns of one millisecond collide once in eight million.
const RANDOM_BITS: u32 = 23;

/// Makes what one turn needs.
pub(super) struct Ids {
    millis: i64,
    host: StdRng,
    guest: StdRng,
    last: i64,
}

impl Ids {
    /// For a turn that began `now` with this seed.
    pub(super) fn new(now: Millis, seed: &[u8; 32]) -> Self {
        Self {
            millis: now.saturating_sub(EPOCH).clamp(0, (1 << 40) - 1),
            host: stream(seed, b"host"),
            guest: stream(seed, b"guest"),
            last: 0,
        }
    }

    /// A new id, larger than those before: for rows and for messages.
    pub(super) fn id(&mut self) -> i64 {
        let random = i64::from(self.host.next_u32() >> (32 - RANDOM_BITS));
        self.last = (self.millis << RANDOM_BITS | random).max(self.last.saturating_add(1));
        self.last
    }

    /// What Telegram carries for a button: 16 characters, 96 random bits.
    pub(super) fn token(&mut self) -> String {
        let mut bytes = [0; 12];
        self.host.fill_bytes(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The guest's own randomness.
    pub(super) fn guest(&mut self) -> &mut StdRng {
        &mut self.guest
    }
}

/// A stream of its own for each use: `ChaCha` keyed with the hash of use and seed, so that neither tells of the other and
/// what is drawn is as hard to guess as the seed.
fn stream(seed: &[u8; 32], purpose: &[u8]) -> StdRng {
    StdRng::from_seed(Sha256::new().chain_update(purpose).chain_update(seed).finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = EPOCH + 86_400_000;

    #[test]
    fn ids_grow_and_tell_the_time() {
        let mut ids = Ids::new(NOW, &[7; 32]);
        let made: Vec<_> = (0..1000).map(|_| ids.id()).collect();
        assert!(made.is_sorted_by(|a, b| a < b));
        assert_eq!(made[0] >> RANDOM_BITS, 86_400_000);
        let mut later = Ids::new(NOW + 1, &[7; 32]);
        assert!(later.id() > made[0]);
    }

    #[test]
    fn the_same_seed_gives_the_same_turn() {
        let draw = |seed| {
            let mut ids = Ids::new(NOW, &[seed; 32]);
            (ids.id(), ids.token(), ids.guest().next_u64())
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn tokens_fit_a_button_and_a_clock_before_the_epoch_does_no_harm() {
        let mut ids = Ids::new(0, &[1; 32]);
        assert!(ids.id() >= 0);
        let token = ids.token();
        assert_eq!(token.len(), 16);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
    }

    #[test]
    fn what_the_guest_draws_does_not_move_the_ids() {
        let (mut quiet, mut busy) = (Ids::new(NOW, &[3; 32]), Ids::new(NOW, &[3; 32]));
        busy.guest().next_u64();
        assert_eq!(quiet.id(), busy.id());
    }
}
