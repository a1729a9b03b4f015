//! What `Math.random` and `crypto` draw from: a stream that its seed determines.

use stepup_seal::digest::hmac_sha256;

/// HMAC-SHA-256 of a counter under the seed: as unpredictable as the seed, and the same for the same seed.
#[derive(Debug)]
pub(super) struct Chance {
    seed: [u8; 32],
    block: [u8; 32],
    used: usize,
    blocks: u64,
}

impl Chance {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self { seed, block: [0; 32], used: 32, blocks: 0 }
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.used == self.block.len() {
                self.block = hmac_sha256(&self.seed, &self.blocks.to_be_bytes());
                self.blocks += 1;
                self.used = 0;
            }
            *byte = self.block[self.used];
            self.used += 1;
        }
    }

    /// A number from 0 up to, not including, 1.
    pub(super) fn number(&mut self) -> f64 {
        const BITS: u32 = 53;
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        (u64::from_be_bytes(bytes) >> (u64::BITS - BITS)) as f64 / (1_u64 << BITS) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_determines_the_stream() {
        let draw = |seed| {
            let mut chance = Chance::new([seed; 32]);
            (0..100).map(|_| chance.number()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert!(draw(3).iter().all(|number| (0.0..1.0).contains(number)));
        let mean = draw(4).iter().sum::<f64>() / 100.0;
        assert!((0.4..0.6).contains(&mean), "{mean}");
    }
}
