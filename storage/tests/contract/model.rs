//! Any sequence of changes against a model that is a list and a map.
//!
//! Changes are queued in bursts, so that most commands run within a batch and read
//! what the commands before them wrote there.

use crate::{
    attached::{complete, pending},
    stage::{DAY_MS, Kind, START_MS, Stage, change, client, contract, new_room, room, user},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use rill_storage::{
    model::{Anchor, Body, Change, Fact, FileState, Replay},
    port::{AppendRefused, log::Append},
};
use std::collections::BTreeMap;

const ROOM: u64 = 1;
const USERS: u64 = 4;

#[derive(Clone, Debug)]
struct Step {
    author: u64,
    client: u64,
    what: What,
    /// How far the clock moves, in quarters of a day.
    quarter_days: u64,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    Post(String),
    Join,
    Leave,
    File(String),
    /// The file of this message.
    Settle(u64),
}

impl Step {
    fn change(&self) -> Change {
        match &self.what {
            What::Post(text) => Change::Post(text.as_str().into()),
            What::Join => Change::Join,
            What::Leave => Change::Leave,
            What::File(text) => Change::File { text: text.as_str().into(), file: pending(self.client) },
            What::Settle(target) => Change::SettleFile { target: *target, state: complete() },
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let what = prop_oneof![
        4 => "[a-z溪]{1,6}".prop_map(What::Post),
        2 => Just(What::Join),
        1 => Just(What::Leave),
        2 => "[a-z溪]{0,6}".prop_map(What::File),
        2 => (1u64..40).prop_map(What::Settle),
    ];
    // Few client ids, so that many are used again.
    (1..=USERS, 0u64..24, what, prop_oneof![8 => Just(0u64), 1 => 1u64..8])
        .prop_map(|(author, client, what, quarter_days)| Step { author, client, what, quarter_days })
}

struct Row {
    at_ms: u64,
    author: u64,
    client: u64,
    fact: Fact,
    text: Option<String>,
    posts: u64,
}

#[derive(Default)]
struct Member {
    ranges: Vec<(u64, Option<u64>)>,
    mark: u64,
}

/// What a log and its members should be.
struct Model {
    rows: Vec<Row>,
    members: BTreeMap<u64, Member>,
    owner: u64,
    /// (author, client) to seq, day and what was asked.
    keys: BTreeMap<(u64, u64), (u64, u64, What)>,
    /// Files by their message, and whether they are settled.
    files: BTreeMap<u64, bool>,
}

type Outcome = Result<(u64, Replay), AppendRefused>;

impl Model {
    fn new() -> Self {
        let row = |fact, text| Row { at_ms: START_MS, author: 1, client: 1_000_000 + ROOM, fact, text, posts: 0 };
        Self {
            rows: vec![row(Fact::Created, Some(new_room(ROOM).name)), row(Fact::Joined, None)],
            members: [(1, Member { ranges: vec![(1, None)], mark: 0 })].into(),
            owner: 1,
            keys: BTreeMap::new(),
            files: BTreeMap::new(),
        }
    }

    /// Whether the author has a file under way there.
    fn awaits(&self, author: u64, target: u64) -> bool {
        self.files.get(&target) == Some(&false) && self.rows[target as usize - 1].author == author
    }

    fn is_member(&self, author: u64) -> bool {
        self.members.get(&author).is_some_and(|member| matches!(member.ranges.last(), Some((_, None))))
    }

    fn apply(&mut self, step: &Step, now_ms: u64) -> Outcome {
        let at_ms = now_ms.max(self.rows.last().map_or(0, |row| row.at_ms));
        let today = at_ms / DAY_MS;
        if let Some((seq, day, what)) = self.keys.get(&(step.author, step.client))
            && day + 7 >= today
        {
            return Ok((*seq, if *what == step.what { Replay::Same } else { Replay::Different }));
        }
        let (seq, is_member) = (self.rows.len() as u64 + 1, self.is_member(step.author));
        let others = (1..=USERS).any(|other| other != step.author && self.is_member(other));
        if step.what == What::Join && !is_member && !others {
            self.owner = step.author;
        }
        let (fact, text) = match &step.what {
            What::Post(_) | What::File(_) if !is_member => return Err(AppendRefused::NotAMember),
            What::Join if is_member => return Err(AppendRefused::Unchanged),
            What::Leave if !is_member => return Err(AppendRefused::Unchanged),
            What::Leave if step.author == self.owner && others => return Err(AppendRefused::OwnerStays),
            What::Settle(target) if !self.awaits(step.author, *target) => return Err(AppendRefused::Unchanged),
            What::Post(text) => (Fact::Posted, Some(text.clone())),
            What::File(text) => (Fact::File, Some(text.clone())),
            What::Settle(target) => (Fact::FileSettled { target: *target }, None),
            What::Join => (Fact::Joined, None),
            What::Leave => (Fact::Left, None),
        };
        let member = self.members.entry(step.author).or_default();
        match fact {
            Fact::Posted => member.mark = seq,
            Fact::File => {
                member.mark = seq;
                self.files.insert(seq, false);
            }
            Fact::FileSettled { target } => drop(self.files.insert(target, true)),
            Fact::Joined => {
                member.ranges.push((if member.ranges.is_empty() { 1 } else { seq }, None));
                member.mark = seq;
            }
            _ => member.ranges.last_mut().unwrap().1 = Some(seq + 1),
        }
        let posts = self.rows.last().map_or(0, |row| row.posts) + u64::from(fact.is_post());
        self.rows.push(Row { at_ms, author: step.author, client: step.client, fact, text, posts });
        self.keys.insert((step.author, step.client), (seq, today, step.what.clone()));
        Ok((seq, Replay::First))
    }
}

async fn play(stage: &Stage, bursts: Vec<Vec<Step>>) -> Model {
    stage.make_room(ROOM).await;
    let mut model = Model::new();
    let mut now_ms = START_MS;
    for burst in bursts {
        let mut queued: Vec<(Append, Outcome, Step)> = Vec::new();
        for step in burst {
            now_ms += step.quarter_days * DAY_MS / 4;
            let mut entry = change(step.author, step.client, step.change());
            entry.at_ms = now_ms;
            let append = stage.store.log.append(room(ROOM), entry);
            let expected = model.apply(&step, now_ms);
            queued.push((append, expected, step));
        }
        for (append, expected, step) in queued {
            let outcome = append.await.unwrap().map(|made| (made.entry.seq, made.replay));
            assert_eq!(outcome, expected, "{step:?}");
        }
    }
    model
}

async fn compare(stage: &Stage, model: &Model, after: u64, limit: usize) {
    let log = &stage.store.log;
    let head = log.head(room(ROOM)).await.unwrap().unwrap();
    let last = model.rows.last().unwrap();
    assert_eq!((head.seq, head.at_ms, head.posts), (model.rows.len() as u64, last.at_ms, last.posts));

    let body = |row: &Row| row.text.as_deref().map_or(Body::None, |text| Body::Text(text.into()));
    let entries = log.entries(room(ROOM), 0, usize::MAX, usize::MAX).await.unwrap();
    assert_eq!(entries.len(), model.rows.len());
    for (entry, (row, seq)) in entries.iter().zip(model.rows.iter().zip(1..)) {
        assert_eq!((entry.seq, entry.at_ms, entry.posts, entry.fact), (seq, row.at_ms, row.posts, row.fact));
        assert_eq!((entry.author, entry.client_id), (user(row.author), client(row.client)));
        assert_eq!(entry.body, body(row));
        let file = entry.file.as_ref().map(|file| file.state.clone());
        let expected = match row.fact {
            Fact::File | Fact::FileSettled { .. } => {
                Some(if model.files[&entry.target_seq()] { complete() } else { FileState::Pending })
            }
            _ => None,
        };
        assert_eq!(file, expected, "entry {seq}");
    }

    let tail = log.messages(room(ROOM), Anchor::After(after), limit, usize::MAX).await.unwrap().unwrap();
    let expected: Vec<_> = (after + 1..=head.seq).take(limit).collect();
    assert_eq!(tail.messages.iter().map(|message| message.seq).collect::<Vec<_>>(), expected);
    assert_eq!(tail.more, head.seq.saturating_sub(after) > limit as u64);

    let mut active = Vec::new();
    for number in 1..=USERS {
        let found = stage.store.rooms.membership(room(ROOM), user(number)).await.unwrap();
        let ranges = found.as_ref().map(|found| found.ranges.iter().map(|range| (range.from, range.until)).collect());
        let expected = model.members.get(&number);
        assert_eq!(ranges, expected.map(|member| member.ranges.clone()), "user {number}");
        assert_eq!(found.as_ref().map(|found| found.mark_seq), expected.map(|member| member.mark));
        active.extend(found.filter(|_| model.is_member(number)));
    }
    assert_eq!(stage.store.rooms.members(room(ROOM), None, usize::MAX).await.unwrap(), active);
    let members = stage.store.rooms.get(room(ROOM)).await.unwrap().unwrap().members;
    assert_eq!(members as usize, active.len());
}

async fn any_changes_come_to_what_the_model_says(kind: Kind) {
    let cases = match kind {
        Kind::Memory => 150,
        Kind::Sled | Kind::Fjall | Kind::Redis | Kind::RedisCluster => 25,
    };
    let bursts = prop::collection::vec(prop::collection::vec(step(), 1..40), 1..5);
    // Cases are independent and come from a fixed seed: a failure repeats by itself.
    let mut runner = TestRunner::new_with_rng(
        Config { cases, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let run = runner.run(&(bursts, 0u64..60, 1usize..30), |(bursts, after, limit)| {
            runtime.block_on(async {
                let stage = kind.open();
                let model = play(&stage, bursts).await;
                compare(&stage, &model, after, limit).await;
            });
            Ok(())
        });
        run.unwrap();
    });
}

contract! { any_changes_come_to_what_the_model_says }
