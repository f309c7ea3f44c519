//! What one user sees of those whom they watch.

use rill_protocol::{
    UserId,
    message::{PresenceSlot, PresenceState},
};
use std::collections::HashMap;

/// See the module.
#[derive(Debug)]
pub(crate) struct Sight {
    /// The version that was shown last, and whether they are online by it.
    watched: HashMap<UserId, Option<(u64, bool)>>,
    online: usize,
}

impl Sight {
    pub(crate) fn of(watched: &[UserId]) -> Self {
        Self { watched: watched.iter().map(|user| (*user, None)).collect(), online: 0 }
    }

    /// Whether everybody who is watched is online.
    pub(crate) fn is_full(&self) -> bool {
        self.online == self.watched.len()
    }

    pub(crate) fn apply(&mut self, slots: &[PresenceSlot]) {
        for slot in slots {
            let Some(shown) = self.watched.get_mut(&slot.user) else { continue };
            let version = slot.version.get();
            if shown.is_some_and(|(known, _)| known > version) {
                continue;
            }
            let was = shown.is_some_and(|(_, is_online)| is_online);
            let is = slot.state == PresenceState::Online;
            *shown = Some((version, is));
            self.online = self.online + usize::from(is) - usize::from(was);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::U53;

    #[test]
    fn the_latest_version_counts_and_strangers_do_not() {
        let slot = |user: u8, version: u32, state| PresenceSlot {
            user: UserId([user; 16]),
            version: U53::from(version),
            state,
        };
        let mut sight = Sight::of(&[UserId([1; 16]), UserId([2; 16])]);
        sight.apply(&[slot(1, 5, PresenceState::Online), slot(9, 1, PresenceState::Online)]);
        assert!(!sight.is_full());
        sight.apply(&[slot(2, 7, PresenceState::Online), slot(1, 4, PresenceState::Offline)]);
        assert!(sight.is_full());
        sight.apply(&[slot(1, 6, PresenceState::Offline)]);
        assert!(!sight.is_full());
        sight.apply(&[slot(1, 8, PresenceState::Online), slot(1, 8, PresenceState::Online)]);
        assert!(sight.is_full());
    }
}
