//! When the refusals of one address are abnormal: one line for the operator, not one
//! for each.

use std::collections::HashMap;

use super::Address;

/// Refusals of one address in a window that are worth a line.
pub(super) const REFUSALS_MAX: u32 = 100;
/// The window, and the least time between two lines about one address.
pub(super) const WINDOW_NS: u64 = 60_000_000_000;
/// Addresses that are watched at once.
const WATCHED_MAX: usize = 4_096;
/// The part of a full table that is cleared in one go.
const CLEARED: usize = 8;

#[derive(Default)]
struct Watched {
    since_ns: u64,
    count: u32,
    /// No line about it before.
    quiet_until_ns: u64,
}

/// Counts refusals by address.
#[derive(Default)]
pub(super) struct Alerts {
    watched: HashMap<Address, Watched>,
}

impl Alerts {
    /// Another refusal. Returns the count of the window when a line is due.
    pub(super) fn refused(&mut self, address: Address, now_ns: u64) -> Option<u32> {
        if self.watched.len() >= WATCHED_MAX && !self.watched.contains_key(&address) {
            self.make_room(now_ns);
        }
        let watched = self.watched.entry(address).or_insert_with(|| Watched { since_ns: now_ns, ..Watched::default() });
        if now_ns.saturating_sub(watched.since_ns) >= WINDOW_NS {
            (watched.since_ns, watched.count) = (now_ns, 0);
        }
        watched.count = watched.count.saturating_add(1);
        if watched.count < REFUSALS_MAX || now_ns < watched.quiet_until_ns {
            return None;
        }
        watched.quiet_until_ns = now_ns + WINDOW_NS;
        Some(watched.count)
    }

    /// Windows that are over go first, then those with few refusals.
    fn make_room(&mut self, now_ns: u64) {
        let is_over = |watched: &Watched| {
            now_ns.saturating_sub(watched.since_ns) >= WINDOW_NS && now_ns >= watched.quiet_until_ns
        };
        self.watched.retain(|_, watched| !is_over(watched));
        let kept_max = WATCHED_MAX - WATCHED_MAX / CLEARED;
        let Some(mut surplus) = self.watched.len().checked_sub(kept_max).filter(|surplus| *surplus > 0) else { return };
        let mut counts: Vec<u32> = self.watched.values().map(|watched| watched.count).collect();
        let (_, highest, _) = counts.select_nth_unstable(surplus - 1);
        let highest = *highest;
        self.watched.retain(|_, watched| {
            let goes = surplus > 0 && watched.count <= highest;
            surplus -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(number: u32) -> Address {
        Address::V4(Ipv4Addr::from(number))
    }

    #[test]
    fn one_line_a_minute_about_an_address_that_goes_on() {
        let mut alerts = Alerts::default();
        let mut lines = Vec::new();
        // Ten a second for three minutes.
        for tenth in 0..1_800 {
            let now_ns = tenth * 100_000_000;
            lines.extend(alerts.refused(address(1), now_ns).map(|count| (now_ns / 1_000_000_000, count)));
        }
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!(lines[0], (9, REFUSALS_MAX));
        assert!(lines.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 60), "{lines:?}");
    }

    #[test]
    fn a_few_refusals_are_normal() {
        let mut alerts = Alerts::default();
        // One a second: sixty in each window.
        assert!((0..600).all(|second| alerts.refused(address(1), second * 1_000_000_000).is_none()));
    }

    #[test]
    fn a_crowd_does_not_grow_the_table_and_hides_nobody() {
        let mut alerts = Alerts::default();
        for _ in 0..REFUSALS_MAX - 1 {
            assert!(alerts.refused(address(0), 0).is_none());
        }
        for stranger in 1..3 * WATCHED_MAX as u32 {
            assert!(alerts.refused(address(stranger), 1).is_none());
            assert!(alerts.watched.len() <= WATCHED_MAX);
        }
        assert_eq!(alerts.refused(address(0), 2), Some(REFUSALS_MAX));
    }
}
