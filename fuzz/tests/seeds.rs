//! Every seed, and every input that once failed, through its target, without libFuzzer.
//! `fuzz/regressions/TARGET/` holds the inputs that failed, as libFuzzer wrote them.

use arbitrary::{Arbitrary as _, Unstructured};
use rill_fuzz::{
    seeds::{self, TARGETS},
    session, uploads,
};
use rill_protocol::mux::model::Op;
use std::{fs, path::Path};

fn run(target: &str, bytes: &[u8]) {
    match target {
        "capsules" => rill_fuzz::capsules(bytes),
        "frames" => rill_fuzz::frames(bytes),
        "file_facts" => rill_fuzz::file_facts(bytes),
        "image_strip" => rill_fuzz::image_strip(bytes),
        "messages" => rill_fuzz::messages(bytes),
        "mux_bytes" => rill_fuzz::mux_bytes(bytes),
        "mux_operations" => {
            let ops = Vec::<Op>::arbitrary_take_rest(Unstructured::new(bytes)).expect("any bytes are operations");
            rill_fuzz::mux_operations(ops);
        }
        "session_operations" => {
            let ops = Vec::<session::Op>::arbitrary_take_rest(Unstructured::new(bytes));
            // Bytes that are too few for a sequence are none.
            if let Ok(ops) = ops {
                rill_fuzz::session_operations(ops);
            }
        }
        "stream_headers" => rill_fuzz::stream_headers(bytes),
        "texts" => rill_fuzz::texts(bytes),
        "upload_operations" => {
            let ops = Vec::<uploads::Op>::arbitrary_take_rest(Unstructured::new(bytes));
            if let Ok(ops) = ops {
                let _ = rill_fuzz::upload_operations(ops);
            }
        }
        other => panic!("{other} is no target"),
    }
}

#[test]
fn every_seed_passes() {
    let seeds = seeds::all();
    for target in TARGETS {
        assert!(seeds.iter().any(|seed| seed.target == *target), "{target} has no seed");
    }
    for seed in seeds {
        run(seed.target, &seed.bytes);
    }
}

#[test]
fn what_once_failed_passes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    for target in TARGETS {
        for input in fs::read_dir(root.join(target)).into_iter().flatten() {
            let path = input.unwrap().path();
            eprintln!("{}", path.display());
            run(target, &fs::read(&path).unwrap());
        }
    }
}

#[test]
fn every_target_is_built_and_tested() {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    let names = fs::read_dir(targets).unwrap().map(|file| file.unwrap().path());
    let mut names: Vec<_> = names.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    names.sort();
    assert_eq!(names, TARGETS);
}

/// The straight way, so that the target is known to come as far as it says.
#[test]
fn the_straight_way_leads_in() {
    use session::{Op, Said};
    let say = |said| Op::Send(0, said);
    let post = Said::Post { room: 0, client: 9, text: "hello".to_owned() };
    rill_fuzz::session_operations(vec![
        say(Said::Control),
        say(Said::GoodHello),
        Op::Wait,
        say(Said::Attach(0)),
        Op::Wait,
        Op::Open(1),
        Op::Send(1, Said::Lane(0)),
        say(Said::View { room: Some(0), seq: 0 }),
        say(Said::Resume { count: 1, seq: 0, room: 0 }),
        say(post),
        Op::Wait,
        say(Said::GoodHello),
        say(Said::Attach(0)),
        Op::Wait,
    ]);
    rill_fuzz::session_operations(vec![say(Said::Control), say(Said::BadHello([0; 4])), Op::Wait]);
}

/// A file goes up in two streams and comes down, so that the target is known to come so far.
#[test]
fn the_straight_way_of_a_file_leads_through() {
    use session::{Op, Said};
    let start = || Said::StartUpload { room: 0, client: 3, name: "a".to_owned(), size: 50_000, knows_digest: false };
    rill_fuzz::session_operations(vec![
        Op::Send(0, Said::Control),
        Op::Send(0, Said::GoodHello),
        Op::Wait,
        Op::Send(0, Said::Attach(0)),
        Op::Wait,
        Op::Open(4),
        Op::Send(1, Said::Upload),
        Op::Send(1, start()),
        Op::Wait,
        Op::Send(1, Said::Chunk { offset: 0, bytes: 30_000 }),
        Op::Open(4),
        Op::Send(2, Said::Upload),
        Op::Send(2, start()),
        Op::Wait,
        Op::Send(2, Said::Chunk { offset: 1, bytes: 50_000 }),
        Op::Wait,
        Op::Open(4),
        Op::Send(3, Said::Upload),
        Op::Send(3, start()),
        Op::Wait,
        Op::Send(3, Said::Chunk { offset: 0, bytes: 50_000 }),
        Op::Send(3, Said::EndUpload { size: 50_000 }),
        Op::Wait,
        Op::Open(4),
        Op::Send(4, Said::Download),
        Op::Send(4, Said::GetFile { room: 0, seq: 3, variant: 0, offset: 0, length: 50_000 }),
        Op::Open(3),
        Op::Send(5, Said::History),
        Op::Send(5, Said::RoomFiles { room: 0, before: 100, limit: 10 }),
        Op::Wait,
    ]);
}

/// Cut, killed, taken up again, finished; and sent once more by somebody who may read it.
#[test]
fn the_straight_way_of_an_upload_leads_to_whole_files() {
    use uploads::{Op, Said, Told};
    let begin = |stream, user, transfer, digest| Op::Begin {
        stream,
        said: Said { user, room: 0, transfer, client: transfer, file: 4, is_shown: false, digest },
    };
    let turns = || Op::Wait(200);
    let ops = vec![
        begin(0, 0, 0, Told::Nothing),
        turns(),
        Op::Chunk(0, 20),
        turns(),
        Op::Close(0),
        turns(),
        Op::Read { user: 2, room: 0, message: 0 },
        Op::Crash(0),
        begin(1, 0, 0, Told::Wrong),
        turns(),
        begin(2, 0, 0, Told::Nothing),
        turns(),
        Op::Chunk(2, 40),
        Op::Finish { stream: 2, is_right: true },
        turns(),
        begin(3, 2, 1, Told::Right),
        turns(),
        begin(4, 1, 2, Told::Right),
        turns(),
    ];
    assert_eq!(rill_fuzz::upload_operations(ops), 2, "the third is of somebody who is not in the room");
}

/// Sent, removed, and sent once more by a client that has not heard of it; and removed on its way.
#[test]
fn the_straight_way_of_a_removal_leads_to_no_file() {
    use uploads::{Op, Said, Told};
    let begin = |stream, transfer| Op::Begin {
        stream,
        said: Said { user: 0, room: 0, transfer, client: transfer, file: 4, is_shown: false, digest: Told::Nothing },
    };
    let turns = || Op::Wait(200);
    let finish = |stream| Op::Finish { stream, is_right: true };
    let whole = vec![begin(0, 0), turns(), Op::Chunk(0, 40), turns(), finish(0), turns()];
    let removed = vec![Op::Remove { room: 0, message: 0 }, begin(1, 0), turns(), Op::Chunk(1, 40), finish(1), turns()];
    let on_its_way = vec![
        begin(2, 1),
        turns(),
        Op::Chunk(2, 10),
        turns(),
        Op::Remove { room: 0, message: 0 },
        Op::Chunk(2, 40),
        finish(2),
        turns(),
        begin(3, 1),
        turns(),
    ];
    assert_eq!(rill_fuzz::upload_operations(whole.clone()), 1);
    assert_eq!(rill_fuzz::upload_operations([whole, removed, on_its_way].concat()), 0);
}

/// Two streams of one transfer under two client ids, the first of which is dropped behind its
/// message: the other fills that one, and none stays pending.
#[test]
fn a_transfer_has_one_message_whatever_its_client_ids() {
    use uploads::{Op, Said, Told};
    let begin = |stream, client| Op::Begin {
        stream,
        said: Said { user: 0, room: 0, transfer: 0, client, file: 0, is_shown: false, digest: Told::Nothing },
    };
    let finish = |stream| Op::Finish { stream, is_right: true };
    let ops = vec![begin(0, 0), begin(1, 1), Op::Drop(0), finish(1), Op::Wait(200)];
    assert_eq!(rill_fuzz::upload_operations(ops), 1);
}
