//! Who may see what: one pure function for lanes, history, quotes, search, counts.

use rill_storage::model::Membership;

/// Whether a member may see the entry at `seq`, when it speaks of the entry at
/// `target_seq` (an edit of it, say; the same seq for an entry about itself). Both must
/// lie within the membership's ranges.
pub fn visible(membership: &Membership, seq: u64, target_seq: u64) -> bool {
    let within = |seq: u64| {
        membership.ranges.iter().any(|range| range.from <= seq && range.until.is_none_or(|until| seq < until))
    };
    within(seq) && (seq == target_seq || within(target_seq))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::UserId;
    use rill_storage::model::VisibleRange;

    fn member(ranges: &[(u64, Option<u64>)]) -> Membership {
        Membership {
            user: UserId::default(),
            ranges: ranges.iter().map(|(from, until)| VisibleRange { from: *from, until: *until }).collect(),
            joined_ms: 0,
            mark_seq: 0,
            is_admin: false,
        }
    }

    #[test]
    fn what_was_said_while_one_was_away_stays_unseen() {
        let back = member(&[(1, Some(10)), (15, None)]);
        let seen: Vec<u64> = (1..=17).filter(|seq| visible(&back, *seq, *seq)).collect();
        assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17]);
    }

    #[test]
    fn an_edit_of_an_unseen_message_is_unseen() {
        let back = member(&[(1, Some(10)), (15, None)]);
        assert!(visible(&back, 16, 5));
        assert!(!visible(&back, 16, 12));
        assert!(!visible(&back, 12, 5));
    }

    #[test]
    fn who_was_never_there_sees_nothing() {
        assert!(!visible(&member(&[]), 1, 1));
    }
}
