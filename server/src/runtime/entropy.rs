//! Randomness: ids, secrets, salts.

/// A source of random bytes.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `out`.
    fn fill(&self, out: &mut [u8]);
}

impl dyn Entropy {
    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }
}

/// The operating system's generator.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[allow(clippy::expect_used)] // without randomness no secret may be made
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the operating system has no randomness");
    }
}
