//! The tenant's randomness.

use aws_lc_rs::rand::{SecureRandom, SystemRandom as Generator};
use stepup_seal::Random;

/// The operating system's generator, as `aws-lc-rs` drives it.
#[derive(Debug, Default)]
pub struct SystemRandom(Generator);

impl Random for SystemRandom {
    #[expect(clippy::expect_used, reason = "without randomness there is no safe way on")]
    fn fill(&self, destination: &mut [u8]) {
        self.0.fill(destination).expect("the operating system gives randomness");
    }
}
