//! Values of the kinds that speak of files.

use bytes::Bytes;
use rill_protocol::{
    Code, Epoch, FileDigest, RoomId, TransferId, U53,
    message::{
        CancelUpload, Download, EndUpload, EntryFile, EntryFileSettled, FileChunk, FileInfo, FileOutcome, FileStart,
        FileState, FileUse, FileVariant, GetFile, GetRoomFiles, ImageInfo, MessageFile, MessageFiles, StartUpload,
        Upload, UploadAt, Uploaded, Voice,
    },
};

use crate::{
    message_samples::{CHINESE, EMOJI, ODD, bytes, client_id, epoch, header, largest_header, room, u53},
    messages::line,
};

fn voice() -> Voice {
    Voice { duration_ms: 4_200, waveform: Bytes::from_static(&[0, 40, 255, 90]) }
}

fn info(name: &str) -> FileInfo {
    FileInfo { transfer: TransferId(bytes(11)), name: name.to_owned(), size: u53(70_000), voice: None }
}

fn pending() -> FileState {
    let media_type = "application/octet-stream".to_owned();
    FileState { outcome: FileOutcome::Pending, code: 0, size: u53(70_000), media_type, image: None }
}

fn failed(code: u32) -> FileState {
    FileState { outcome: FileOutcome::Failed, code, ..pending() }
}

fn image() -> FileState {
    let image = ImageInfo {
        width: 4_032,
        height: 3_024,
        animated: false,
        blur_hash: "LEHV6nWB2yk8pyo0adR*.7kCMdnj".to_owned(),
    };
    let media_type = "image/jpeg".to_owned();
    FileState { outcome: FileOutcome::Complete, code: 0, size: u53(69_500), media_type, image: Some(image) }
}

fn largest() -> FileState {
    let image = ImageInfo { width: u32::MAX, height: u32::MAX, animated: true, blur_hash: ODD.to_owned() };
    FileState {
        outcome: FileOutcome::Other(3),
        code: u32::MAX,
        size: U53::MAX,
        media_type: ODD.to_owned(),
        image: Some(image),
    }
}

/// All samples, in the order of the kinds.
pub(crate) fn lines() -> Vec<String> {
    [uploads(), downloads(), entries()].concat()
}

fn uploads() -> Vec<String> {
    let start = StartUpload {
        transfer: TransferId(bytes(11)),
        file_use: FileUse::Message,
        room: room(3),
        client_id: client_id(8),
        name: "plan.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size: u53(70_000),
        text: CHINESE.to_owned(),
        voice: None,
        digest: None,
    };
    let at = |seq, offset, credit| UploadAt { epoch: epoch(2), seq: u53(seq), offset, credit };
    let chunk = |offset, bytes: &[u8]| FileChunk { offset, bytes: Bytes::copy_from_slice(bytes) };
    vec![
        line("nothing", &Upload {}),
        line("a document", &start),
        line(
            "a voice message that may be known",
            &StartUpload {
                name: EMOJI.to_owned(),
                media_type: "audio/ogg".to_owned(),
                text: String::new(),
                voice: Some(voice()),
                digest: Some(FileDigest(bytes(100))),
                ..start.clone()
            },
        ),
        line(
            "largest",
            &StartUpload {
                transfer: TransferId([255; 16]),
                file_use: FileUse::Other(u32::MAX),
                room: RoomId([255; 16]),
                size: U53::MAX,
                name: ODD.to_owned(),
                voice: Some(Voice { duration_ms: u32::MAX, waveform: Bytes::from(vec![255; 128]) }),
                digest: Some(FileDigest([255; 32])),
                ..start
            },
        ),
        line("from the beginning", &at(42, u53(0), u53(1 << 20))),
        line("in the middle", &at(42, u53(65_536), u53(70_000))),
        line("largest", &UploadAt { epoch: Epoch([255; 16]), seq: U53::MAX, offset: U53::MAX, credit: U53::MAX }),
        line("the first", &chunk(u53(0), b"%PDF-")),
        line("behind 4 GiB", &chunk(u53(1 << 32), &[0, 255])),
        line("empty", &chunk(U53::MAX, &[])),
        line("ordinary", &EndUpload { digest: FileDigest(bytes(100)) }),
        line("nothing", &CancelUpload {}),
        line("an image", &Uploaded { epoch: epoch(2), seq: u53(42), state: image() }),
    ]
}

fn downloads() -> Vec<String> {
    let get = |variant, offset, length| GetFile { request: 1, room: room(3), seq: u53(42), variant, offset, length };
    let start = |size, length| FileStart { request: 1, size, length, media_type: "image/png".to_owned() };
    vec![
        line("nothing", &Download {}),
        line("the first 4 MiB", &get(FileVariant::Original, u53(0), u53(4 << 20))),
        line("a thumbnail", &get(FileVariant::Thumbnail, u53(0), U53::MAX)),
        line("a preview from the middle", &get(FileVariant::Preview, u53(250), u53(251))),
        line("a variant of a later version", &get(FileVariant::Other(3), U53::MAX, u53(0))),
        line("a part", &start(u53(70_000), u53(4_464))),
        line("largest", &start(U53::MAX, U53::MAX)),
    ]
}

fn entries() -> Vec<String> {
    let file = |seq, info, state| MessageFile { seq: u53(seq), file: info, state };
    let spoken = FileInfo { voice: Some(voice()), ..info("voice.ogg") };
    let refused = failed(Code::FileDigestWrong.number());
    vec![
        line("none", &MessageFiles { request: 21, files: vec![] }),
        line(
            "every outcome",
            &MessageFiles {
                request: 22,
                files: vec![
                    file(42, info("plan.pdf"), pending()),
                    file(43, info(CHINESE), image()),
                    file(44, spoken.clone(), refused.clone()),
                    file(65_536, info(ODD), largest()),
                ],
            },
        ),
        line("the newest", &GetRoomFiles { request: 23, room: room(3), before: U53::MAX, limit: 100 }),
        line("largest", &GetRoomFiles { request: u32::MAX, room: room(255), before: u53(0), limit: u32::MAX }),
        line("a document", &EntryFile { header: header(), text: EMOJI.to_owned(), file: info("plan.pdf") }),
        line("a voice message", &EntryFile { header: largest_header(), text: String::new(), file: spoken }),
        line("an image", &EntryFileSettled { header: header(), target: u53(41), state: image() }),
        line("failed", &EntryFileSettled { header: header(), target: u53(41), state: refused }),
        line("largest", &EntryFileSettled { header: largest_header(), target: U53::MAX, state: largest() }),
    ]
}
