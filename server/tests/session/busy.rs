//! A store that cannot keep up, or that a stopping server still has to finish: who sends
//! is told to come again under the same key, and reading never waits.

use parking_lot::{Condvar, Mutex};
use rill_protocol::{Action, ClientId, Code, Epoch, RoomId, U53, message::*, mux::Class};
use rill_storage::{limits::QUEUE_COMMANDS_MAX, model::Entry, port::LogObserver};
use std::sync::Arc;
use tokio::sync::Notify;

use crate::{
    peer::{Peer, entry},
    world::{Person, SystemEntropyBytes, World},
};

/// Stops the store's one writer behind what it has just made durable, as a slow disk does.
#[derive(Default)]
struct Plug {
    holds: Mutex<bool>,
    pulled: Condvar,
    stopped: Notify,
}

impl Plug {
    /// Plugs the store of a world.
    async fn into(world: &World, person: &Person, room: RoomId) -> Arc<Self> {
        let plug = Arc::new(Self { holds: Mutex::new(true), ..Self::default() });
        world.store().log.observe(plug.clone());
        // Made and shown; the answer waits for the writer.
        drop(post(world, person, room, "plugged"));
        plug.stopped.notified().await;
        plug
    }

    fn pull(&self) {
        *self.holds.lock() = false;
        self.pulled.notify_all();
    }
}

impl LogObserver for Plug {
    fn appended(&self, _room: RoomId, _epoch: Epoch, _entries: &[Arc<Entry>]) {
        let mut holds = self.holds.lock();
        if *holds {
            self.stopped.notify_one();
            self.pulled.wait_while(&mut holds, |holds| *holds);
        }
    }
}

/// Queues a post past the wire.
fn post(world: &World, person: &Person, room: RoomId, text: &str) -> impl Future<Output = u64> + use<> {
    let key = ClientId(SystemEntropyBytes::fresh());
    let posted = world.services.domain.messages.post(person.identity.user, room, key, text);
    async move { posted.await.unwrap().entry.seq }
}

async fn alive(peer: &mut Peer, nonce: u32) {
    peer.control.send(&Ping { nonce }).await;
    assert_eq!(peer.control.expect::<Pong>().await.nonce, nonce);
}

#[tokio::test]
async fn a_full_queue_asks_for_the_same_key_again_and_reading_goes_on() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let (mut a, mut b) = (world.attached(&ann).await, world.attached(&bob).await);
    b.resume(room, Default::default(), 0, 0).await;
    let epoch = world.store().log.head(room).await.unwrap().unwrap().epoch;

    let plug = Plug::into(&world, &ann, room).await;
    let queued: Vec<_> = (0..QUEUE_COMMANDS_MAX).map(|n| post(&world, &bob, room, &n.to_string())).collect();
    let key = ClientId(SystemEntropyBytes::fresh());
    for _ in 0..3 {
        let refused = a.post_as(room, key, "late").await.unwrap_err();
        let code = Code::from_number(refused.code).unwrap();
        assert_eq!((code, code.action()), (Code::Busy, Action::Retry));
    }

    // What is durable is read: live, from a cursor, as history, and so is the rest.
    assert_eq!(entry(b.others.as_mut().unwrap()).await, (4, "plugged".into()));
    assert_eq!(b.resume(room, epoch, 2, 0).await.rooms[0].outcome, Outcome::Complete);
    assert_eq!(entry(b.others.as_mut().unwrap()).await, (3, "+joined".into()));
    let mut history = b.open(Class::History);
    history.send(&History {}).await;
    let seq = U53::saturating(100);
    history.send(&GetMessages { request: 1, room, direction: Direction::Before, seq, limit: 1 }).await;
    assert_eq!(history.expect::<MessagePage>().await.messages[0].text, "plugged");
    alive(&mut a, 1).await;

    plug.pull();
    for (n, queued) in queued.into_iter().enumerate() {
        assert_eq!(queued.await, n as u64 + 5, "what was taken is kept, in order");
    }
    let last = QUEUE_COMMANDS_MAX as u64 + 5;
    let accepted = a.post_as(room, key, "late").await.unwrap();
    assert_eq!((accepted.seq.get(), accepted.replay), (last, Replay::First));
    let lane = b.others.as_mut().unwrap();
    while entry(lane).await != (last, "late".into()) {}
}

#[tokio::test]
async fn a_stopping_server_commits_what_it_has_and_refuses_what_is_new_under_its_key() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let mut a = world.attached(&ann).await;
    let plug = Plug::into(&world, &ann, room).await;
    let fresh = || ClientId(SystemEntropyBytes::fresh());
    for request in [11, 12] {
        a.control.send(&Post { request, room, client_id: fresh(), text: request.to_string() }).await;
    }
    alive(&mut a, 1).await;

    world.switch.throw();
    assert!(a.control.expect::<GoAway>().await.reconnect_after_ms < 500);
    let key = fresh();
    a.control.send(&Post { request: 13, room, client_id: key, text: "new".into() }).await;
    let refused: Failed = a.control.expect().await;
    let code = Code::from_number(refused.code).unwrap();
    assert_eq!((refused.request, code, code.action()), (13, Code::GoingAway, Action::Resume));

    plug.pull();
    for (request, seq) in [(11, 4), (12, 5)] {
        let accepted: Accepted = a.control.expect().await;
        assert_eq!((accepted.request, accepted.seq.get()), (request, seq));
    }
    assert_eq!(a.closed().await.code, Some(Code::GoingAway.number()));
    assert_eq!(world.store().log.head(room).await.unwrap().unwrap().seq, 5, "the refused one is nowhere");
}

#[tokio::test]
async fn clients_of_a_stopping_server_come_back_at_different_moments() {
    let world = World::new();
    let ann = world.person("ann").await;
    let mut peers = Vec::new();
    for _ in 0..20 {
        peers.push(world.attached(&ann).await);
    }
    world.switch.throw();
    let mut pauses = Vec::new();
    for peer in &mut peers {
        pauses.push(peer.control.expect::<GoAway>().await.reconnect_after_ms);
    }
    pauses.sort_unstable();
    pauses.dedup();
    assert!(pauses.len() > 10 && pauses.iter().all(|pause| *pause < 500), "{pauses:?}");
}
