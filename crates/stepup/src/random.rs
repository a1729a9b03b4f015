//! Where randomness comes from.

use stepup_seal::Random;

/// The operating system's generator, through `aws-lc-rs`: the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "the one place where the SDK draws from the system")]
    #[expect(
        clippy::expect_used,
        reason = "a machine without randomness can keep no secret; going on would be worse"
    )]
    fn fill(&self, destination: &mut [u8]) {
        aws_lc_rs::rand::fill(destination).expect("the operating system hands out random bytes");
    }
}
