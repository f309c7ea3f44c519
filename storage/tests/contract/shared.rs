//! Many who need the same bytes at once: uploads, messages that refer to what is stored,
//! messages that go, and a collector, each call between any calls of the others. A message that
//! the log calls complete has its bytes from that moment until it goes; and in the end nothing
//! is there that nobody needs.

use rill_storage::{
    StoreError,
    blobs::{Blob, BlobName, BlobPlace, Blobs, Finished, Progress},
    model::{DueContents, Offer, Reference},
    port::Claimed,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{
    contents::key,
    stage::{Handle, Kind, START_MS, Stage, contract, room},
};

const CONTENT: &[u8] = b"what everybody sends";
const UNTIL_MS: u64 = START_MS + 1_000;
const LATER_MS: u64 = START_MS + 2_000;
const SEEDS: u64 = 24;
const MESSAGES: u64 = 6;

fn reference(number: u64) -> Reference {
    Reference::Message { room: room(1), seq: number }
}

/// What a room's log says of a message with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Complete,
    Failed,
    /// It was complete, and was deleted.
    Gone,
}

/// Who does one call after the other.
#[derive(Clone, Copy, Debug)]
enum Actor {
    /// Sends the bytes into a blob of its own.
    Upload {
        number: u64,
        step: u8,
    },
    /// Refers to what may be stored.
    Refer {
        number: u64,
    },
    /// Has a reference, and says what its message is.
    Settle {
        number: u64,
        step: u8,
    },
    /// Deletes a message once it is complete.
    Delete {
        number: u64,
        step: u8,
    },
    Collect,
}

#[derive(Debug)]
enum Task {
    /// What the log says was asked for; now it is done.
    Confirm(Reference),
    Release(Reference),
    Remove(BlobName),
    Collected(BlobName),
    Look(u64),
}

struct World {
    stage: Stage,
    blobs: Blobs,
    /// The first word of a message counts, but that one that is complete may be deleted.
    log: BTreeMap<u64, Word>,
    made: BTreeSet<BlobName>,
    tasks: VecDeque<Task>,
    random: u64,
}

impl World {
    fn new(kind: Kind) -> Self {
        let blobs = Blobs::open(&BlobPlace::Memory).unwrap();
        let (log, made, tasks) = Default::default();
        Self { stage: kind.open(), blobs, log, made, tasks, random: 0 }
    }

    fn random(&mut self, below: usize) -> usize {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as usize % below
    }

    fn say(&mut self, number: u64, word: Word) -> Word {
        *self.log.entry(number).or_insert(word)
    }

    fn offer(&self, number: u64) -> Offer {
        let name = blake3::hash(&[self.random.to_le_bytes(), number.to_le_bytes()].concat());
        Offer { blob: BlobName(*name.as_bytes()), size: CONTENT.len() as u64, facts: Vec::new() }
    }

    async fn is_there(&self, name: BlobName) -> bool {
        let size = CONTENT.len() as u64;
        match self.blobs.read(Blob { name, size }, size, 0..size).await {
            Ok(mut stream) => stream.next().await.unwrap().is_some_and(|bytes| bytes == CONTENT),
            Err(StoreError::BlobMissing { .. }) => false,
            Err(other) => panic!("{other}"),
        }
    }

    /// One call of one of them; `None` when it has nothing more to do.
    async fn act(&mut self, actor: Actor, offers: &mut BTreeMap<u64, Offer>) -> Option<Actor> {
        let contents = self.stage.store.contents.clone();
        match actor {
            Actor::Upload { number, step } => {
                let next = Some(Actor::Upload { number, step: step + 1 });
                match step {
                    0 => {
                        let offer = self.offer(number);
                        let blob = Blob { name: offer.blob, size: offer.size };
                        let mut staged = self.blobs.stage(blob, &Progress::default()).await.unwrap();
                        staged.write(bytes::Bytes::from_static(CONTENT)).await.unwrap();
                        assert_eq!(staged.finish(blake3::hash(CONTENT)).await.unwrap(), Finished::Whole);
                        self.made.insert(offer.blob);
                        offers.insert(number, offer);
                        next
                    }
                    _ => {
                        // Now and then it is not known whether a claim was made, and it is made again.
                        let offer = offers[&number].clone();
                        match contents.claim(key(1), offer, reference(number), UNTIL_MS, START_MS).await.unwrap() {
                            Claimed::Spent => {
                                // It is sent again, into another blob, unless the message was given up.
                                (!self.log.contains_key(&number)).then_some(Actor::Upload { number, step: 0 })
                            }
                            Claimed::Ours(_) | Claimed::Theirs(_) if step == 1 => next,
                            Claimed::Ours(_) | Claimed::Theirs(_) => Some(Actor::Settle { number, step: 0 }),
                        }
                    }
                }
            }
            Actor::Refer { number } => {
                let found = contents.refer(key(1), reference(number), UNTIL_MS).await.unwrap();
                found.map(|_| Actor::Settle { number, step: 0 })
            }
            Actor::Settle { number, step: 0 } => match self.say(number, Word::Complete) {
                Word::Complete => Some(Actor::Settle { number, step: 1 }),
                Word::Failed | Word::Gone => Some(Actor::Settle { number, step: 2 }),
            },
            Actor::Settle { number, step: 1 } => {
                let is_there = contents.confirm(key(1), reference(number)).await.unwrap();
                assert!(is_there || self.log[&number] == Word::Gone, "message {number} lost its reference");
                None
            }
            Actor::Settle { number, .. } => {
                contents.release(key(1), reference(number)).await.unwrap();
                None
            }
            Actor::Delete { number, step: 0 } => match self.log.get(&number) {
                Some(Word::Complete) => {
                    self.log.insert(number, Word::Gone);
                    Some(Actor::Delete { number, step: 1 })
                }
                Some(_) => None,
                None => Some(actor),
            },
            Actor::Delete { number, .. } => {
                contents.release(key(1), reference(number)).await.unwrap();
                None
            }
            Actor::Collect => {
                let now_ms = if self.random(3) == 0 { LATER_MS } else { START_MS };
                self.collect(now_ms).await;
                Some(actor)
            }
        }
    }

    /// One call of the collector.
    async fn collect(&mut self, now_ms: u64) {
        let contents = self.stage.store.contents.clone();
        match self.tasks.pop_front() {
            None => {
                let DueContents { pending, spent, .. } = contents.due(now_ms, None, 100).await.unwrap();
                for due in pending {
                    let Reference::Message { seq, .. } = due.reference else { panic!("{due:?}") };
                    self.tasks.push_back(Task::Look(seq));
                }
                self.tasks.extend(spent.into_iter().map(|spent| Task::Remove(spent.blob)));
            }
            Some(Task::Look(number)) => {
                let task = match self.say(number, Word::Failed) {
                    Word::Complete => Task::Confirm(reference(number)),
                    Word::Failed | Word::Gone => Task::Release(reference(number)),
                };
                self.tasks.push_back(task);
            }
            Some(Task::Confirm(reference)) => drop(contents.confirm(key(1), reference).await.unwrap()),
            Some(Task::Release(reference)) => drop(contents.release(key(1), reference).await.unwrap()),
            Some(Task::Remove(blob)) => {
                self.blobs.remove(&blob).await.unwrap();
                self.tasks.push_back(Task::Collected(blob));
            }
            Some(Task::Collected(blob)) => contents.collected(key(1), blob, now_ms).await.unwrap(),
        }
    }

    /// What is complete has its bytes.
    async fn check(&self, said: &str) {
        let complete = self.log.values().any(|word| *word == Word::Complete);
        let found = self.stage.store.contents.get(key(1)).await.unwrap();
        assert!(!complete || found.is_some(), "{said}: the content is gone");
        if let Some(found) = found {
            assert!(self.is_there(found.blob).await, "{said}: its bytes are gone");
        }
    }

    async fn play(&mut self, seed: u64) {
        self.random = seed;
        let mut offers = BTreeMap::new();
        let mut actors = vec![Actor::Collect];
        for number in seed * 100..seed * 100 + MESSAGES {
            actors.push(match self.random(3) {
                0 => Actor::Refer { number },
                _ => Actor::Upload { number, step: 0 },
            });
            if self.random(2) == 0 {
                actors.push(Actor::Delete { number, step: 0 });
            }
        }
        let is_at_work = |actor: &Actor| !matches!(actor, Actor::Collect | Actor::Delete { step: 0, .. });
        while actors.iter().any(is_at_work) {
            let at = self.random(actors.len());
            let actor = actors.swap_remove(at);
            actors.extend(self.act(actor, &mut offers).await);
            self.check(&format!("seed {seed}, {actor:?}")).await;
        }
        // Everything that was left goes, a look at a time.
        for _ in 0..200 {
            self.collect(LATER_MS).await;
            self.check(&format!("seed {seed}, the collector")).await;
        }
        let contents = &self.stage.store.contents;
        assert_eq!(contents.due(LATER_MS, None, 100).await.unwrap(), DueContents::default(), "seed {seed}");
        let complete = self.log.iter().filter(|(_, word)| **word == Word::Complete).map(|(number, _)| *number);
        let wanted: Vec<_> = complete.map(reference).collect();
        assert_eq!(contents.references(key(1), 1_000).await.unwrap(), wanted, "seed {seed}");
        let held = contents.get(key(1)).await.unwrap().map(|found| found.blob);
        assert_eq!(held.is_some(), !wanted.is_empty(), "seed {seed}");
        for blob in &self.made {
            assert_eq!(self.is_there(*blob).await, held == Some(*blob), "seed {seed}");
        }
        if let Handle::Embedded(handle) = &self.stage.handle {
            assert_eq!(handle.check(|_| {}).unwrap().findings, [], "seed {seed}");
        }
        // The next seed begins with nothing.
        for reference in wanted {
            contents.release(key(1), reference).await.unwrap();
        }
        self.log.values_mut().for_each(|word| *word = Word::Gone);
        for _ in 0..8 {
            self.collect(LATER_MS).await;
        }
        assert_eq!(self.stage.store.contents.get(key(1)).await.unwrap(), None, "seed {seed}");
        for blob in std::mem::take(&mut self.made) {
            assert!(!self.is_there(blob).await, "seed {seed}");
        }
    }
}

async fn what_is_complete_has_its_bytes_whoever_comes_between(kind: Kind) {
    let mut world = World::new(kind);
    for seed in 0..SEEDS {
        world.play(seed).await;
    }
}

contract! {
    what_is_complete_has_its_bytes_whoever_comes_between
}
