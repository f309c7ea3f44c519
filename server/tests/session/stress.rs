//! Everything at once: people post, leave and come back, their devices change rooms,
//! resume, lose lanes and connections, and read slowly. When it is quiet again, every
//! device has of every room exactly what it may see, each entry once and in order.

use rill_protocol::{ClientId, Kind, RoomId, message::LaneClass};
use rill_server::domain::{DomainError, visible::visible};
use rill_storage::model::{Body, Entry, Fact};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep,
};

use crate::{
    dice::Dice,
    follower::{Follower, Order, Seen, Tail},
    gated::Gate,
    world::{Person, SystemEntropyBytes, World},
};

/// How long a device may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(60);

/// One person's talk and walks. What is refused because they are away is no failure.
async fn live(world: Arc<World>, person: Person, rooms: Vec<RoomId>, dice: Dice, steps: u64) {
    let domain = &world.services.domain;
    let user = person.identity.user;
    for step in 0..steps {
        let (room, key) = (dice.one_of(&rooms), ClientId(SystemEntropyBytes::fresh()));
        let done = match dice.below(20) {
            0 => domain.rooms.leave(user, key, room).await,
            1 | 2 => domain.rooms.join(user, key, room).await.map(drop),
            // Some are long, so that a slow reader falls off the ring.
            3 => domain.messages.post(user, room, key, &"x".repeat(12_000)).await.map(drop),
            _ => domain.messages.post(user, room, key, &format!("{} {step}", person.identity.name)).await.map(drop),
        };
        assert!(matches!(done, Ok(()) | Err(DomainError::NotAMember | DomainError::OwnerStays)), "{done:?}");
        if dice.below(8) == 0 {
            sleep(Duration::from_micros(dice.below(2_000))).await;
        }
    }
}

/// What one device does to its connection.
async fn fidget(device: mpsc::Sender<Order>, rooms: Vec<RoomId>, dice: Dice, steps: u64) {
    for _ in 0..steps {
        let order = match dice.below(16) {
            0..6 => Order::View(Some(dice.one_of(&rooms))),
            6 => Order::View(None),
            7..11 => Order::Resume(dice.one_of(&rooms)),
            11 => Order::ReopenLane(LaneClass::InView),
            12 => Order::ReopenLane(LaneClass::Others),
            13 => Order::Reconnect,
            _ => Order::Sleep(dice.below(8)),
        };
        assert!(device.send(order).await.is_ok(), "a device gave up");
        sleep(Duration::from_micros(dice.below(4_000))).await;
    }
}

fn shown(entry: &Entry) -> Seen {
    match (entry.fact, &entry.body) {
        (Fact::Posted, Body::Text(text)) => Seen::Text(text.to_string()),
        (Fact::Created, _) => Seen::Notice(Kind::EntryCreated),
        (Fact::Joined, _) => Seen::Notice(Kind::EntryJoined),
        (Fact::Left, _) => Seen::Notice(Kind::EntryLeft),
        other => panic!("{other:?}"),
    }
}

async fn log(world: &World, room: RoomId) -> Vec<Arc<Entry>> {
    let mut entries: Vec<Arc<Entry>> = Vec::new();
    loop {
        let after = entries.last().map_or(0, |entry| entry.seq);
        let part = world.store().log.entries(room, after, 1_000, usize::MAX).await.unwrap();
        if part.is_empty() {
            return entries;
        }
        entries.extend(part);
    }
}

async fn tell(device: &mpsc::Sender<Order>) -> HashMap<RoomId, Tail> {
    let (answer, told) = oneshot::channel();
    assert!(device.send(Order::Tell(answer)).await.is_ok(), "a device gave up");
    told.await.expect("a device gave up")
}

/// Waits until the device stands at the head of every room of its user, and compares.
async fn at_rest(
    world: &World,
    person: &Person,
    device: &mpsc::Sender<Order>,
    logs: &HashMap<RoomId, Vec<Arc<Entry>>>,
) {
    let user = person.identity.user;
    let mut memberships = HashMap::new();
    for room in logs.keys() {
        if let Some(membership) = world.store().rooms.membership(*room, user).await.unwrap()
            && membership.is_active()
        {
            memberships.insert(*room, membership);
        }
    }
    let is_done = |tails: &HashMap<RoomId, Tail>| {
        tails.len() == memberships.len()
            && memberships.keys().all(|room| tails.get(room).is_some_and(|tail| tail.have() == logs[room].len() as u64))
    };
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            let tails = tell(device).await;
            if is_done(&tails) {
                return tails;
            }
            sleep(Duration::from_millis(5)).await;
        }
    });
    let Ok(tails) = waited.await else {
        let stand: Vec<_> = tell(device).await.iter().map(|(room, tail)| (tail.have(), logs[room].len())).collect();
        panic!("{} does not come to rest: {stand:?} of {} rooms", person.identity.name, memberships.len());
    };
    for (room, tail) in tails {
        for (seen, entry) in tail.seen.iter().zip(&logs[&room][tail.base as usize..]) {
            let may = visible(&memberships[&room], entry.seq, entry.seq);
            assert_eq!(*seen, if may { shown(entry) } else { Seen::Hidden }, "{}", entry.seq);
        }
    }
}

async fn storm(seed: u64) {
    let world = Arc::new(World::new());
    let dice = Dice::new(seed);
    world.hooks.dawdler.set(Dice::new(seed)).ok();
    let mut people = Vec::new();
    for name in ["ann", "bob", "cem"] {
        people.push(world.person(name).await);
    }
    let mut rooms = Vec::new();
    for n in 0..4 {
        rooms.push(world.room(&people[n % people.len()], &n.to_string()).await);
    }
    let mut devices = Vec::new();
    let mut busy = Vec::new();
    for person in &people {
        for _ in 0..2 {
            let device = Follower::start(&world, person, Gate::dawdling(dice.below(1 << 31)));
            let fidgeting = fidget(device.clone(), rooms.clone(), Dice::new(dice.below(1 << 31)), 120);
            busy.push(world.run(fidgeting));
            devices.push((person, device));
        }
        let living = live(world.clone(), person.clone(), rooms.clone(), Dice::new(dice.below(1 << 31)), 400);
        busy.push(world.run(living));
    }
    for task in busy {
        task.await.unwrap();
    }
    let mut logs = HashMap::new();
    for room in rooms {
        logs.insert(room, log(&world, room).await);
    }
    for (person, device) in &devices {
        at_rest(&world, person, device, &logs).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_the_storm_every_device_has_exactly_what_it_may_see() {
    for seed in 1..=3 {
        println!("storm {seed}");
        storm(seed).await;
    }
}
