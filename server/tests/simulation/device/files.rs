//! Files that a device sends and fetches: each on a stream of its own, and as often as it
//! takes until the server has said what became of it.

use bytes::Bytes;
use parking_lot::Mutex;
use rill_protocol::{
    ClientId, Code, Frame, Kind, RoomId, TransferId, U53, UserId, chunk,
    code::Action,
    id::FileDigest,
    message::{
        Download, EndUpload, Failed, FileStart, FileUse, FileVariant, GetFile, StartUpload, Upload, UploadAt, Uploaded,
    },
    mux::Class,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};

use super::{Device, Over, stream::Stream};
use crate::{dice::Dice, groups, world::World};

const CHUNK_BYTES: usize = 16 * 1024;
/// How often a place among the streams is looked for.
const PLACE_LOOK: Duration = Duration::from_millis(200);

/// A file that is to be sent.
struct Wish {
    room: RoomId,
    client_id: ClientId,
    transfer: TransferId,
    content: Bytes,
    /// Whether the digest is told before any byte.
    is_told: bool,
    state: Mutex<State>,
}

struct State {
    /// How many streams there were for it; the newest counts.
    streams: u64,
    is_under_way: bool,
    is_over: bool,
    not_before: Option<Instant>,
}

/// What a device has to do with files.
pub(super) struct Errands {
    dice: Dice,
    wishes: Vec<Arc<Wish>>,
    /// Rings when a stream has ended.
    pub(super) bell: Arc<Notify>,
}

/// What became of a stream.
enum Outcome {
    Over,
    /// The server has given it up.
    Ended,
    Later,
}

impl Errands {
    pub(super) fn new(dice: Dice) -> Self {
        Self { dice, wishes: Vec::new(), bell: Arc::default() }
    }

    pub(super) fn wants(&self) -> usize {
        self.wishes.iter().filter(|wish| !wish.state.lock().is_over).count()
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.wishes.iter().filter_map(|wish| wish.state.lock().not_before).min()
    }

    /// What goes on upon the connection that was left goes on there, and anew on the next one.
    pub(super) fn disconnected(&self) {
        for wish in &self.wishes {
            wish.state.lock().is_under_way = false;
        }
    }

    pub(super) fn send(&mut self, room: RoomId, content: Bytes) {
        self.wishes.retain(|wish| !wish.state.lock().is_over);
        self.wishes.push(Arc::new(Wish {
            room,
            client_id: ClientId(self.dice.bytes()),
            transfer: TransferId(self.dice.bytes()),
            content,
            is_told: self.dice.one_in(2),
            state: Mutex::new(State { streams: 0, is_under_way: false, is_over: false, not_before: None }),
        }));
    }
}

/// Who sends or fetches.
struct Who {
    world: Arc<World>,
    generation: u64,
    user: UserId,
    name: String,
    dice: Dice,
}

impl Device {
    /// Goes on with every file that is not under way.
    pub(super) fn pump_files(&mut self) {
        if !self.is_online() {
            return;
        }
        for wish in self.errands.wishes.clone() {
            {
                let state = wish.state.lock();
                if state.is_over || state.is_under_way || state.not_before.is_some_and(|at| at > Instant::now()) {
                    continue;
                }
            }
            let Some((mut who, mut stream)) = self.file_stream() else {
                // As many as there may be are open.
                wish.state.lock().not_before = Some(Instant::now() + PLACE_LOOK);
                continue;
            };
            let number = {
                let mut state = wish.state.lock();
                (state.is_under_way, state.not_before) = (true, None);
                state.streams += 1;
                state.streams
            };
            let bell = self.errands.bell.clone();
            self.world.tasks.spawn(async move {
                let outcome = who.upload(&wish, &mut stream).await;
                let mut state = wish.state.lock();
                match outcome {
                    Outcome::Over => state.is_over = true,
                    Outcome::Ended => {
                        state.is_over = true;
                        // An older one may hear that the transfer has ended, because another has come to its end.
                        if state.streams == number {
                            who.world.witness.file_has_ended((wish.room, who.user, wish.client_id));
                        }
                    }
                    Outcome::Later if state.streams == number => {
                        state.is_under_way = false;
                        state.not_before = Some(Instant::now() + Duration::from_millis(who.dice.between(50, 900)));
                    }
                    Outcome::Later => {}
                }
                if state.is_over {
                    state.not_before = None;
                }
                drop(state);
                bell.notify_one();
            });
        }
    }

    /// Fetches what there is of a file.
    pub(super) fn fetch(&mut self, room: RoomId, seq: u64) {
        if !self.is_online() {
            return;
        }
        if let Some((who, mut stream)) = self.file_stream() {
            self.world.tasks.spawn(async move { who.download(room, seq, &mut stream).await });
        }
    }

    fn file_stream(&mut self) -> Option<(Who, Stream)> {
        let connection = self.connection.as_ref()?;
        let stream = Stream::open(&connection.client, Class::File)?;
        let (world, generation) = (self.world.clone(), connection.generation);
        let (user, name, dice) = (self.person.id, self.name.clone(), self.errands.dice.split());
        Some((Who { world, generation, user, name, dice }, stream))
    }
}

impl Who {
    /// The next frame, if it still counts.
    async fn next(&self, stream: &mut Stream) -> Option<Frame> {
        let frame = stream.next().await;
        if !self.world.is_valid(self.generation) {
            return None;
        }
        if frame == Err(Over::Broken) {
            self.world.witness.violated(format!("{} hears bytes that make no sense beside a file", self.name));
        }
        frame.ok()
    }

    fn broken(&self, frame: &Frame) {
        let kind = frame.known().map(Kind::name);
        self.world.witness.violated(format!("{} hears a {kind:?} beside a file", self.name));
    }

    async fn upload(&mut self, wish: &Wish, stream: &mut Stream) -> Outcome {
        let digest = FileDigest(*blake3::hash(&wish.content).as_bytes());
        let (room, size) = (wish.room, wish.content.len() as u64);
        stream.send(&Upload {}).await;
        let start = StartUpload {
            transfer: wish.transfer,
            file_use: FileUse::Message,
            room,
            client_id: wish.client_id,
            name: "data.bin".into(),
            media_type: String::new(),
            size: U53::saturating(size),
            text: String::new(),
            voice: None,
            digest: Some(digest).filter(|_| wish.is_told),
        };
        stream.send(&start).await;
        let (mut sent, mut is_ended) = (None, false);
        loop {
            let Some(frame) = self.next(stream).await else { return Outcome::Later };
            match frame.known() {
                Some(Kind::UploadAt) => {
                    let Ok(UploadAt { epoch, seq, offset, credit }) = frame.decode() else {
                        self.broken(&frame);
                        return Outcome::Over;
                    };
                    self.world.witness.file_begins((room, epoch, seq.get()), &wish.content);
                    let mut at: u64 = *sent.get_or_insert(offset.get());
                    while at < credit.get().min(size) {
                        let end = (at as usize + CHUNK_BYTES).min(size as usize);
                        let piece = wish.content.slice(at as usize..end);
                        stream.bytes(chunk::head(U53::saturating(at), piece.len())).await;
                        stream.bytes(piece).await;
                        at = end as u64;
                        if self.dice.one_in(3) {
                            sleep(Duration::from_millis(self.dice.below(300))).await;
                        }
                    }
                    sent = Some(at);
                    if at == size && !is_ended {
                        is_ended = true;
                        stream.send(&EndUpload { digest }).await;
                    }
                }
                Some(Kind::Uploaded) => {
                    let Ok(Uploaded { epoch, seq, .. }) = frame.decode() else {
                        self.broken(&frame);
                        return Outcome::Over;
                    };
                    self.world.tell(format_args!("{} is told that a file is whole at {}", self.name, seq.get()));
                    self.world.witness.file_begins((room, epoch, seq.get()), &wish.content);
                    self.world.witness.file_is_whole((room, seq.get()), digest.0);
                    return Outcome::Over;
                }
                Some(Kind::Failed) => {
                    let Ok(Failed { code, detail, .. }) = frame.decode() else {
                        self.broken(&frame);
                        return Outcome::Over;
                    };
                    return self.refused(room, code, &detail);
                }
                _ => {
                    self.broken(&frame);
                    return Outcome::Over;
                }
            }
        }
    }

    fn refused(&self, room: RoomId, code: u32, detail: &str) -> Outcome {
        let code = Code::from_number(code);
        self.world.tell(format_args!("{} is refused a file, {code:?}", self.name));
        match code {
            Some(code) if matches!(code.action(), Action::Retry | Action::Resume) => Outcome::Later,
            // By a stream of its own.
            Some(Code::TransferTaken) => Outcome::Later,
            // It has left, or was away for days.
            Some(Code::TransferEnded) => Outcome::Ended,
            Some(Code::NotAMember | Code::NoSuchFile | Code::TooManyTransfers) => Outcome::Over,
            Some(Code::NoSuchRoom | Code::RoomClosed) if self.world.chat(room).is_some() => Outcome::Over,
            Some(Code::MessageRemoved) if self.world.has_talks() => Outcome::Over,
            Some(code) if self.world.has_groups && groups::REFUSALS.contains(&code) => Outcome::Over,
            _ => {
                self.world.witness.violated(format!("{} is refused a file with {code:?} {detail}", self.name));
                Outcome::Over
            }
        }
    }

    async fn download(&self, room: RoomId, seq: u64, stream: &mut Stream) {
        let asked = self.world.witness.talks.lock().now();
        stream.send(&Download {}).await;
        let (offset, length) = (U53::default(), U53::MAX);
        let variant = FileVariant::Original;
        stream.send(&GetFile { request: 1, room, seq: U53::saturating(seq), variant, offset, length }).await;
        stream.finish();
        let Some(first) = self.next(stream).await else { return };
        // Who has left, and what is not ready or was put back.
        let Some(Ok(FileStart { length, .. })) = first.decode_if::<FileStart>() else { return };
        let mut read = Vec::new();
        while (read.len() as u64) < length.get() {
            let Some(frame) = self.next(stream).await else { return };
            match chunk::decode(&frame.body) {
                Ok(chunk) if frame.known() == Some(Kind::FileChunk) && chunk.offset.get() == read.len() as u64 => {
                    read.extend_from_slice(&chunk.bytes);
                }
                _ => return self.broken(&frame),
            }
        }
        self.world.tell(format_args!("{} has {} bytes of the file {seq}", self.name, read.len()));
        self.world.witness.file_is_fetched();
        self.world.witness.file_was_read(self.user, (room, seq), (&read, asked));
    }
}
