//! Chance that a seed repeats: the only one in a simulation. The generator is
//! SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").

use parking_lot::Mutex;
use rill_server::runtime::Entropy;

#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// `from..=to`.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }

    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn one_of<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len() as u64) as usize]
    }

    /// Dice of their own for a part of the simulation.
    pub(crate) fn split(&mut self) -> Self {
        Self(self.next())
    }

    pub(crate) fn bytes(&mut self) -> [u8; 16] {
        let (mut out, halves) = ([0; 16], [self.next(), self.next()]);
        out[..8].copy_from_slice(&halves[0].to_le_bytes());
        out[8..].copy_from_slice(&halves[1].to_le_bytes());
        out
    }
}

/// The server's randomness.
pub(crate) struct Chance(pub(crate) Mutex<Dice>);

impl Entropy for Chance {
    fn fill(&self, out: &mut [u8]) {
        let mut dice = self.0.lock();
        for part in out.chunks_mut(8) {
            part.copy_from_slice(&dice.next().to_le_bytes()[..part.len()]);
        }
    }
}
