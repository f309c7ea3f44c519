//! What nodes remember of rooms and people, on a real Redis: told without asking it, and as
//! new as it must be.

use rill_protocol::RoomId;
use rill_redis_process::{Cluster as RedisCluster, Options, Server};
use rill_server::{domain::DomainError, limits::REMEMBERED_ROOM_MS};
use rill_storage::model::{Anchor, Role};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    nodes_on_redis::Nodes,
    world::{Person, World},
};

const AGE: Duration = Duration::from_millis(REMEMBERED_ROOM_MS);
/// Longer than anything takes, also on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many are in the room, and whether the person is, as a node shows it.
async fn shown(world: &World, person: &Person, room: RoomId) -> (u32, bool) {
    let view = world.services.domain.rooms.view(person.identity.user, room).await.unwrap();
    (view.room.members, view.joined)
}

fn counted(world: &World, name: &str) -> u64 {
    let (page, name) = (world.metrics(), format!("rill_memory_{name}_total "));
    page.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap()
}

/// Acts until it asks for nothing; when that began.
async fn until_remembered(world: &World, act: impl AsyncFn()) -> Instant {
    timeout(PATIENCE, async {
        loop {
            let (begun, asked) = (Instant::now(), counted(world, "asked"));
            act().await;
            if counted(world, "asked") == asked {
                return begun;
            }
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("it is remembered")
}

/// How long it takes until the node shows that.
async fn shows(world: &World, person: &Person, room: RoomId, expected: (u32, bool)) -> Duration {
    let begun = Instant::now();
    timeout(PATIENCE, async {
        while shown(world, person, room).await != expected {
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("the change shows");
    begun.elapsed()
}

async fn ann_and_bob(nodes: &Nodes) -> (Person, Person, RoomId) {
    let (ann, bob) = (nodes.nodes[0].person("ann").await, nodes.nodes[1].person("bob").await);
    let room = nodes.nodes[0].room(&ann, "room").await;
    nodes.nodes[1].join(&bob, room).await;
    (ann, bob, room)
}

async fn changes_show_at_once(addresses: &[String]) {
    let nodes = Nodes::on(addresses).await;
    let (ann, bob, room) = ann_and_bob(&nodes).await;
    let [here, there] = &nodes.nodes[..] else { unreachable!("two nodes") };
    let (mut took, mut is_in) = (Vec::new(), true);
    for _ in 0..10 {
        // That somebody is not in is never remembered.
        let who = if is_in { &bob } else { &ann };
        until_remembered(there, async || {
            shown(there, who, room).await;
        })
        .await;
        match is_in {
            true => here.leave(&bob, room).await,
            false => here.join(&bob, room).await,
        }
        is_in = !is_in;
        let expected = (1 + u32::from(is_in), is_in);
        assert_eq!(shown(here, &bob, room).await, expected, "one's own change shows in the next look");
        took.push(shows(there, &bob, room, expected).await);
    }
    took.sort_unstable();
    println!("to the other node: {took:?}");
    // Not for growing old.
    assert!(took[5] < AGE / 4, "{took:?}");
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_changes_shows_at_the_other_at_once() {
    let server = Server::start(&Options::default()).unwrap();
    changes_show_at_once(&[server.url()]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_changes_shows_at_the_other_at_once_on_a_redis_cluster() {
    let cluster = RedisCluster::start(&Options::default()).unwrap();
    changes_show_at_once(&cluster.urls()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_whose_hint_is_lost_shows_when_what_is_remembered_is_old_and_hides_at_once() {
    let server = Server::start(&Options::default()).unwrap();
    let nodes = Nodes::on(&[server.url()]).await;
    let (ann, bob, room) = ann_and_bob(&nodes).await;
    let [here, there] = &nodes.nodes[..] else { unreachable!("two nodes") };
    until_remembered(there, async || {
        shown(there, &bob, room).await;
    })
    .await;
    server.command(&["ACL", "SETUSER", "default", "-publish"]).unwrap();
    here.leave(&bob, room).await;
    here.post(&ann, room, "behind their back").await;
    // What they may see is never decided upon what is remembered.
    let page = there.services.domain.messages.page(bob.identity.user, room, Anchor::Before(u64::MAX), 50).await;
    assert!(matches!(page, Err(DomainError::NotAMember)));
    shows(there, &bob, room, (1, false)).await;
    // Nobody is told that they are not in when they are, whatever is lost.
    here.join(&bob, room).await;
    assert!(shown(there, &bob, room).await.1);
    nodes.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_remembered_is_not_told_any_more_when_hints_were_interrupted() {
    let server = Server::start(&Options::default()).unwrap();
    let nodes = Nodes::on(&[server.url()]).await;
    let (_, bob, room) = ann_and_bob(&nodes).await;
    let there = &nodes.nodes[1];
    // On a machine that is busy it may have grown old by itself: then it says nothing.
    for _ in 0..10 {
        let since = until_remembered(there, async || {
            shown(there, &bob, room).await;
        })
        .await;
        let asked = counted(there, "asked");
        server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).unwrap();
        timeout(PATIENCE, async {
            while counted(there, "asked") == asked {
                shown(there, &bob, room).await;
                sleep(Duration::from_millis(1)).await;
            }
        })
        .await
        .expect("it asks again");
        // It was asked for before it was told without a question: less than this ago.
        if since.elapsed() < AGE / 2 {
            return nodes.close().await;
        }
    }
    panic!("it is asked for again only when it is old");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_new_or_changed_at_one_node_is_asked_for_at_the_other() {
    let server = Server::start(&Options::default()).unwrap();
    let nodes = Nodes::on(&[server.url()]).await;
    let [here, there] = &nodes.nodes[..] else { unreachable!("two nodes") };
    let ann = here.person("ann").await.identity.user;
    let name =
        async |user| there.services.domain.people.profile(user).await.unwrap().map(|profile| profile.name.clone());
    until_remembered(there, async || assert_eq!(name(ann).await.as_deref(), Some("ann"))).await;
    let asked = counted(there, "asked");
    assert!(here.store().users.set_role(ann, Role::Member).await.unwrap());
    timeout(PATIENCE, async {
        while counted(there, "asked") == asked {
            name(ann).await;
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .expect("the account is read again");
    // That there is nobody is never remembered.
    let eve = rill_storage::model::User {
        id: rill_protocol::UserId([7; 16]),
        ..here.store().users.get(ann).await.unwrap().unwrap()
    };
    for _ in 0..5 {
        assert_eq!(name(eve.id).await, None);
    }
    here.store().users.create(eve.clone()).await.unwrap();
    assert_eq!(name(eve.id).await.as_deref(), Some("ann"));
    nodes.close().await;
}
