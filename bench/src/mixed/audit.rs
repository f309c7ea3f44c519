//! What people were given and told, against what stands in the logs at the end.

use std::collections::HashMap;

use super::ears::Heard;
use crate::chaos::audit::Findings;

/// A room's log, as somebody reads it who comes anew: the numbers of its messages by their places.
pub(crate) type Log = HashMap<u64, u32>;

/// What is wrong with a room. `acked` are places and numbers; `end` is the last acked place, which those must
/// have reached who stayed.
pub(crate) fn audit(log: &[(u64, u32)], acked: &[(u64, u32)], heard: &[&Heard]) -> Findings {
    let mut findings = Findings::default();
    let places: Log = log.iter().copied().collect();
    let mut seen: HashMap<u32, u64> = HashMap::with_capacity(log.len());
    for (seq, number) in log {
        findings.duplicated += u64::from(seen.insert(*number, *seq).is_some());
    }
    for (seq, number) in acked {
        match seen.get(number) {
            None => findings.lost += 1,
            Some(place) => findings.reordered += u64::from(place != seq),
        }
    }
    let end = acked.iter().map(|(seq, _)| *seq).max().unwrap_or_default();
    for heard in heard {
        findings.lost += heard.skipped;
        findings.duplicated += heard.doubled;
        for (seq, number) in &heard.given {
            findings.reordered += u64::from(places.get(seq) != Some(number));
        }
        // Whoever is contiguous up to here has everything.
        if heard.stayed && heard.last < end {
            findings.lost += end - heard.last;
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spoil: impl FnOnce(&mut Vec<(u64, u32)>, &mut Vec<(u64, u32)>, &mut Heard), expected: [u64; 3]) {
        // Places 1 and 4 are no messages.
        let mut log = vec![(2, 10), (3, 11), (5, 12)];
        let mut acked = log.clone();
        let mut heard = Heard { given: log[1..].to_vec(), last: 5, stayed: true, ..Heard::default() };
        spoil(&mut log, &mut acked, &mut heard);
        let Findings { lost, duplicated, reordered } = audit(&log, &acked, &[&heard]);
        assert_eq!([lost, duplicated, reordered], expected, "{log:?} {acked:?} {heard:?}");
    }

    #[test]
    fn what_is_as_promised_is_clean() {
        check(|_, _, _| {}, [0, 0, 0]);
        // Whoever left early need not have the rest.
        check(|_, _, heard| (heard.last, heard.stayed, heard.given) = (3, false, vec![(3, 11)]), [0, 0, 0]);
    }

    #[test]
    fn what_is_missing_doubled_or_at_another_place_is_found() {
        check(|_, acked, _| acked.push((4, 13)), [1, 0, 0]);
        check(|log, _, _| log.push((6, 12)), [0, 1, 1]);
        check(|_, _, heard| heard.given[0].1 = 12, [0, 0, 1]);
        check(|_, _, heard| heard.skipped = 2, [2, 0, 0]);
        check(|_, _, heard| heard.doubled = 1, [0, 1, 0]);
        check(|_, _, heard| heard.last = 3, [2, 0, 0]);
    }
}
