//! Allowances that several servers have in common: what somebody is given, they are given
//! once, however many servers they go to. Kept outside of all of them, and volatile.

use async_trait::async_trait;
use std::time::Duration;

/// One that a try is paid from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Whose it is, hashed: it says nothing to who reads it.
    pub key: [u8; 16],
    /// The time in which one try flows in.
    pub cost_us: u64,
    /// How much of that may be used at once.
    pub burst_us: u64,
}

/// What a try asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// All of them pay, or none does.
    pub of: Vec<Allowance>,
    /// Where this is known, only the first so many pay.
    pub unless_known: Option<([u8; 16], usize)>,
}

/// What was said to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paid {
    /// The first so many have paid.
    First(usize),
    /// Nobody has: come again then.
    Wait(Duration),
}

/// What becomes of what a try was paid from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// What was taken is given back.
    Give,
    /// It is full again.
    Forgive,
}

/// They cannot be asked now: each server counts for itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what servers allow together cannot be asked: {0}")]
pub struct Unasked(pub String);

/// Every method is atomic, and resolves soon. Time is the keeper's own.
#[async_trait]
pub trait Allowances: Send + Sync + 'static {
    async fn take(&self, asking: &Asking) -> Result<Paid, Unasked>;
    /// A try has ended. `known` is known from now on, for a month.
    async fn settle(&self, settled: &[(Allowance, Settlement)], known: Option<[u8; 16]>) -> Result<(), Unasked>;
}
