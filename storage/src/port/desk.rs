//! The administrators' desk: reports that come in, and the log of what they do.

use async_trait::async_trait;

use crate::{
    StoreError,
    model::{ActOutcome, AuditEntry, Closed, NewAct, NewReport, Report, Reported, ReportsOf},
};
use rill_protocol::UserId;

/// Each method touches the desk, which is one slot.
#[async_trait]
pub trait Reports: Send + Sync {
    /// Makes a report, if not too many of the reporter are open.
    async fn report(&self, new: NewReport) -> Result<Reported, StoreError>;
    async fn page(&self, of: ReportsOf, limit: usize) -> Result<Vec<Report>, StoreError>;
    /// Closes an open one, and writes that into the audit log in the same step; what was quoted
    /// is forgotten. One that is closed stays as it is. `None` if there is none of this number.
    async fn close(&self, number: u64, closed: Closed) -> Result<Option<Report>, StoreError>;
}

/// As [`Reports`]. Nothing of it is ever changed but what came of an act, once.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Appends an act that is about to be done; its seq.
    async fn begin(&self, act: NewAct) -> Result<u64, StoreError>;
    /// Says what came of it, and on whom it was if that was not known.
    async fn end(&self, seq: u64, outcome: ActOutcome, user: Option<UserId>) -> Result<(), StoreError>;
    /// The newest entries before a seq, newest first.
    async fn page(&self, before: u64, limit: usize) -> Result<Vec<AuditEntry>, StoreError>;
}
