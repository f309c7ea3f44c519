//! What rings when a log has grown: `SEQ NODE`, and the log's epoch behind it where the
//! one who rings knows it.

use rill_protocol::Epoch;
use std::fmt;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doorbell<'a> {
    pub seq: u64,
    /// Which node appended.
    pub node: &'a str,
    pub epoch: Option<Epoch>,
}

impl<'a> Doorbell<'a> {
    /// `None` for what is none, or says more than this version knows of.
    pub fn parse(payload: &'a str) -> Option<Self> {
        let mut parts = payload.split(' ');
        let (seq, node, epoch) = (parts.next()?.parse().ok()?, parts.next()?, parts.next());
        let epoch = match epoch {
            None => None,
            Some(epoch) => Some(epoch.parse().ok()?),
        };
        Some(Self { seq, node, epoch })
    }
}

impl fmt::Display for Doorbell<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.seq, self.node)?;
        self.epoch.map_or(Ok(()), |epoch| write!(out, " {epoch}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doorbells_are_what_they_were() {
        for epoch in [None, Some(Epoch([7; 16]))] {
            let bell = Doorbell { seq: 12, node: "a1b2", epoch };
            assert_eq!(Doorbell::parse(&bell.to_string()), Some(bell));
        }
        for other in ["", "a", "x a", "7", "-1 a", "7 a b"] {
            assert_eq!(Doorbell::parse(other), None, "{other}");
        }
    }
}
