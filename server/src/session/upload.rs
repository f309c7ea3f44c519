//! The stream of one upload: chunks in, how far it is out.
//!
//! Every chunk stands where the one before it ended and within what was granted; whatever else
//! comes ends the stream with a code. However a stream ends, what has come stays: another one,
//! on any transport, goes on from there.
//!
//! What comes is read at once, whatever the disk, the store or the client's reading take: no more
//! is granted than there is room for, and nothing else is waited for alone. A file that lay unread
//! in the transport would hold what the connection may send, and chat with it.

use bytes::Bytes;
use futures_util::future::{Fuse, FusedFuture, FutureExt as _};
use parking_lot::Mutex;
use rill_protocol::{
    Code, Frame, Kind, chunk, codec, limits,
    message::{CancelUpload, EndUpload, StartUpload, UploadAt, Uploaded},
};
use rill_storage::model::Voice;
use std::{
    future::pending,
    pin::{Pin, pin},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};

use super::{
    Session,
    dispatch::failed,
    observed::told,
    reader::{FrameReader, ReadError},
};
use crate::{
    admission::Over,
    files::service::{Begun, FileError, NewUpload, Settled, Upload},
    limits::{SHORT_CHUNK_BYTES, UPLOAD_CREDIT_BYTES, UPLOADS_CREDIT_BYTES},
    transport::{Priority, RecvStream, SendStream},
    wire::{code::Failure, file, number},
};

/// How the conversation about an upload ends.
enum Ending {
    /// With this frame.
    Answered(Bytes),
    /// The peer has gone, or has sent all that it wanted for now.
    Left,
    /// The stream broke a rule of framing.
    Broken(Code),
}

/// Runs the stream to its end.
pub(super) async fn run<R: RecvStream, S: SendStream>(session: Arc<Session>, mut reader: FrameReader<R>, mut send: S) {
    send.set_priority(Priority::File);
    reader.set_body_bytes_max(limits::CLIENT_FRAME_BODY_BYTES_MAX);
    let begun = Instant::now();
    let patience = Duration::from_millis(limits::STREAM_HEADER_TIMEOUT_MS);
    let first = match timeout(patience, reader.next()).await {
        Err(_) => return end(&session, Ending::Broken(Code::Timeout), reader, send).await,
        Ok(first) => first,
    };
    let over = match first {
        Ok(Some(frame)) => {
            let answer = start(&session, &frame).await;
            let shown = match &answer {
                Ok(Begun::Going(_)) => Bytes::new(),
                Ok(Begun::Settled(settled)) => uploaded(settled),
                Err(failure) => failed(0, failure.clone()),
            };
            told(&session, frame.known(), &shown, begun);
            match answer {
                Ok(Begun::Going(upload)) => {
                    reader.set_body_bytes_max(limits::UPLOAD_FRAME_BODY_BYTES_MAX);
                    let going = Going::new(&session);
                    let over = going.receive(*upload, &mut reader, &mut send).await;
                    if let Ending::Answered(answer) = &over {
                        told(&session, Some(Kind::EndUpload), answer, begun);
                    }
                    over
                }
                _ => Ending::Answered(shown),
            }
        }
        Ok(None) | Err(ReadError::Gone) => Ending::Left,
        Err(ReadError::Violation(code)) => Ending::Broken(code),
    };
    end(&session, over, reader, send).await;
}

async fn end<R: RecvStream, S: SendStream>(session: &Session, over: Ending, mut reader: FrameReader<R>, mut send: S) {
    match over {
        Ending::Answered(answer) => {
            let stuck_after = Duration::from_millis(limits::STUCK_AFTER_MS);
            match timeout(stuck_after, send.write(vec![answer])).await {
                Ok(Ok(())) => send.finish(),
                Ok(Err(_)) => {}
                Err(_) => send.reset(Code::TooSlow),
            }
        }
        Ending::Left => send.finish(),
        Ending::Broken(code) => {
            session.refused(code);
            reader.stop(code);
            send.reset(code);
        }
    }
}

/// Takes the first request.
async fn start(session: &Arc<Session>, frame: &Frame) -> Result<Begun, Failure> {
    match session.may(true) {
        Ok(()) => {}
        Err(Over::Refuse) => return Err(Code::RateLimited.into()),
        Err(Over::Close) => {
            session.registration.end(Code::RateLimited);
            return Err(Code::RateLimited.into());
        }
    }
    let start = match frame.decode_if::<StartUpload>() {
        Some(Ok(start)) => start,
        Some(Err(error)) => return Err(Failure { code: Code::Malformed, detail: error.to_string() }),
        None if frame.known().is_none() => return Err(Code::Unsupported.into()),
        None => return Err(Code::UnexpectedFrame.into()),
    };
    if start.file_use != rill_protocol::message::FileUse::Message {
        return Err(Code::Unsupported.into());
    }
    let Some(files) = &session.services.files else { return Err(FileError::SwitchedOff.into()) };
    let voice = start.voice.map(|voice| Voice { duration_ms: voice.duration_ms, waveform: voice.waveform.to_vec() });
    let messages = &session.services.domain.messages;
    let mentions = messages.mentions(session.identity.user, start.room, &start.text).await?;
    let new = NewUpload {
        transfer: start.transfer,
        room: start.room,
        client_id: start.client_id,
        name: start.name,
        media_type: start.media_type,
        size: start.size.get(),
        text: start.text,
        mentions,
        voice,
        digest: start.digest.map(|digest| digest.0),
    };
    Ok(files.begin(session.identity.user, new).await?)
}

fn uploaded(settled: &Settled) -> Bytes {
    let Settled { epoch, seq, file } = settled;
    codec::frame(&Uploaded { epoch: *epoch, seq: number(*seq), state: file::state(file) })
}

/// What the client is told next: only the newest counts.
#[derive(Default)]
struct News {
    next: Mutex<Next>,
    changed: Notify,
}

#[derive(Default)]
struct Next {
    at: Option<UploadAt>,
    is_over: bool,
}

impl News {
    fn change(&self, change: impl FnOnce(&mut Next)) {
        change(&mut self.next.lock());
        self.changed.notify_one();
    }

    /// `None` when nothing more comes.
    async fn next(&self) -> Option<UploadAt> {
        loop {
            {
                let mut next = self.next.lock();
                match next.at.take() {
                    _ if next.is_over => return None,
                    Some(at) => return Some(at),
                    None => {}
                }
            }
            self.changed.notified().await;
        }
    }
}

/// Why the client hears no more.
enum Unheard {
    Gone,
    TooSlow,
}

/// Tells the news until there are no more, whole frames only.
async fn tell<S: SendStream>(send: &mut S, news: &News) -> Result<(), Unheard> {
    while let Some(at) = news.next().await {
        match timeout(Duration::from_millis(limits::STUCK_AFTER_MS), send.write(vec![codec::frame(&at)])).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return Err(Unheard::Gone),
            Err(_) => return Err(Unheard::TooSlow),
        }
    }
    Ok(())
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

/// What happens while bytes come in.
enum Event {
    Taken,
    Told(Result<(), Unheard>),
    Moved(Result<(), FileError>),
    Noted(Result<(), FileError>),
    Frame(Result<Option<Frame>, ReadError>),
    Silent,
}

/// What is to become of an upload that takes no more bytes here.
enum Exit {
    /// Nothing is said: the client has closed its half, or is gone.
    Leave,
    /// The stream ends, and the transfer waits for another.
    Suspend(Code),
    /// The same, and the stream has broken a rule of framing.
    Break(Code),
    Refuse(FileError),
    Finish([u8; 32]),
    GiveUp,
}

/// One of the uploads of its connection that go on.
struct Going<'a> {
    session: &'a Session,
}

impl Drop for Going<'_> {
    fn drop(&mut self) {
        self.session.uploads.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<'a> Going<'a> {
    fn new(session: &'a Session) -> Self {
        session.uploads.fetch_add(1, Ordering::Relaxed);
        Self { session }
    }

    /// How far ahead of what was read the client may be: its share of the connection's.
    fn window(&self) -> u64 {
        let uploads = self.session.uploads.load(Ordering::Relaxed).max(1) as u64;
        (UPLOADS_CREDIT_BYTES / uploads).min(UPLOAD_CREDIT_BYTES)
    }

    async fn receive<R: RecvStream, S: SendStream>(
        &self,
        mut upload: Upload,
        reader: &mut FrameReader<R>,
        send: &mut S,
    ) -> Ending {
        let news = News::default();
        let mut telling = pin!(tell(send, &news).fuse());
        let exit = self.take_all(&mut upload, reader, &news, telling.as_mut()).await;
        // A frame that is half written is written to its end.
        news.change(|next| next.is_over = true);
        if !telling.is_terminated() {
            drop(telling.await);
        }
        leave(upload, exit).await
    }

    async fn take_all<R: RecvStream>(
        &self,
        upload: &mut Upload,
        reader: &mut FrameReader<R>,
        news: &News,
        mut telling: Pin<&mut (impl FusedFuture<Output = Result<(), Unheard>> + Send)>,
    ) -> Exit {
        let mut taken = pin!(upload.taken());
        let mut noting = pin!(Fuse::terminated());
        let silence = Duration::from_millis(limits::STUCK_AFTER_MS);
        let (mut credit, mut durable) = (0, u64::MAX);
        let exit = loop {
            let window = self.window();
            let grown = upload.offset().saturating_add(window.min(upload.room())).min(upload.size());
            // Not with every chunk: when half of it is used, or a step is safe.
            if durable != upload.durable() || grown >= credit + window / 2 || (grown > credit && grown == upload.size())
            {
                (credit, durable) = (grown.max(credit), upload.durable());
                let (epoch, seq) = upload.message();
                let at = UploadAt { epoch, seq: number(seq), offset: number(durable), credit: number(credit) };
                news.change(|next| next.at = Some(at));
            }
            if noting.is_terminated()
                && let Some(due) = upload.noting()
            {
                noting.set(due.fuse());
            }
            let (note_at, is_at_rest) = (upload.noting_at(), noting.is_terminated());
            let event = tokio::select! {
                biased;
                () = &mut taken => Event::Taken,
                told = telling.as_mut() => Event::Told(told),
                noted = &mut noting => Event::Noted(noted),
                // Also of one that sends nothing more: others read what is noted.
                () = until(note_at), if is_at_rest => Event::Moved(Ok(())),
                moved = upload.moved() => Event::Moved(moved),
                frame = timeout(silence, reader.next()) => frame.map_or(Event::Silent, Event::Frame),
            };
            let frame = match event {
                Event::Taken => break Exit::Refuse(FileError::Taken),
                Event::Moved(Ok(())) | Event::Noted(Ok(())) | Event::Told(Ok(())) => continue,
                Event::Moved(Err(error)) | Event::Noted(Err(error)) => break Exit::Refuse(error),
                Event::Told(Err(Unheard::Gone)) => break Exit::Leave,
                Event::Told(Err(Unheard::TooSlow)) => break Exit::Suspend(Code::TooSlow),
                Event::Silent => break Exit::Suspend(Code::Timeout),
                Event::Frame(Ok(Some(frame))) => frame,
                Event::Frame(Ok(None) | Err(ReadError::Gone)) => break Exit::Leave,
                Event::Frame(Err(ReadError::Violation(code))) => break Exit::Break(code),
            };
            break match frame.known() {
                Some(Kind::FileChunk) => match self.take(upload, &frame, credit).await {
                    Ok(()) => continue,
                    Err(error) => Exit::Refuse(error),
                },
                Some(Kind::EndUpload) => match frame.decode::<EndUpload>() {
                    Ok(EndUpload { digest }) => Exit::Finish(digest.0),
                    Err(_) => Exit::Suspend(Code::Malformed),
                },
                Some(Kind::CancelUpload) => match frame.decode::<CancelUpload>() {
                    Ok(_) => Exit::GiveUp,
                    Err(_) => Exit::Suspend(Code::Malformed),
                },
                Some(_) => Exit::Suspend(Code::UnexpectedFrame),
                None => Exit::Suspend(Code::Unsupported),
            };
        };
        // What is noted next must not be overtaken by it.
        if !noting.is_terminated() {
            drop(noting.await);
        }
        exit
    }

    /// A chunk where it belongs, and within what was granted.
    async fn take(&self, upload: &mut Upload, frame: &Frame, credit: u64) -> Result<(), FileError> {
        let chunk = chunk::decode(&frame.body).map_err(|_| FileError::Malformed)?;
        let (offset, expected) = (chunk.offset.get(), upload.offset());
        let end = offset.saturating_add(chunk.bytes.len() as u64);
        if offset != expected {
            return Err(FileError::OffsetWrong { expected, credit });
        }
        let declared = upload.size();
        if end > declared {
            return Err(FileError::SizeWrong { declared });
        }
        if end > credit {
            return Err(FileError::OffsetWrong { expected, credit });
        }
        // Bytes are counted as such; those who send few at a time cost work for each.
        if chunk.bytes.len() < SHORT_CHUNK_BYTES
            && end < declared
            && matches!(self.session.may(false), Err(Over::Close | Over::Refuse))
        {
            self.session.registration.end(Code::RateLimited);
            return Err(FileError::Flooded);
        }
        upload.write(chunk.bytes).await
    }
}

async fn leave(upload: Upload, exit: Exit) -> Ending {
    let suspended = match exit {
        Exit::Leave => Ending::Left,
        Exit::Break(code) => Ending::Broken(code),
        Exit::Suspend(code) => Ending::Answered(failed(0, code)),
        Exit::Finish(digest) => {
            return Ending::Answered(match upload.finish(digest).await {
                Ok(settled) => uploaded(&settled),
                Err(error) => failed(0, error),
            });
        }
        // What cannot be mended ends the transfer; from everything else another stream goes on.
        Exit::GiveUp => return given_up(upload, FileError::Ended(Code::TransferEnded)).await,
        Exit::Refuse(fatal) if fatal.ends_transfer() => return given_up(upload, fatal).await,
        Exit::Refuse(error) => Ending::Answered(failed(0, error)),
    };
    drop(upload.suspend().await);
    suspended
}

async fn given_up(upload: Upload, why: FileError) -> Ending {
    Ending::Answered(failed(0, upload.give_up(why).await))
}
