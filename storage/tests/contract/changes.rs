//! Whoever remembers rooms and people is told what changes them, and of nothing else.

use crate::stage::{Kind, Stage, account, change, contract, new_room, post, room, user};
use parking_lot::Mutex;
use rill_storage::{
    model::{Anchor, Avatar, Change, Membership, Role},
    port::{
        ChangeObserver, Changed,
        log::{AppendRefused, Sight},
    },
};
use std::{mem::take, sync::Arc};

#[derive(Default)]
struct Witness(Mutex<Vec<Changed>>);

impl ChangeObserver for Witness {
    fn changed(&self, changed: Changed) {
        self.0.lock().push(changed);
    }
}

fn witnessed(stage: &Stage) -> Arc<Witness> {
    let witness = Arc::<Witness>::default();
    stage.store.changes.observe(witness.clone());
    witness
}

/// The answer has come: it was told before.
fn check(witness: &Witness, what: &str, expected: &[Changed]) {
    assert_eq!(take(&mut *witness.0.lock()), expected, "{what}");
}

async fn a_change_is_told_before_its_answer_and_a_post_is_none(kind: Kind) {
    let stage = kind.open();
    let witness = witnessed(&stage);
    let (of_room, of_user) = (Changed::Room(room(1)), Changed::User(user(2)));
    stage.store.rooms.create(new_room(1)).await.unwrap();
    check(&witness, "a room", &[of_room]);
    stage.store.rooms.create(new_room(1)).await.unwrap();
    check(&witness, "the same once more", &[]);
    stage.appended(1, post(1, 1, "hello")).await;
    check(&witness, "a post", &[]);
    let joined = stage.appended(1, change(2, 2, Change::Join)).await;
    check(&witness, "a member", &[of_room]);
    stage.store.rooms.settle(room(1), joined.entry.seq).await.unwrap();
    stage.appended(1, post(2, 3, "hello")).await;
    check(&witness, "what follows", &[]);
    assert_eq!(stage.append(1, change(2, 4, Change::Join)).await.unwrap_err(), AppendRefused::Unchanged);
    check(&witness, "what was refused", &[]);
    stage.appended(1, change(2, 5, Change::Leave)).await;
    check(&witness, "a former member", &[of_room]);

    assert!(stage.store.users.create(account(2)).await.unwrap());
    check(&witness, "an account", &[of_user]);
    assert!(!stage.store.users.create(account(2)).await.unwrap());
    check(&witness, "one that is there", &[]);
    assert!(stage.store.users.set_role(user(2), Role::Administrator).await.unwrap());
    check(&witness, "a role", &[of_user]);
    stage.store.users.set_disabled(user(2), Some(1)).await.unwrap().unwrap();
    check(&witness, "a disabled account", &[of_user]);
}

/// Entries and messages, and what somebody may see of them.
async fn sights(stage: &Stage, number: u64) -> [Sight<Vec<u64>>; 2] {
    let log = &stage.store.log;
    let tail = log.tail_for(user(number), room(1), 2, 100, usize::MAX).await.unwrap().unwrap();
    let newest = Anchor::Before(u64::MAX);
    let page = log.messages_for(user(number), room(1), newest, 100, usize::MAX).await.unwrap().unwrap();
    let (head, entries) = tail.part;
    assert_eq!((head.seq, page.part.head), (entries.last().unwrap().seq, head));
    let seqs = entries.iter().map(|entry| entry.seq).collect();
    let on_page = page.part.messages.iter().map(|message| message.seq).filter(|seq| *seq > 2).collect();
    [Sight { membership: tail.membership, part: seqs }, Sight { membership: page.membership, part: on_page }]
}

async fn what_is_there_and_what_somebody_may_see_of_it_come_together(kind: Kind) {
    let stage = kind.open();
    let log = &stage.store.log;
    let newest = Anchor::Before(u64::MAX);
    assert!(log.tail_for(user(1), room(1), 0, 10, 10).await.unwrap().is_none());
    assert!(log.messages_for(user(1), room(1), newest, 10, 10).await.unwrap().is_none());
    stage.make_room(1).await;
    let check = async |number: u64, last: u64, ranges: &[(u64, Option<u64>)]| {
        for Sight { membership, part } in sights(&stage, number).await {
            assert_eq!(part, (3..=last).collect::<Vec<_>>());
            let is_known = |membership: &Membership| membership.user == user(number) && membership.ranges.len() == 1;
            assert!(membership.as_ref().is_none_or(is_known), "{membership:?}");
            let seen = membership.map_or_else(Vec::new, |membership| membership.ranges);
            let seen: Vec<_> = seen.iter().map(|range| (range.from, range.until)).collect();
            assert_eq!(seen, ranges);
        }
    };
    stage.appended(1, post(1, 1, "hello")).await;
    check(2, 3, &[]).await;
    stage.appended(1, change(2, 2, Change::Join)).await;
    let from = stage.store.rooms.membership(room(1), user(2)).await.unwrap().unwrap().ranges[0].from;
    check(2, 4, &[(from, None)]).await;
    stage.appended(1, change(2, 3, Change::Leave)).await;
    let until = stage.store.rooms.membership(room(1), user(2)).await.unwrap().unwrap().ranges[0].until;
    assert!(until.is_some());
    check(2, 5, &[(from, until)]).await;
    stage.appended(1, post(1, 4, "behind their back")).await;
    check(2, 6, &[(from, until)]).await;

    // The end alone, and who is in.
    let sight = log.end_for(user(1), room(1)).await.unwrap().unwrap();
    assert_eq!((sight.part.head.seq, sight.part.room.avatar), (6, Avatar::default()));
    assert!(log.end_for(user(1), room(2)).await.unwrap().is_none());
    assert!(sight.membership.is_some_and(|membership| membership.is_active()));
    assert_eq!(stage.append(1, post(3, 5, "x")).await.unwrap_err(), AppendRefused::NotAMember);
}

contract! {
    a_change_is_told_before_its_answer_and_a_post_is_none
    what_is_there_and_what_somebody_may_see_of_it_come_together
}
