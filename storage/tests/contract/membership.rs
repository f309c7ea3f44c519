//! Joining, leaving, and what one may see.

use crate::stage::{Kind, START_MS, Stage, change, contract, post, room, user};
use rill_storage::{
    limits::{RANGES_PER_MEMBERSHIP_MAX, READ_ROWS_MAX},
    model::{Change, Membership, VisibleRange},
};

async fn membership(stage: &Stage, number: u64) -> Membership {
    stage.store.rooms.membership(room(1), user(number)).await.unwrap().unwrap()
}

fn ranges(membership: &Membership) -> Vec<(u64, Option<u64>)> {
    membership.ranges.iter().map(|VisibleRange { from, until }| (*from, *until)).collect()
}

async fn a_first_join_sees_everything_and_a_second_from_its_own_entry(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    stage.appended(1, post(1, 1, "before")).await;
    let mut join = change(2, 1, Change::Join);
    join.at_ms = START_MS + 5;
    assert_eq!(stage.appended(1, join).await.entry.seq, 4);
    let joined = membership(&stage, 2).await;
    assert!(joined.is_active());
    assert_eq!((ranges(&joined), joined.joined_ms), (vec![(1, None)], START_MS + 5));

    stage.appended(1, post(1, 2, "seen")).await;
    assert_eq!(stage.appended(1, change(2, 2, Change::Leave)).await.entry.seq, 6);
    let left = membership(&stage, 2).await;
    assert!(!left.is_active());
    assert_eq!(ranges(&left), [(1, Some(7))], "one's own leaving is the last one sees");

    stage.appended(1, post(1, 3, "hidden")).await;
    let mut back = change(2, 3, Change::Join);
    back.at_ms = START_MS + 9;
    assert_eq!(stage.appended(1, back).await.entry.seq, 8);
    let again = membership(&stage, 2).await;
    assert_eq!((ranges(&again), again.joined_ms), (vec![(1, Some(7)), (8, None)], START_MS + 9));
}

async fn posting_moves_ones_own_mark(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let joined = stage.appended(1, change(2, 1, Change::Join)).await;
    let posted = stage.appended(1, post(1, 1, "x")).await;
    assert_eq!(membership(&stage, 1).await.mark_seq, posted.entry.seq);
    assert_eq!(membership(&stage, 2).await.mark_seq, joined.entry.seq, "nothing is unread of before");
    let own = stage.appended(1, post(2, 2, "y")).await;
    stage.appended(1, change(2, 3, Change::Leave)).await;
    assert_eq!(membership(&stage, 2).await.mark_seq, own.entry.seq, "also of somebody who left");
    assert_eq!(membership(&stage, 1).await.mark_seq, posted.entry.seq);
}

async fn members_are_listed_by_id_in_pages_and_leavers_are_not(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    for number in [5, 3, 9, 4, 7] {
        stage.appended(1, change(number, 1, Change::Join)).await;
    }
    stage.appended(1, change(4, 2, Change::Leave)).await;
    stage.appended(1, post(3, 2, "x")).await;
    let rooms = &stage.store.rooms;
    let page = async |after: Option<u64>, limit| {
        let members = rooms.members(room(1), after.map(user), limit).await.unwrap();
        members.into_iter().map(|member| (member.user, member.mark_seq)).collect::<Vec<_>>()
    };
    // Whoever has only joined has read as far as that.
    let expected = [(1, 0), (3, 9), (5, 3), (7, 7), (9, 5)].map(|(number, mark)| (user(number), mark));
    assert_eq!(page(None, READ_ROWS_MAX).await, expected);
    assert_eq!(page(None, 2).await, expected[..2]);
    assert_eq!(page(Some(3), 2).await, expected[2..4]);
    assert_eq!(page(Some(4), 2).await, expected[2..4], "behind somebody who is not a member");
    assert_eq!(page(Some(9), 2).await, []);
    assert_eq!(rooms.get(room(1)).await.unwrap().unwrap().members, 5);
}

async fn a_room_can_be_left_by_everybody_and_found_again(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    stage.appended(1, change(1, 1, Change::Leave)).await;
    assert_eq!(stage.store.rooms.get(room(1)).await.unwrap().unwrap().members, 0);
    assert_eq!(stage.store.rooms.members(room(1), None, 10).await.unwrap(), []);
    stage.appended(1, change(1, 2, Change::Join)).await;
    assert_eq!(ranges(&membership(&stage, 1).await), [(1, Some(4)), (4, None)]);
}

async fn past_the_bound_the_oldest_range_is_forgotten(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let rounds = RANGES_PER_MEMBERSHIP_MAX as u64 + 2;
    let queued: Vec<_> = (0..rounds)
        .flat_map(|number| {
            [(2 * number, Change::Leave), (2 * number + 1, Change::Join)]
                .map(|(client, what)| stage.store.log.append(room(1), change(1, client, what)))
        })
        .collect();
    for append in queued {
        append.await.unwrap().unwrap();
    }
    let kept = membership(&stage, 1).await;
    assert_eq!(kept.ranges.len(), RANGES_PER_MEMBERSHIP_MAX);
    let head = stage.store.log.head(room(1)).await.unwrap().unwrap().seq;
    assert_eq!(kept.ranges.last().unwrap().from, head);
    assert!(kept.is_active());
}

contract! {
    a_first_join_sees_everything_and_a_second_from_its_own_entry
    posting_moves_ones_own_mark
    members_are_listed_by_id_in_pages_and_leavers_are_not
    a_room_can_be_left_by_everybody_and_found_again
    past_the_bound_the_oldest_range_is_forgotten
}
