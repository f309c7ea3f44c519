//! Leaving and coming back, at the worst moments: nobody hears what was said behind
//! their back, and nobody who is back stays deaf.

use rill_protocol::{ClientId, U53, message::*};
use rill_server::transport::Priority;

use crate::{
    peer::{Peer, entry},
    world::{Person, SystemEntropyBytes, World},
};

async fn ann_and_bob() -> (World, Person, Person, rill_protocol::RoomId) {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    (world, ann, bob, room)
}

/// Reads the lane of other rooms until the entry at `seq`; what was read.
async fn up_to(peer: &mut Peer, seq: u64) -> Vec<(u64, String)> {
    let lane = peer.others.as_mut().unwrap();
    let mut entries: Vec<(u64, String)> = Vec::new();
    while entries.last().is_none_or(|(at, _)| *at < seq) {
        entries.push(entry(lane).await);
    }
    entries
}

#[tokio::test]
async fn who_leaves_while_a_resume_is_under_way_hears_nothing_of_what_follows() {
    let (world, ann, bob, room) = ann_and_bob().await;
    let mut b = world.attached(&bob).await;
    let (services, leaver) = (world.services.clone(), bob.identity.user);
    world.hooks.after_sight.next(async move {
        services.domain.rooms.leave(leaver, ClientId([9; 16]), room).await.unwrap();
    });
    b.resume(room, Default::default(), 0, 0).await;
    world.post(&ann, room, "behind their back").await;
    let heard = b.others.as_mut().unwrap().heard().await;
    assert!(heard.iter().all(|frame| frame.known() != Some(rill_protocol::Kind::EntryPosted)), "{heard:?}");
}

#[tokio::test]
async fn a_view_from_far_ahead_does_not_step_over_the_own_departure() {
    let (world, ann, bob, room) = ann_and_bob().await;
    let mut b = world.attached(&bob).await;
    b.resume(room, Default::default(), 0, 0).await;
    b.control.send(&View { room: Some(room), have_seq: U53::from(10) }).await;
    b.control.send(&Ping { nonce: 1 }).await;
    let _: Pong = b.control.expect().await;
    world.leave(&bob, room).await;
    for _ in 0..20 {
        world.post(&ann, room, "behind their back").await;
    }
    let heard = b.in_view.as_mut().unwrap().heard().await;
    assert!(heard.iter().all(|frame| frame.known() != Some(rill_protocol::Kind::EntryPosted)), "{heard:?}");
}

#[tokio::test]
async fn who_is_back_before_their_departure_was_written_follows_the_room() {
    let (world, ann, bob, room) = ann_and_bob().await;
    let (mut b, gate) = world.gated(&bob).await;
    b.resume(room, Default::default(), 0, 0).await;
    gate.shut(Priority::LaneOthers);
    world.leave(&bob, room).await;
    gate.stopped().await;
    world.join(&bob, room).await;
    b.resume(room, Default::default(), 0, 0).await;
    gate.open();
    let seq = world.post(&ann, room, "welcome back").await;
    assert_eq!(up_to(&mut b, seq).await.last(), Some(&(seq, "welcome back".into())));
}

#[tokio::test]
async fn who_is_back_without_a_word_from_their_client_still_has_a_dense_log() {
    let (world, ann, bob, room) = ann_and_bob().await;
    let (mut b, gate) = world.gated(&bob).await;
    b.resume(room, Default::default(), 0, 0).await;
    gate.shut(Priority::LaneOthers);
    world.leave(&bob, room).await;
    gate.stopped().await;
    world.post(&ann, room, "behind their back").await;
    world.join(&bob, room).await;
    gate.open();
    let seq = world.post(&ann, room, "welcome back").await;
    let texts: Vec<String> = up_to(&mut b, seq).await.into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["+left", "+hidden", "+joined", "welcome back"]);
}

#[tokio::test]
async fn an_absence_that_a_slow_reader_slept_through_stays_hidden() {
    let (world, ann, bob, room) = ann_and_bob().await;
    let (mut b, gate) = world.gated(&bob).await;
    b.resume(room, Default::default(), 0, 0).await;
    gate.shut(Priority::LaneOthers);
    world.post(&ann, room, "last words").await;
    gate.stopped().await;
    world.leave(&bob, room).await;
    // More than the ring keeps: the departure is read from the store, what follows is not.
    let secret = "s".repeat(rill_protocol::limits::TEXT_BYTES_MAX);
    for _ in 0..40 {
        world.post(&ann, room, &secret).await;
    }
    world.join(&bob, room).await;
    let seq = world.post(&ann, room, "welcome back").await;
    gate.open();
    let entries = up_to(&mut b, seq).await;
    assert!(entries.iter().all(|(_, text)| *text != secret));
    assert!(entries.iter().map(|(seq, _)| *seq).eq(4..=seq));
}

#[tokio::test]
async fn a_page_that_was_asked_for_while_leaving_shows_nothing_of_what_follows() {
    let (world, ann, bob, room) = ann_and_bob().await;
    let (services, ann, leaver) = (world.services.clone(), ann.identity.user, bob.identity.user);
    world.hooks.after_sight.next(async move {
        services.domain.rooms.leave(leaver, ClientId([9; 16]), room).await.unwrap();
        let key = ClientId(SystemEntropyBytes::fresh());
        services.domain.messages.post(ann, room, key, "behind their back").await.unwrap();
    });
    let newest = rill_storage::model::Anchor::Before(100);
    if let Ok(page) = world.services.domain.messages.page(leaver, room, newest, 50).await {
        assert!(page.messages.iter().all(|message| message.seq <= 4), "{:?}", page.messages);
    }
}

#[tokio::test]
async fn a_cursor_for_a_room_that_was_left_meanwhile_is_answered_gone_and_the_own_log_says_so() {
    let (world, ann, bob, room) = ann_and_bob().await;
    let head = world.store().log.head(room).await.unwrap().unwrap();
    let user_head = world.store().user_log.head(bob.identity.user).await.unwrap().unwrap();
    world.leave(&bob, room).await;
    world.post(&ann, room, "behind their back").await;

    let mut b = world.connect();
    b.hello(world.ticket(&bob).await, world.attempt()).await.unwrap();
    let user_seq = U53::saturating(user_head.seq);
    b.control.send(&Attach { request: 1, user_epoch: user_head.epoch, user_seq }).await;
    assert!(!b.control.expect::<Attached>().await.snapshot);
    assert_eq!(b.control.expect::<RoomRemoved>().await.room, room);
    b.others = Some(b.lane(LaneClass::Others, rill_protocol::mux::Class::LaneOthers).await);
    let lane = b.others.as_mut().unwrap();
    let _: LaneReady = lane.expect().await;
    for (epoch, seq) in [(head.epoch, head.seq), (head.epoch, 1), (Default::default(), 0)] {
        let resumed = b.resume(room, epoch, seq, 50).await;
        assert_eq!((resumed.unchanged, resumed.rooms[0].outcome), (0, Outcome::Gone));
    }
    assert!(b.others.as_mut().unwrap().is_silent().await);
}

#[tokio::test]
async fn who_left_and_came_back_while_offline_goes_on_from_the_old_cursor_without_a_hole() {
    let (world, ann, bob, room) = ann_and_bob().await;
    let head = world.store().log.head(room).await.unwrap().unwrap();
    world.leave(&bob, room).await;
    world.post(&ann, room, "behind their back").await;
    world.join(&bob, room).await;
    let seq = world.post(&ann, room, "welcome back").await;

    let mut b = world.attached(&bob).await;
    assert_eq!(b.resume(room, head.epoch, head.seq, 50).await.rooms[0].outcome, Outcome::Complete);
    let entries = up_to(&mut b, seq).await;
    assert!(entries.iter().map(|(seq, _)| *seq).eq(head.seq + 1..=seq));
    let texts: Vec<&str> = entries.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["+left", "+hidden", "+joined", "welcome back"]);
}
