use super::*;
use proptest::prelude::*;
use rill_protocol::{Code, FileDigest, FrameDecoder, limits::UPLOAD_FRAME_BODY_BYTES_MAX, message::FileUse};

fn start(size: u64) -> StartUpload {
    StartUpload {
        transfer: Default::default(),
        file_use: FileUse::Message,
        room: Default::default(),
        client_id: Default::default(),
        name: "n".to_owned(),
        media_type: String::new(),
        size: U53::new(size).unwrap(),
        text: String::new(),
        voice: None,
        digest: None,
    }
}

fn frame_of(bytes: &[u8]) -> Frame {
    let mut decoder = FrameDecoder::new(UPLOAD_FRAME_BODY_BYTES_MAX);
    decoder.push(bytes);
    decoder.next_frame().unwrap().unwrap()
}

fn at(offset: u64, credit: u64) -> Frame {
    let (offset, credit) = (U53::new(offset).unwrap(), U53::new(credit).unwrap());
    frame_of(&codec::frame(&UploadAt { epoch: Default::default(), seq: U53::from(7), offset, credit }))
}

/// Gives the machine everything it asks for of a file of this content.
fn feed(sending: &mut Sending, content: &[u8]) {
    while let Some((from, length)) = sending.wants_block() {
        let from = from as usize;
        sending.block(from as u64, Bytes::copy_from_slice(&content[from..from + length]));
    }
}

fn chunk_of([head, bytes]: [Bytes; 2]) -> (u64, Bytes) {
    let frame = frame_of(&[head, bytes].concat());
    let chunk = chunk::decode(&frame.body).unwrap();
    (chunk.offset.get(), chunk.bytes)
}

proptest! {
    /// Whatever credit comes and wherever streams are cut: what was sent, from the offset that
    /// each stream was told, is the file, and never goes past the credit.
    #[test]
    fn a_file_arrives_over_any_cuts_and_credits(
        size in 0usize..400_000,
        steps in proptest::collection::vec((any::<bool>(), 1u64..150_000, 0u64..100), 1..60),
    ) {
        let content: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        let mut sending = Sending::new(start(size as u64));
        let mut disk: Vec<u8> = Vec::new();
        let (mut arrived, mut credit) = (Vec::new(), 0);
        let mut is_open = false;
        // Behind the random steps come generous ones, so that every run ends.
        let generous = std::iter::repeat_n((false, 200_000, 100), 40);
        for (cut, more, durable_part) in steps.into_iter().chain(generous) {
            if cut || !is_open {
                // Some of what came is on disk, the rest is lost.
                let kept = (arrived.len() as u64 * durable_part / 100) as usize;
                disk.extend_from_slice(&arrived[..kept]);
                arrived.clear();
                sending.open();
                prop_assert!(sending.next_chunk().is_none() && sending.wants_block().is_none());
                credit = disk.len() as u64;
                is_open = true;
            }
            credit = (credit + more).min(size as u64).max((disk.len() + arrived.len()) as u64);
            disk.append(&mut arrived);
            prop_assert!(sending.frame(&at(disk.len() as u64, credit)).unwrap().is_none());
            prop_assert_eq!(sending.durable(), disk.len() as u64);
            feed(&mut sending, &content);
            while let Some(parts) = sending.next_chunk() {
                let (offset, bytes) = chunk_of(parts);
                prop_assert_eq!(offset, (disk.len() + arrived.len()) as u64);
                arrived.extend_from_slice(&bytes);
                prop_assert!((disk.len() + arrived.len()) as u64 <= credit);
                feed(&mut sending, &content);
            }
        }
        disk.append(&mut arrived);
        prop_assert_eq!(disk, content);
        prop_assert!(sending.wants_digest());
        sending.end(FileDigest([1; 32]));
        prop_assert!(!sending.wants_digest() && sending.is_ended());
    }
}

#[test]
fn an_end_is_a_verdict_and_nonsense_is_a_violation() {
    let mut sending = Sending::new(start(10));
    sending.open();
    let failed = Failed { request: 0, code: Code::QuotaExceeded.number(), detail: "x".to_owned() };
    let verdict = sending.frame(&frame_of(&codec::frame(&failed))).unwrap();
    assert!(matches!(verdict, Some(Verdict::Refused(failure)) if failure.known() == Some(Code::QuotaExceeded)));
    for (offset, credit) in [(11, 11), (5, 4)] {
        assert!(matches!(sending.frame(&at(offset, credit)), Err(Violation::Place { .. })), "{offset} {credit}");
    }
    assert!(sending.frame(&at(0, 10)).unwrap().is_none());
    assert!(matches!(sending.frame(&at(1, 10)), Err(Violation::Place { .. })), "nothing was sent yet");
    assert!(matches!(sending.frame(&frame_of(&Sending::cancel())), Err(Violation::Kind(94))));
    assert!(sending.frame(&Frame { kind: 99, body: Bytes::new() }).unwrap().is_none(), "of a later version");
}
