//! A sender and a reader made of raw frames, so that they can break every rule.

use bytes::Bytes;
use rill_client::transport::{Class, Connection, RecvHalf, SendHalf, StreamError};
use rill_protocol::{
    ClientId, Frame, FrameDecoder, Kind, RoomId, TransferId, U53, chunk, codec,
    id::FileDigest,
    kind::Body,
    limits::{self, FILE_CHUNK_BYTES_MAX},
    message::{
        Download, EndUpload, Failed, FileStart, FileState, FileUse, FileVariant, GetFile, StartUpload, Upload,
        UploadAt, Uploaded,
    },
};
use serde::de::DeserializeOwned;
use std::{future::poll_fn, ops::Range, time::Duration};
use tokio::time::timeout;

use crate::server::{Session, fresh};

/// Long enough for a busy machine, short enough for a test that fails.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Stream {
    send: SendHalf,
    recv: RecvHalf,
    decoder: FrameDecoder,
}

impl Stream {
    pub(crate) async fn open(connection: &Connection, class: Class) -> Self {
        let (send, recv) = connection.open(class).await.unwrap();
        Self { send, recv, decoder: FrameDecoder::new(limits::FRAME_BODY_BYTES_MAX) }
    }

    /// Writes; that the other side wants no more is told by what it says.
    pub(crate) async fn write(&mut self, bytes: Bytes) -> bool {
        timeout(PATIENCE, self.send.write(bytes)).await.expect("nothing is taken").is_ok()
    }

    pub(crate) async fn send<T: Body>(&mut self, body: &T) {
        self.write(codec::frame(body)).await;
    }

    pub(crate) fn finish(&mut self) {
        self.send.finish();
    }

    /// The next frame; `None` at the end, or the code of a stream that was reset.
    pub(crate) async fn next(&mut self) -> Result<Option<Frame>, u32> {
        loop {
            if let Some(frame) = self.decoder.next_frame().unwrap() {
                return Ok(Some(frame));
            }
            let read = poll_fn(|context| self.recv.poll_read(context));
            match timeout(PATIENCE, read).await.expect("nothing came") {
                Ok(Some(bytes)) => self.decoder.push(&bytes),
                Ok(None) => return Ok(None),
                Err(StreamError::Peer(code)) => return Err(code),
                Err(StreamError::Closed) => return Err(u32::MAX),
            }
        }
    }

    /// The next frame of this kind; others before it do not count.
    pub(crate) async fn expect<T: Body + DeserializeOwned>(&mut self) -> T {
        loop {
            let frame = self.next().await.unwrap().unwrap_or_else(|| panic!("it ended before {:?}", T::KIND));
            if let Some(body) = frame.decode_if::<T>() {
                return body.unwrap();
            }
            assert_ne!(frame.known(), Some(Kind::Failed), "{:?}", frame.decode::<Failed>());
        }
    }

    /// The name of the code that ends the stream.
    pub(crate) async fn refusal(&mut self) -> String {
        loop {
            match self.next().await {
                Ok(Some(frame)) => {
                    if let Some(failed) = frame.decode_if::<Failed>() {
                        return name(failed.unwrap().code);
                    }
                    assert_eq!(frame.known(), Some(Kind::UploadAt));
                }
                Ok(None) => return "nothing".into(),
                Err(code) => return name(code),
            }
        }
    }
}

pub(crate) fn name(code: u32) -> String {
    rill_protocol::Code::from_number(code).map_or_else(|| code.to_string(), |code| code.name().to_owned())
}

/// A file to be sent.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) bytes: Bytes,
    pub(crate) start: StartUpload,
}

/// So many bytes that nobody has sent before.
pub(crate) fn random(length: usize) -> Bytes {
    let mut bytes = vec![0; length];
    blake3::Hasher::new_keyed(&fresh()).finalize_xof().fill(&mut bytes);
    bytes.into()
}

impl File {
    pub(crate) fn new(room: RoomId, name: &str, bytes: Bytes) -> Self {
        let start = StartUpload {
            transfer: TransferId(fresh()),
            file_use: FileUse::Message,
            room,
            client_id: ClientId(fresh()),
            name: name.into(),
            media_type: "application/octet-stream".into(),
            size: U53::saturating(bytes.len() as u64),
            text: String::new(),
            voice: None,
            digest: None,
        };
        Self { bytes, start }
    }

    pub(crate) fn random(room: RoomId, length: usize) -> Self {
        Self::new(room, "data.bin", random(length))
    }

    pub(crate) fn digest(&self) -> FileDigest {
        FileDigest(*blake3::hash(&self.bytes).as_bytes())
    }

    /// The same bytes as another message.
    pub(crate) fn again(&self, room: RoomId) -> Self {
        let mut file = Self::new(room, &self.start.name, self.bytes.clone());
        file.start.digest = Some(self.digest());
        file
    }

    /// Begins on a stream of its own; the refusal's name if there is one.
    pub(crate) async fn begin(&self, session: &Session) -> Result<Sending, String> {
        let mut stream = session.open().await;
        stream.send(&Upload {}).await;
        stream.send(&self.start).await;
        let frame = stream.next().await.map_err(name)?.ok_or("nothing")?;
        match frame.known() {
            Some(Kind::UploadAt) => {
                let at = frame.decode::<UploadAt>().unwrap();
                Ok(Sending { file: self.clone(), stream, sent: at.offset.get(), at })
            }
            Some(Kind::Failed) => Err(name(frame.decode::<Failed>().unwrap().code)),
            other => panic!("{other:?}"),
        }
    }

    /// Sends all of it.
    pub(crate) async fn upload(&self, session: &Session) -> Uploaded {
        let mut sending = self.begin(session).await.unwrap();
        sending.up_to(self.bytes.len()).await;
        sending.end().await.unwrap()
    }

    /// Sends nothing: the server knows it.
    pub(crate) async fn instantly(&self, session: &Session) -> Option<Uploaded> {
        let mut stream = session.open().await;
        stream.send(&Upload {}).await;
        stream.send(&self.start).await;
        let frame = stream.next().await.unwrap().unwrap();
        frame.decode_if::<Uploaded>().map(Result::unwrap)
    }
}

/// An upload that goes on.
pub(crate) struct Sending {
    pub(crate) file: File,
    pub(crate) stream: Stream,
    pub(crate) sent: u64,
    pub(crate) at: UploadAt,
}

impl Sending {
    pub(crate) async fn chunk(&mut self, offset: u64, bytes: Bytes) -> bool {
        let head = chunk::head(U53::saturating(offset), bytes.len());
        self.stream.write(head).await && self.stream.write(bytes).await
    }

    /// Sends on, within what is granted.
    pub(crate) async fn up_to(&mut self, end: usize) {
        while self.sent < end as u64 {
            while self.sent >= self.at.credit.get() {
                self.at = self.stream.expect().await;
            }
            let until = (end as u64).min(self.at.credit.get()).min(self.sent + FILE_CHUNK_BYTES_MAX as u64);
            let piece = self.file.bytes.slice(self.sent as usize..until as usize);
            if !self.chunk(self.sent, piece).await {
                return;
            }
            self.sent = until;
        }
    }

    /// Waits until so much is safe.
    pub(crate) async fn safe(&mut self, offset: u64) {
        while self.at.offset.get() < offset {
            self.at = self.stream.expect().await;
        }
    }

    /// Sends on, within what is granted, until that is refused; the name of the code.
    pub(crate) async fn refused(mut self) -> String {
        loop {
            let granted = self.at.credit.get().min(self.file.start.size.get());
            self.up_to(granted as usize).await;
            match self.stream.next().await {
                Ok(Some(frame)) => match frame.decode_if::<UploadAt>() {
                    Some(at) => self.at = at.unwrap(),
                    None => return name(frame.decode::<Failed>().unwrap().code),
                },
                Ok(None) => return "nothing".into(),
                Err(code) => return name(code),
            }
        }
    }

    /// Says that this was all.
    pub(crate) async fn end(self) -> Result<Uploaded, String> {
        let digest = self.file.digest();
        self.end_with(digest).await
    }

    pub(crate) async fn end_with(mut self, digest: FileDigest) -> Result<Uploaded, String> {
        self.stream.send(&EndUpload { digest }).await;
        loop {
            let frame = self.stream.next().await.map_err(name)?.ok_or("nothing")?;
            match frame.known() {
                Some(Kind::UploadAt) => {}
                Some(Kind::Uploaded) => {
                    let uploaded = frame.decode().unwrap();
                    assert!(self.stream.next().await.unwrap().is_none(), "the server's half ends");
                    return Ok(uploaded);
                }
                Some(Kind::Failed) => return Err(name(frame.decode::<Failed>().unwrap().code)),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// A stream of downloads.
pub(crate) struct Reading {
    pub(crate) stream: Stream,
    requests: u32,
}

impl Reading {
    pub(crate) async fn open(session: &Session) -> Self {
        let mut stream = session.open().await;
        stream.send(&Download {}).await;
        Self { stream, requests: 0 }
    }

    pub(crate) async fn ask(&mut self, room: RoomId, seq: U53, variant: FileVariant, range: Range<u64>) {
        self.requests += 1;
        let (offset, length) = (U53::saturating(range.start), U53::saturating(range.end - range.start));
        self.stream.send(&GetFile { request: self.requests, room, seq, variant, offset, length }).await;
    }

    /// What follows, or the name of the code.
    pub(crate) async fn start(&mut self) -> Result<FileStart, String> {
        let frame = self.stream.next().await.map_err(name)?.ok_or("nothing")?;
        match frame.known() {
            Some(Kind::FileStart) => Ok(frame.decode().unwrap()),
            Some(Kind::Failed) => Err(name(frame.decode::<Failed>().unwrap().code)),
            other => panic!("{other:?}"),
        }
    }

    /// The bytes behind a start.
    pub(crate) async fn bytes(&mut self, mut at: u64, length: u64) -> Result<Vec<u8>, String> {
        let (mut bytes, end) = (Vec::new(), at + length);
        while at < end {
            let frame = self.stream.next().await.map_err(name)?.ok_or("nothing")?;
            let piece = chunk::decode(&frame.body).unwrap();
            assert_eq!(piece.offset.get(), at);
            at += piece.bytes.len() as u64;
            bytes.extend_from_slice(&piece.bytes);
        }
        assert_eq!(at, end);
        Ok(bytes)
    }

    /// Some of the file itself.
    pub(crate) async fn get(&mut self, room: RoomId, seq: U53, range: Range<u64>) -> Result<Vec<u8>, String> {
        let from = range.start;
        self.ask(room, seq, FileVariant::Original, range).await;
        let start = self.start().await?;
        self.bytes(from, start.length.get()).await
    }
}

/// The whole file of a message.
pub(crate) async fn download(session: &Session, room: RoomId, seq: U53) -> Result<Vec<u8>, String> {
    Reading::open(session).await.get(room, seq, 0..U53::MAX.get()).await
}

pub(crate) fn is_complete(state: &FileState, size: usize) -> bool {
    state.outcome == rill_protocol::message::FileOutcome::Complete && state.size.get() == size as u64 && state.code == 0
}
