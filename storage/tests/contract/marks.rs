//! Marks, and what is counted behind them.

use crate::stage::{Kind, Stage, change, client, contract, post, room, user};
use parking_lot::Mutex;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use rill_protocol::{RoomId, UserId};
use rill_storage::{
    model::{Change, Mentions, NewEntry, NewMark, Reading, Receipt},
    port::{MarkObserver, MarkRefused},
};
use std::{collections::BTreeSet, sync::Arc};

fn naming(author: u64, number: u64, users: &[u64], everyone: bool) -> NewEntry {
    let mentions = Mentions { users: users.iter().map(|number| user(*number)).collect(), everyone };
    NewEntry { mentions, ..post(author, number, "hello") }
}

async fn read(stage: &Stage, number: u64, seq: u64) -> Result<Reading, MarkRefused> {
    stage.store.marks.set(room(1), user(number), NewMark::Read(seq)).await.unwrap()
}

async fn unread(stage: &Stage, number: u64, request: u64, seq: u64) -> Result<Reading, MarkRefused> {
    let mark = NewMark::Unread { seq, client_id: client(request) };
    stage.store.marks.set(room(1), user(number), mark).await.unwrap()
}

/// Mark, unread, mentions.
async fn standing(stage: &Stage, number: u64) -> (u64, u32, u32) {
    let reading = stage.store.marks.reading(room(1), user(number)).await.unwrap().unwrap();
    (reading.mark_seq, reading.unread, reading.mentions)
}

async fn a_mark_goes_forward_and_back_when_asked(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    for number in 1..=4 {
        stage.appended(1, post(1, number, "x")).await;
    }
    stage.appended(1, change(2, 5, Change::Join)).await;
    assert_eq!(standing(&stage, 1).await, (6, 0, 0), "one's own posts are read");
    assert_eq!(standing(&stage, 2).await, (7, 0, 0), "and what was before one joined");
    stage.appended(1, post(1, 6, "x")).await;
    stage.appended(1, post(1, 7, "x")).await;
    assert_eq!(standing(&stage, 2).await, (7, 2, 0));
    let moved = read(&stage, 2, 8).await.unwrap();
    assert_eq!((moved.mark_seq, moved.unread, moved.as_of), (8, 1, 9));
    assert_eq!(read(&stage, 2, 3).await.unwrap(), moved, "never back");
    assert_eq!(read(&stage, 2, 0).await.unwrap(), moved);
    let back = unread(&stage, 2, 100, 4).await.unwrap();
    assert_eq!((back.mark_seq, back.unread), (3, 5));
    assert!(back.version > moved.version);
    assert_eq!(read(&stage, 2, 9).await.unwrap().unread, 0);
    let again = unread(&stage, 2, 100, 4).await.unwrap();
    assert_eq!((again.mark_seq, again.unread), (9, 0), "a request that comes again moves nothing");
    assert_eq!(unread(&stage, 2, 101, 9).await.unwrap().unread, 1);
    assert_eq!(unread(&stage, 2, 102, 9).await.unwrap().mark_seq, 8, "is unread already");
    // What others know never goes back.
    let receipt = stage.store.marks.receipt(room(1), user(2)).await.unwrap();
    assert_eq!(receipt, Some(Receipt { user: user(2), seq: 9 }));
    let receipts = stage.store.marks.receipts(room(1), None, 10).await.unwrap();
    assert_eq!(receipts, [Receipt { user: user(1), seq: 9 }, Receipt { user: user(2), seq: 9 }]);
    let behind = stage.store.marks.receipts(room(1), Some(user(1)), 10).await.unwrap();
    assert_eq!(behind.len(), 1);
}

async fn marks_that_are_refused(kind: Kind) {
    let stage = kind.open();
    assert_eq!(read(&stage, 1, 1).await, Err(MarkRefused::NoSuchRoom));
    stage.make_room(1).await;
    assert_eq!(read(&stage, 2, 1).await, Err(MarkRefused::NotAMember));
    assert_eq!(read(&stage, 1, 3).await, Err(MarkRefused::NoSuchEntry { head: 2 }));
    assert_eq!(read(&stage, 1, u64::MAX).await, Err(MarkRefused::NoSuchEntry { head: 2 }));
    assert_eq!(unread(&stage, 1, 9, 0).await, Err(MarkRefused::NoSuchEntry { head: 2 }));
    stage.appended(1, change(2, 1, Change::Join)).await;
    stage.appended(1, change(2, 2, Change::Leave)).await;
    assert_eq!(read(&stage, 2, 1).await, Err(MarkRefused::NotAMember));
    assert_eq!(stage.store.marks.reading(room(1), user(2)).await.unwrap(), None);
    assert_eq!(stage.store.marks.receipt(room(1), user(2)).await.unwrap(), None);
}

async fn a_post_names_members_and_nobody_else(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    stage.appended(1, change(2, 1, Change::Join)).await;
    let seq = stage.appended(1, naming(1, 2, &[1, 2, 3, 2], false)).await.entry.seq;
    assert_eq!(standing(&stage, 2).await.2, 1);
    stage.appended(1, naming(1, 2, &[2], false)).await;
    assert_eq!(standing(&stage, 2).await.2, 1, "a repeat names nobody anew");
    // Who was no member is not named, also when they come.
    stage.appended(1, change(3, 3, Change::Join)).await;
    unread(&stage, 3, 4, 1).await.unwrap();
    assert_eq!(standing(&stage, 3).await, (0, 1, 0));
    // Everybody is, but who says it.
    stage.appended(1, naming(1, 5, &[2], true)).await;
    assert_eq!((standing(&stage, 2).await.2, standing(&stage, 3).await.2), (2, 1));
    unread(&stage, 1, 6, 1).await.unwrap();
    assert_eq!(standing(&stage, 1).await, (0, 2, 0));
    read(&stage, 2, seq).await.unwrap();
    assert_eq!(standing(&stage, 2).await, (seq, 1, 1));
}

async fn counts_end_at_a_hundred(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    stage.appended(1, change(2, 1, Change::Join)).await;
    for number in 2..=103 {
        stage.appended(1, naming(1, number, &[2], false)).await;
    }
    assert_eq!(standing(&stage, 2).await, (3, 100, 100));
    read(&stage, 2, 6).await.unwrap();
    assert_eq!(standing(&stage, 2).await, (6, 99, 99));
}

#[derive(Default)]
struct Witness(Mutex<Vec<(RoomId, Option<UserId>)>>);

impl MarkObserver for Witness {
    fn marked(&self, room: RoomId, user: Option<UserId>) {
        self.0.lock().push((room, user));
    }

    fn chat_changed(&self, _: RoomId, _: Option<UserId>) {}
}

async fn whoever_moves_a_mark_or_is_named_is_told_of(kind: Kind) {
    let stage = kind.open();
    let witness = Arc::new(Witness::default());
    stage.store.marks.observe(witness.clone());
    stage.make_room(1).await;
    stage.appended(1, change(2, 1, Change::Join)).await;
    stage.appended(1, post(1, 2, "x")).await;
    assert_eq!(*witness.0.lock(), [], "a post says so itself");
    read(&stage, 2, 4).await.unwrap();
    read(&stage, 2, 4).await.unwrap();
    stage.appended(1, naming(1, 3, &[2, 3], false)).await;
    stage.appended(1, naming(1, 4, &[], true)).await;
    assert_eq!(*witness.0.lock(), [Some(2), Some(2), None].map(|number| (room(1), number.map(user))));
}

#[derive(Clone, Debug)]
enum Step {
    /// Who is named, and whether everybody.
    Post(u64, Vec<u64>, bool),
    Join(u64),
    Leave(u64),
    /// In percent of the log.
    Read(u64, u64),
    Unread(u64, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 1u64..=4;
    prop_oneof![
        6 => (who(), prop::collection::vec(1u64..=5, 0..3), prop::bool::weighted(0.1))
            .prop_map(|(author, named, everyone)| Step::Post(author, named, everyone)),
        2 => who().prop_map(Step::Join),
        1 => who().prop_map(Step::Leave),
        3 => (who(), 0u64..=100).prop_map(|(who, percent)| Step::Read(who, percent)),
        2 => (who(), 1u64..=100).prop_map(|(who, percent)| Step::Unread(who, percent)),
    ]
}

/// One entry of the log: of a post its author and whom it names.
type Row = Option<(u64, BTreeSet<u64>)>;

#[derive(Clone, Default)]
struct Member {
    /// Which entries they may see.
    ranges: Vec<(u64, Option<u64>)>,
    mark: u64,
    furthest: u64,
}

impl Member {
    fn is_active(&self) -> bool {
        self.ranges.last().is_some_and(|(_, until)| until.is_none())
    }

    fn sees(&self, seq: u64) -> bool {
        self.ranges.iter().any(|(from, until)| *from <= seq && until.is_none_or(|until| seq < until))
    }

    fn moves(&mut self, seq: u64) {
        self.mark = seq;
        self.furthest = self.furthest.max(seq);
    }
}

/// Counts by looking at every entry.
fn recount(rows: &[Row], who: u64, member: &Member) -> (u64, u32, u32) {
    let seen = rows.iter().zip(1..).filter(|(_, seq)| *seq > member.mark && member.sees(*seq));
    let posts: Vec<_> = seen.filter_map(|(row, _)| row.as_ref()).collect();
    let naming = posts.iter().filter(|(author, named)| *author != who && named.contains(&who)).count();
    (member.mark, posts.len().min(100) as u32, naming.min(100) as u32)
}

async fn play(stage: &Stage, steps: &[Step]) {
    stage.make_room(1).await;
    let mut rows: Vec<Row> = vec![None, None];
    let mut members = vec![Member::default(); 5];
    members[1].ranges.push((1, None));
    for (step, number) in steps.iter().zip(1..) {
        let head = rows.len() as u64;
        match step {
            Step::Post(author, named, everyone) => {
                let entry = naming(*author, number, named, *everyone);
                let made = stage.store.log.append(room(1), entry).await.unwrap();
                assert_eq!(made.is_ok(), members[*author as usize].is_active());
                if made.is_ok() {
                    // Everybody is also who comes later, if they may see it.
                    let is_named = |who: &u64| *everyone || named.contains(who) && members[*who as usize].is_active();
                    let named = (1..=4).filter(is_named).collect();
                    rows.push(Some((*author, named)));
                    members[*author as usize].moves(head + 1);
                }
            }
            Step::Join(who) => {
                let made = stage.store.log.append(room(1), change(*who, number, Change::Join)).await.unwrap();
                let member = &mut members[*who as usize];
                if made.is_ok() {
                    rows.push(None);
                    member.ranges.push((if member.ranges.is_empty() { 1 } else { head + 1 }, None));
                    member.moves(head + 1);
                }
            }
            Step::Leave(who) => {
                let made = stage.store.log.append(room(1), change(*who, number, Change::Leave)).await.unwrap();
                if made.is_ok() {
                    rows.push(None);
                    members[*who as usize].ranges.last_mut().unwrap().1 = Some(head + 2);
                }
            }
            Step::Read(who, percent) => {
                let (member, seq) = (&mut members[*who as usize], head * percent / 100);
                if member.is_active() {
                    read(stage, *who, seq).await.unwrap();
                    if seq > member.mark {
                        member.moves(seq);
                    }
                }
            }
            Step::Unread(who, percent) => {
                let (member, seq) = (&mut members[*who as usize], (head * percent / 100).max(1));
                if member.is_active() {
                    unread(stage, *who, 1_000 + number, seq).await.unwrap();
                    member.mark = member.mark.min(seq - 1);
                }
            }
        }
        for who in 1..=4 {
            let member = &members[who as usize];
            let found = stage.store.marks.reading(room(1), user(who)).await.unwrap();
            let found = found.map(|found| (found.mark_seq, found.unread, found.mentions));
            assert_eq!(found, member.is_active().then(|| recount(&rows, who, member)), "user {who} behind {step:?}");
            let receipt = stage.store.marks.receipt(room(1), user(who)).await.unwrap();
            assert_eq!(receipt.map(|receipt| receipt.seq), member.is_active().then_some(member.furthest));
        }
    }
}

async fn counts_are_what_a_naive_recount_comes_to(kind: Kind) {
    let cases = match kind {
        Kind::Memory => 150,
        Kind::Sled | Kind::Fjall | Kind::Redis | Kind::RedisCluster => 10,
    };
    let mut runner = TestRunner::new_with_rng(
        Config { cases, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let run = runner.run(&prop::collection::vec(step(), 1..60), |steps| {
            runtime.block_on(async {
                play(&kind.open(), &steps).await;
            });
            Ok(())
        });
        run.unwrap();
    });
}

contract! {
    a_mark_goes_forward_and_back_when_asked
    marks_that_are_refused
    a_post_names_members_and_nobody_else
    counts_end_at_a_hundred
    whoever_moves_a_mark_or_is_named_is_told_of
    counts_are_what_a_naive_recount_comes_to
}
