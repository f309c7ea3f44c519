//! How often a node asks Redis, by what is done at it: a figure for each, and a bound that
//! it must not pass.

use rill_protocol::{Epoch, RoomId};
use rill_redis_process::{Options, Server};
use rill_storage::model::Anchor;

use crate::{
    attached::{begun, settled},
    nodes_on_redis::Nodes,
    world::{Person, World},
};

const TIMES: u64 = 100;
const ROOMS: usize = 10;

/// What one of them takes, of many.
async fn measured(nodes: &Nodes, what: &str, most: f64, mut act: impl AsyncFnMut(&World)) {
    // What is asked for the first time is not what is asked all the time.
    for _ in 0..3 {
        act(&nodes.nodes[1]).await;
    }
    let before = nodes.asked(1);
    for _ in 0..TIMES {
        act(&nodes.nodes[1]).await;
    }
    let each = (nodes.asked(1) - before) as f64 / TIMES as f64;
    println!("{what}: {each:.2}");
    assert!(each <= most, "{what} asks Redis {each} times, and should {most} times");
}

async fn page(world: &World, person: &Person, room: RoomId) {
    let page = world.services.domain.messages.page(person.identity.user, room, Anchor::Before(u64::MAX), 50).await;
    assert_eq!(page.unwrap().messages.len(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_often_redis_is_asked() {
    let server = Server::start(&Options::default()).unwrap();
    let nodes = Nodes::on(&[server.url()]).await;
    let [here, there] = &nodes.nodes[..] else { unreachable!("two nodes") };
    let (ann, bob) = (here.person("ann").await, there.person("bob").await);
    let mut rooms = Vec::new();
    for number in 0..ROOMS {
        rooms.push(here.room(&ann, &format!("room {number}")).await);
        there.join(&bob, rooms[number]).await;
    }
    let room = rooms[0];
    for number in 0..60 {
        here.post(&ann, room, &format!("{number}")).await;
    }
    let user = bob.identity.user;
    measured(&nodes, "a post", 1.1, async |world| {
        world.post(&bob, room, "hello").await;
    })
    .await;
    measured(&nodes, "a page of history", 1.1, async |world| page(world, &bob, room).await).await;
    for _ in 0..20 {
        let target = begun(here, &ann, room, "file").await;
        settled(here, &ann, room, target).await;
    }
    measured(&nodes, "a page of history with files", 1.1, async |world| {
        let messages = &world.services.domain.messages;
        let page = messages.page(user, room, Anchor::Before(u64::MAX), 50).await.unwrap();
        // What became of them stands with them.
        assert_eq!(page.messages.iter().filter(|message| message.file.is_some()).count(), 20);
        assert_eq!(page.messages.len(), 30);
    })
    .await;
    measured(&nodes, "a list of a room's files", 2.1, async |world| {
        let page = world.services.domain.messages.files(user, room, u64::MAX, 50).await.unwrap();
        assert_eq!((page.messages.len(), page.next), (20, None));
    })
    .await;
    measured(&nodes, "a list of ten rooms", 3.0, async |world| {
        let list = world.services.domain.rooms.list(user, None, 50).await.unwrap();
        assert!(list.items.len() == ROOMS && list.items.iter().all(|room| room.joined));
    })
    .await;
    measured(&nodes, "a list of members", 2.2, async |world| {
        assert_eq!(world.services.domain.rooms.members(user, room, None, 50).await.unwrap().items.len(), 2);
    })
    .await;
    measured(&nodes, "a connection that knows nothing of ten rooms", 65.0, async |world| {
        let mut peer = world.attached(&bob).await;
        for room in &rooms {
            peer.resume(*room, Epoch::default(), 0, 50).await;
        }
        peer.client.close(rill_protocol::Code::Normal, "");
    })
    .await;
    nodes.close().await;
}
