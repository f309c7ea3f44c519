//! One session's place in one room: 24 bytes, because a node holds millions.

use super::inbox::LaneIndex;

/// Bits above the subscriber slot.
const DIRTY: u32 = 1 << 31;
const ANNOUNCED: [u32; 2] = [1 << 30, 1 << 29];
const IN_VIEW: u32 = 1 << 28;
const SLOT: u32 = IN_VIEW - 1;

/// Subscribers that a room can number.
pub const SLOTS_MAX: usize = SLOT as usize;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Subscription {
    /// The last entry that was written to a lane.
    pub cursor: u64,
    /// Every entry from here on is visible to the user.
    pub visible_from: u64,
    pub handle: u32,
    slot_and_flags: u32,
}

impl Subscription {
    /// A subscription on the lane of other rooms.
    pub fn new(handle: u32, slot: u32, cursor: u64, visible_from: u64) -> Self {
        Self { cursor, visible_from, handle, slot_and_flags: slot & SLOT }
    }

    /// Where the room keeps it.
    pub fn slot(&self) -> u32 {
        self.slot_and_flags & SLOT
    }

    pub fn lane(&self) -> LaneIndex {
        if self.has(IN_VIEW) { LaneIndex::InView } else { LaneIndex::Others }
    }

    pub fn set_lane(&mut self, lane: LaneIndex) {
        self.set(IN_VIEW, lane == LaneIndex::InView);
    }

    /// Whether it waits in its lane's list.
    pub fn is_dirty(&self) -> bool {
        self.has(DIRTY)
    }

    pub fn set_dirty(&mut self, dirty: bool) {
        self.set(DIRTY, dirty);
    }

    /// Whether the room's handle was told on a lane.
    pub fn is_announced(&self, lane: LaneIndex) -> bool {
        self.has(ANNOUNCED[lane as usize])
    }

    pub fn set_announced(&mut self, lane: LaneIndex, announced: bool) {
        self.set(ANNOUNCED[lane as usize], announced);
    }

    fn has(&self, bit: u32) -> bool {
        self.slot_and_flags & bit != 0
    }

    fn set(&mut self, bit: u32, on: bool) {
        if on {
            self.slot_and_flags |= bit;
        } else {
            self.slot_and_flags &= !bit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_costs_24_bytes() {
        assert_eq!(size_of::<Subscription>(), 24);
    }

    #[test]
    fn flags_and_slot_do_not_disturb_each_other() {
        let mut sub = Subscription::new(7, SLOTS_MAX as u32, 1, 1);
        sub.set_lane(LaneIndex::InView);
        sub.set_dirty(true);
        sub.set_announced(LaneIndex::Others, true);
        assert_eq!((sub.slot(), sub.lane(), sub.is_dirty()), (SLOTS_MAX as u32, LaneIndex::InView, true));
        assert!(sub.is_announced(LaneIndex::Others) && !sub.is_announced(LaneIndex::InView));
        sub.set_dirty(false);
        sub.set_lane(LaneIndex::Others);
        assert_eq!((sub.slot(), sub.lane(), sub.is_dirty()), (SLOTS_MAX as u32, LaneIndex::Others, false));
    }
}
