//! Who is told, when, and in which order.

use crate::stage::{Kind, START_MS, account, contract, epoch, post, room, user};
use parking_lot::Mutex;
use rill_protocol::{Epoch, RoomId, UserId};
use rill_storage::{
    model::{Entry, UserEntry, UserFact},
    port::{LogObserver, UserLogObserver},
};
use std::{collections::HashMap, sync::Arc};

#[derive(Default)]
struct Witness {
    seen: Mutex<HashMap<RoomId, Vec<(Epoch, u64)>>>,
    users: Mutex<Vec<(UserId, UserEntry)>>,
}

impl LogObserver for Witness {
    fn appended(&self, room: RoomId, epoch: Epoch, entries: &[Arc<Entry>]) {
        self.seen.lock().entry(room).or_default().extend(entries.iter().map(|entry| (epoch, entry.seq)));
    }
}

impl UserLogObserver for Witness {
    fn appended(&self, user: UserId, entry: UserEntry) {
        self.users.lock().push((user, entry));
    }
}

async fn every_entry_is_told_once_in_order_and_before_its_answer(kind: Kind) {
    let stage = kind.open();
    let witness = Arc::new(Witness::default());
    stage.store.log.observe(witness.clone());
    let mut appenders = tokio::task::JoinSet::new();
    for number in 1..=3 {
        stage.make_room(number).await;
    }
    for appender in 0..16 {
        let (log, witness) = (stage.store.log.clone(), witness.clone());
        appenders.spawn(async move {
            for number in 0..20 {
                let target = room(1 + (appender + number) % 3);
                // Each twice: a replay is not told again.
                for _ in 0..2 {
                    let made = log.append(target, post(1, appender * 1000 + number, "x")).await.unwrap().unwrap();
                    assert!(witness.seen.lock()[&target].contains(&(made.epoch, made.entry.seq)));
                }
            }
        });
    }
    appenders.join_all().await;
    let mut total = 0;
    for number in 1..=3 {
        let head = stage.store.log.head(room(number)).await.unwrap().unwrap().seq;
        let expected: Vec<_> = (1..=head).map(|seq| (epoch(100 + number), seq)).collect();
        assert_eq!(witness.seen.lock()[&room(number)], expected);
        total += head;
    }
    assert_eq!(total, 3 * 2 + 16 * 20);
}

async fn the_users_log_is_told_too(kind: Kind) {
    let stage = kind.open();
    let witness = Arc::new(Witness::default());
    stage.store.user_log.observe(witness.clone());
    stage.store.users.create(account(1)).await.unwrap();
    for number in 1..=3 {
        for _ in 0..2 {
            let fact = UserFact::RoomAdded(room(number));
            stage.store.user_log.append(user(1), (room(number), 2), fact, START_MS).await.unwrap();
        }
    }
    let told = witness.users.lock().clone();
    let seqs: Vec<_> = told.iter().map(|(who, entry)| (*who, entry.seq)).collect();
    assert_eq!(seqs, [(user(1), 1), (user(1), 2), (user(1), 3)]);
}

struct Faulty;

impl LogObserver for Faulty {
    fn appended(&self, _: RoomId, _: Epoch, _: &[Arc<Entry>]) {
        panic!("a faulty observer");
    }
}

async fn an_observer_that_panics_takes_nothing_down(kind: Kind) {
    let stage = kind.open();
    stage.store.log.observe(Arc::new(Faulty));
    assert_eq!(stage.make_room(1).await.entry.seq, 2);
    assert_eq!(stage.appended(1, post(1, 1, "x")).await.entry.seq, 3);
}

contract! {
    every_entry_is_told_once_in_order_and_before_its_answer
    the_users_log_is_told_too
    an_observer_that_panics_takes_nothing_down
}
