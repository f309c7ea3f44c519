//! Several messages in one request, as bots send them.

use rill_protocol::{ClientId, Code, RoomId, limits, message::*};
use rill_server::config::Limits;

use crate::{
    peer::{Peer, entry},
    world::{Still, SystemEntropyBytes, World},
};

fn batch(texts: &[&str]) -> Vec<BatchPost> {
    let post = |text: &&str| BatchPost { client_id: ClientId(SystemEntropyBytes::fresh()), text: (*text).into() };
    texts.iter().map(post).collect()
}

async fn send(peer: &mut Peer, room: RoomId, posts: &[BatchPost]) -> Result<AcceptedBatch, Failed> {
    let request = peer.request();
    let answer = peer.ask(&PostBatch { request, room, posts: posts.to_vec() }).await;
    answer.inspect(|accepted: &AcceptedBatch| assert_eq!(accepted.request, request))
}

fn seqs(accepted: &AcceptedBatch) -> Vec<u64> {
    accepted.posts.iter().map(|placed| placed.seq.get()).collect()
}

#[tokio::test]
async fn a_batch_stands_in_the_log_as_one_and_comes_back_as_itself() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let mut a = world.attached(&ann).await;
    a.resume(room, Default::default(), 0, 0).await;
    let posts = batch(&["one", "two 技术", "three"]);
    let accepted = send(&mut a, room, &posts).await.unwrap();
    assert_eq!((seqs(&accepted), accepted.posts[0].replay), (vec![3, 4, 5], Replay::First));
    let lane = a.others.as_mut().unwrap();
    for (seq, text) in [(3, "one"), (4, "two 技术"), (5, "three")] {
        assert_eq!(entry(lane).await, (seq, text.into()));
    }
    // A lost answer, and the batch again; one text is another by now.
    let mut again = posts;
    again[2].text = "four".into();
    let accepted = send(&mut a, room, &again).await.unwrap();
    let replays: Vec<_> = accepted.posts.iter().map(|placed| placed.replay).collect();
    assert_eq!((seqs(&accepted), replays), (vec![3, 4, 5], vec![Replay::Same, Replay::Same, Replay::Different]));
    assert!(a.others.as_mut().unwrap().is_silent().await);
}

#[tokio::test]
async fn posts_and_batches_of_a_session_stand_in_the_order_they_were_sent() {
    let world = World::new();
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let mut a = world.attached(&ann).await;
    a.resume(room, Default::default(), 0, 0).await;
    for n in (0..30).step_by(3) {
        let request = a.request();
        let client_id = ClientId(SystemEntropyBytes::fresh());
        a.control.send(&Post { request, room, client_id, text: n.to_string() }).await;
        let texts = [(n + 1).to_string(), (n + 2).to_string()];
        let posts = batch(&[&texts[0], &texts[1]]);
        let request = a.request();
        a.control.send(&PostBatch { request, room, posts }).await;
    }
    let lane = a.others.as_mut().unwrap();
    for n in 0..30 {
        assert_eq!(entry(lane).await, (n + 3, n.to_string()));
    }
}

#[tokio::test]
async fn a_batch_of_which_one_message_is_wrong_is_refused_as_a_whole() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    let (mut a, mut b) = (world.attached(&ann).await, world.attached(&bob).await);
    let known = batch(&["known"]);
    send(&mut a, room, &known).await.unwrap();

    let long = "x".repeat(limits::TEXT_BYTES_MAX + 1);
    let many = vec!["x"; limits::BATCH_POSTS_MAX + 1];
    let twice = [batch(&["x"]), batch(&["y"])].concat();
    let twice = [twice.clone(), twice].concat();
    let mixed = [batch(&["new"]), known].concat();
    for (posts, code) in [
        (batch(&[]), Code::EmptyText),
        (batch(&["one", "  \n", "three"]), Code::EmptyText),
        (batch(&["one", &long]), Code::TextTooLong),
        (batch(&many), Code::TooMany),
        (twice, Code::KeyReused),
        (mixed, Code::KeyReused),
    ] {
        assert_eq!(send(&mut a, room, &posts).await.unwrap_err().code, code.number(), "{code}");
    }
    let strangers = send(&mut b, room, &batch(&["one", "two"])).await.unwrap_err();
    assert_eq!(strangers.code, Code::NotAMember.number());
    assert_eq!(world.store().log.head(room).await.unwrap().unwrap().seq, 3);
    send(&mut a, room, &batch(&many[1..])).await.unwrap();
}

#[tokio::test]
async fn every_message_of_a_batch_counts_as_a_request() {
    let world = World::with(Limits { requests_per_second_per_user: 10, ..Limits::default() });
    let ann = world.person("ann").await;
    let room = world.room(&ann, "room").await;
    let mut a = world.attached(&ann).await;
    let text = vec!["x"; limits::BATCH_POSTS_MAX];
    let still = Still::begin();
    // A hundred at once are allowed.
    for _ in 0..2 {
        send(&mut a, room, &batch(&text)).await.unwrap();
    }
    let late = batch(&text);
    assert_eq!(send(&mut a, room, &late).await.unwrap_err().code, Code::RateLimited.number());
    assert_eq!(world.store().log.head(room).await.unwrap().unwrap().seq, 102);
    still.passes(1_000).await;
    assert_eq!(seqs(&send(&mut a, room, &late).await.unwrap())[0], 103);
}
