//! Posts are sent in their order, again under their ids, and each is answered once.

use super::*;
use rill_protocol::message::{Accepted, AcceptedBatch, BatchPost, PlacedPost, PostBatch, Replay};

#[test]
fn posts_keep_their_ids_and_their_order_over_a_reconnect() {
    let mut bench = Bench::new();
    for id in [1, 2] {
        bench.machine.command(Command::Post(pending(ROOM, id)));
    }
    assert!(bench.controls::<Post>().is_empty(), "nothing is sent before the session is attached");
    bench.attach(&[ROOM]);
    let first = bench.controls::<Post>();
    assert_eq!((first.len(), first[0].client_id), (1, ClientId([1; 16])));
    bench.machine.disconnected();
    bench.attach(&[ROOM]);
    let again = bench.controls::<Post>();
    assert_eq!((again.len(), again[0].client_id), (1, ClientId([1; 16])));
    let accepted = |request, seq| Accepted {
        request,
        epoch: EPOCH,
        seq: U53::from(seq),
        at_ms: U53::default(),
        replay: Replay::Same,
    };
    // The answer to the lost connection's number is nobody's.
    bench.receive(&accepted(first[0].request, 5));
    assert!(bench.outputs().is_empty());
    bench.receive(&accepted(again[0].request, 5));
    let outputs = bench.outputs();
    let Some(Output::Settled(done, Ok(posted))) = outputs.iter().find(|o| matches!(o, Output::Settled(..))) else {
        panic!("not settled: {outputs:?}")
    };
    let [posted] = &posted[..] else { panic!("one post is in {} places", posted.len()) };
    assert_eq!((done.post.client_id, posted.seq, posted.replay), (ClientId([1; 16]), 5, Replay::Same));
    assert_eq!(decoded::<Post>(&outputs)[0].client_id, ClientId([2; 16]));
}

#[test]
fn a_batch_waits_its_turn_goes_again_whole_and_is_answered_once() {
    let mut bench = Bench::online(&[ROOM]);
    let mut batch = pending(ROOM, 2);
    batch.post.rest = vec![BatchPost { client_id: ClientId([3; 16]), text: "3".to_owned() }];
    bench.machine.command(Command::Post(pending(ROOM, 1)));
    bench.machine.command(Command::Post(batch));
    bench.machine.command(Command::Post(pending(ROOM, 4)));
    let placed = |seq, replay| PlacedPost { seq: U53::from(seq), at_ms: U53::default(), replay };
    let posts = bench.controls::<Post>();
    let (seq, at_ms) = (U53::from(5), U53::default());
    bench.receive(&Accepted { request: posts[0].request, epoch: EPOCH, seq, at_ms, replay: Replay::First });
    let outputs = bench.outputs();
    let first = decoded::<PostBatch>(&outputs);
    assert!(decoded::<Post>(&outputs).is_empty(), "what is behind the batch waits");
    let ids: Vec<_> = first[0].posts.iter().map(|post| post.client_id).collect();
    assert_eq!((first.len(), &ids[..]), (1, &[ClientId([2; 16]), ClientId([3; 16])][..]));

    bench.receive(&Failed { request: first[0].request, code: Code::Busy.number(), detail: String::new() });
    bench.later(11);
    let again = bench.controls::<PostBatch>();
    assert_eq!(again[0].posts, first[0].posts);
    let posts = vec![placed(6, Replay::First), placed(7, Replay::First)];
    bench.receive(&AcceptedBatch { request: again[0].request, epoch: EPOCH, posts });
    let outputs = bench.outputs();
    let Some(Output::Settled(_, Ok(posted))) = outputs.iter().find(|o| matches!(o, Output::Settled(..))) else {
        panic!("not settled: {outputs:?}")
    };
    assert!(posted.iter().map(|posted| (posted.client_id, posted.seq)).eq(ids.into_iter().zip(6..)));
    assert_eq!(decoded::<Post>(&outputs)[0].client_id, ClientId([4; 16]));
}

#[test]
fn a_batch_that_is_answered_as_another_ends_the_connection_and_stays() {
    let mut bench = Bench::online(&[ROOM]);
    let mut batch = pending(ROOM, 2);
    batch.post.rest = vec![BatchPost { client_id: ClientId([3; 16]), text: "3".to_owned() }];
    bench.machine.command(Command::Post(batch));
    let request = bench.controls::<PostBatch>()[0].request;
    bench.receive(&AcceptedBatch { request, epoch: EPOCH, posts: vec![] });
    let outputs = bench.outputs();
    assert!(
        matches!(&outputs[..], [Output::GiveUp(failure)] if failure.known() == Some(Code::Malformed)),
        "{outputs:?}"
    );
    bench.machine.disconnected();
    assert_eq!(bench.machine.outbox.drain().count(), 1);
}

#[test]
fn a_refused_post_is_repeated_or_dropped_as_its_code_says() {
    let mut bench = Bench::online(&[ROOM]);
    bench.machine.command(Command::Post(pending(ROOM, 1)));
    let failed = |request, code: Code| Failed { request, code: code.number(), detail: String::new() };
    let post = bench.controls::<Post>();
    bench.receive(&failed(post[0].request, Code::Busy));
    assert!(bench.controls::<Post>().is_empty());
    bench.later(11);
    let again = bench.controls::<Post>();
    assert_eq!(again[0].client_id, ClientId([1; 16]));
    assert_ne!(again[0].request, post[0].request);
    bench.receive(&failed(again[0].request, Code::NotAMember));
    let outputs = bench.outputs();
    assert!(matches!(&outputs[..], [Output::Settled(_, Err(failure))] if failure.known() == Some(Code::NotAMember)));
}

#[test]
fn a_server_that_took_a_post_and_says_nothing_is_asked() {
    let mut bench = Bench::online(&[ROOM]);
    let resume = bench.controls::<Resume>();
    bench.resumed(resume[0].request, ROOM, Outcome::Complete, 3);
    bench.outputs();
    bench.machine.command(Command::Post(pending(ROOM, 1)));
    assert_eq!(bench.controls::<Post>().len(), 1);
    assert!(bench.machine.next_due().unwrap() <= bench.now + limits::PROBE_AFTER, "nothing else wakes it");
    bench.later(1);
    assert_eq!(bench.controls::<Ping>().len(), 1);
}
