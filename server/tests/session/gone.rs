//! Clients that go in the middle of something.

use rill_protocol::{ClientId, Code, RoomId, message::*};
use rill_storage::model::UserFact;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Notify, time::sleep};

use crate::world::{Person, SystemEntropyBytes, World};

async fn rooms_of(world: &World, person: &Person) -> Vec<RoomId> {
    let (_, entries) = world.store().user_log.snapshot(person.identity.user).await.unwrap().unwrap();
    let room = |fact| match fact {
        UserFact::RoomAdded(room) => Some(room),
        _ => None,
    };
    entries.into_iter().filter_map(|entry| room(entry.fact)).collect()
}

#[tokio::test]
async fn a_join_whose_client_goes_between_its_two_halves_is_finished() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    let mut b = world.attached(&bob).await;
    let joined = Arc::new(Notify::new());
    let told = joined.clone();
    world.hooks.after_append.next(async move {
        told.notify_one();
        sleep(Duration::from_millis(50)).await;
    });
    let request = b.request();
    b.control.send(&JoinRoom { request, client_id: ClientId(SystemEntropyBytes::fresh()), room }).await;
    joined.notified().await;
    b.client.close(Code::Normal, "");
    for _ in 0..6_000 {
        if rooms_of(&world, &bob).await == [room] {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("a member whose own list does not know it");
}
