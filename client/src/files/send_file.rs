//! Carries one upload over as many streams as it takes.

use rill_protocol::{Action, FileDigest, message::FileOutcome};
use std::{pin::Pin, sync::Arc, time::Instant};
use tokio::{
    sync::watch,
    time::{Sleep, sleep_until},
};

use super::{
    Throttle,
    handle::Work,
    order::{self, Order},
    progress::{Phase, Progress, Rate},
    sending::{Sending, Verdict},
    shelf::Kept,
    source::Source,
    transfers::{Cut, Direction, Pauses, Transfers, blocking, maybe, open, open_source, refused},
    upload::UploadedFile,
};
use crate::{
    Error, Failure, limits,
    session::stream::{FrameReader, FrameWriter, ReadError},
    transport::Connection,
};

/// One upload at work.
pub(super) struct Task {
    transfers: Arc<Transfers>,
    kept: Kept,
    sending: Sending,
    /// Nothing while it is not opened, or read by somebody else.
    source: Option<Source>,
    throttle: Option<Throttle>,
    orders: watch::Receiver<Order>,
    progress: watch::Sender<Progress>,
    end: watch::Sender<Option<Result<UploadedFile, Error>>>,
    rate: Rate,
    /// The server may know of it.
    is_told: bool,
}

impl Task {
    /// Without a source it is of an earlier process.
    pub(super) fn new(
        transfers: Arc<Transfers>,
        kept: Kept,
        source: Option<Source>,
        throttle: Option<Throttle>,
        work: Work<UploadedFile>,
    ) -> Self {
        let (sending, is_told) = (Sending::new(kept.start()), source.is_none());
        let Work { orders, progress, end } = work;
        Self { transfers, kept, sending, source, throttle, orders, progress, end, rate: Rate::default(), is_told }
    }

    fn phase(&mut self, phase: Phase) {
        if phase != Phase::Moving {
            self.rate.stop();
        }
        let (durable_bytes, moved_bytes, seq) = (self.sending.durable(), self.sending.moved(), self.sending.seq());
        let bytes_per_s = if phase == Phase::Moving { self.rate.at(durable_bytes, Instant::now()) } else { 0.0 };
        self.progress.send_modify(|progress| {
            *progress = Progress {
                phase,
                durable_bytes,
                moved_bytes,
                bytes_per_s,
                seq: seq.or(progress.seq),
                size_bytes: progress.size_bytes,
            };
        });
    }

    fn order(&self) -> Order {
        *self.orders.borrow()
    }
}

/// How it ended.
enum End {
    /// For good.
    Transfer(Error),
    /// The session is over, and the upload waits for the next one.
    Session(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        match &error {
            // Neither says anything of the transfer.
            Error::Closed => Self::Session(error),
            Error::Refused(failure) if failure.action() == Action::Login => Self::Session(error),
            _ => Self::Transfer(error),
        }
    }
}

/// Runs it to its end, and tells everybody how it was.
pub(super) async fn run(mut task: Task) {
    let mut outcome = upload(&mut task).await;
    // A file that changed cannot be sent any more; others must not wait for the rest.
    if task.is_told && matches!(outcome, Err(End::Transfer(Error::FileChanged(_) | Error::File { .. }))) {
        task.kept.cancelled = true;
        if let Err(End::Session(error)) = upload(&mut task).await {
            // Whoever runs next tells the server.
            outcome = Err(End::Session(error));
        }
    }
    if let Some(shelf) = &task.transfers.shelf {
        match &outcome {
            Ok(_) | Err(End::Transfer(_)) => shelf.remove(task.kept.transfer).await,
            Err(End::Session(_)) if task.kept.cancelled => drop(shelf.put(task.kept.clone()).await),
            Err(End::Session(_)) => {}
        }
    }
    task.transfers.running.lock().remove(&task.kept.transfer);
    if let Ok(uploaded) = &outcome {
        task.progress.send_modify(|progress| {
            (progress.durable_bytes, progress.moved_bytes) = (progress.size_bytes, progress.size_bytes);
            progress.seq = Some(uploaded.seq);
        });
    }
    task.progress.send_modify(|progress| (progress.phase, progress.bytes_per_s) = (Phase::Over, 0.0));
    task.end.send_replace(Some(outcome.map_err(|(End::Transfer(error) | End::Session(error))| error)));
}

async fn upload(task: &mut Task) -> Result<UploadedFile, End> {
    let transfers = Arc::clone(&task.transfers);
    let mut pauses = Pauses::new();
    let mut dead: Option<Arc<Connection>> = None;
    loop {
        match task.order() {
            Order::Cancel => {
                task.kept.cancelled = true;
                if !task.is_told {
                    return Err(Error::Cancelled.into());
                }
            }
            Order::Pause if !task.kept.cancelled => {
                task.phase(Phase::Paused);
                tokio::select! {
                    error = transfers.over() => return Err(End::Session(error)),
                    _ = order::other(&mut task.orders, Order::Pause) => continue,
                }
            }
            _ => {}
        }
        task.phase(Phase::Queued);
        let given = task.order();
        let mut orders = task.orders.clone();
        let turn = tokio::select! {
            turn = transfers.turn(Direction::Up) => turn.map_err(End::Session)?,
            error = transfers.over() => return Err(End::Session(error)),
            _ = order::other(&mut orders, given) => continue,
        };
        let before = task.sending.durable();
        let cut = loop {
            task.phase(Phase::Waiting);
            let connection = tokio::select! {
                connection = transfers.connection(dead.as_ref()) => connection.map_err(End::Session)?,
                _ = order::other(&mut orders, given) => break Cut::Order,
            };
            match stream(task, &connection, given).await {
                Ok(uploaded) => return Ok(uploaded),
                Err(Cut::Lost) => dead = Some(connection),
                Err(cut) => break cut,
            }
        };
        if task.sending.durable() > before {
            pauses.moved();
        }
        match cut {
            Cut::Over(error) => return Err(error.into()),
            Cut::Later => {
                task.phase(Phase::Waiting);
                drop(turn);
                tokio::select! {
                    () = pauses.pause() => {}
                    error = transfers.over() => return Err(End::Session(error)),
                    _ = order::other(&mut orders, given) => {}
                }
            }
            Cut::Lost | Cut::Order => {}
        }
    }
}

/// What a worker thread came back with.
enum Read {
    Block(u64, bytes::Bytes),
    Digest(FileDigest),
}

/// One stream, from its beginning to its end.
async fn stream(task: &mut Task, connection: &Connection, given: Order) -> Result<UploadedFile, Cut> {
    let is_cancelled = task.kept.cancelled;
    if task.source.is_none() && !is_cancelled {
        task.source = Some(open_source(task.kept.path.clone(), Some(task.kept.stamp)).await?);
    }
    let (send, recv) = open(connection).await?;
    let (mut reader, mut writer) = (FrameReader::new(recv), FrameWriter::new(send));
    task.is_told = true;
    writer.push(task.sending.open());
    if is_cancelled {
        writer.push(Sending::cancel());
    }
    let mut reading: Option<Pin<Box<dyn Future<Output = _> + Send>>> = None;
    let mut held: Option<Pin<Box<Sleep>>> = None;
    let mut orders = task.orders.clone();
    let outcome = loop {
        if reading.is_none()
            && !is_cancelled
            && let Some(source) = task.source.take()
        {
            if let Some((at, length)) = task.sending.wants_block() {
                let read = move |source: &mut Source| source.block(at, length).map(|bytes| Read::Block(at, bytes));
                reading = Some(Box::pin(blocking(source, read)));
            } else if task.sending.wants_digest() {
                task.phase(Phase::Finishing);
                reading = Some(Box::pin(blocking(source, |source| source.digest().map(Read::Digest))));
            } else {
                task.source = Some(source);
            }
        }
        while !is_cancelled
            && held.is_none()
            && writer.len() < limits::FILE_FRAMES_WAITING_MAX
            && let Some([head, bytes]) = task.sending.next_chunk()
        {
            let until = task.throttle.as_ref().and_then(|throttle| throttle.passed(bytes.len()));
            held = until.map(|until| Box::pin(sleep_until(until.into())));
            writer.push(head);
            writer.push(bytes);
            let moved_bytes = task.sending.moved();
            task.progress.send_modify(|progress| progress.moved_bytes = moved_bytes);
        }
        tokio::select! {
            biased;
            filled = reader.fill() => {
                let answer = filled.and_then(|()| answers(task, &mut reader));
                match answer {
                    Ok(None) => {}
                    Ok(Some(verdict)) => break judge(task, verdict),
                    Err(error) => break Err(error.into()),
                }
            }
            done = maybe(&mut reading) => {
                reading = None;
                let (source, read) = done?;
                task.source = Some(source);
                match read? {
                    Read::Block(at, bytes) => task.sending.block(at, bytes),
                    Read::Digest(digest) => writer.push(task.sending.end(digest)),
                }
            }
            written = writer.some_written() => {
                if let Err(error) = written {
                    // What the server said before it stopped listening counts for more.
                    break match last_words(task, &mut reader).await {
                        Some(verdict) => judge(task, verdict),
                        None => Err(error.into()),
                    };
                }
            }
            () = maybe(&mut held) => held = None,
            _ = order::other(&mut orders, given) => break Err(Cut::Order),
        }
    };
    // The worker has the file until it is done.
    if let Some(reading) = reading
        && let Ok((source, _)) = reading.await
    {
        task.source = Some(source);
    }
    outcome
}

/// Takes every frame that has come.
fn answers(task: &mut Task, reader: &mut FrameReader) -> Result<Option<Verdict>, ReadError> {
    while let Some(frame) = reader.next()? {
        if let Some(verdict) = task.sending.frame(&frame)? {
            return Ok(Some(verdict));
        }
        task.phase(if task.sending.is_ended() { Phase::Finishing } else { Phase::Moving });
    }
    Ok(None)
}

async fn last_words(task: &mut Task, reader: &mut FrameReader) -> Option<Verdict> {
    let words = async {
        loop {
            reader.fill().await.ok()?;
            if let Some(verdict) = answers(task, reader).ok()? {
                return Some(verdict);
            }
        }
    };
    tokio::time::timeout(limits::CLOSE_TIMEOUT, words).await.ok().flatten()
}

fn judge(task: &Task, verdict: Verdict) -> Result<UploadedFile, Cut> {
    match verdict {
        Verdict::Uploaded(uploaded) if uploaded.state.outcome == FileOutcome::Failed => {
            let failure = Failure { code: uploaded.state.code, detail: String::new() };
            Err(if task.kept.cancelled { Cut::Over(Error::Cancelled) } else { Cut::Over(failure.into()) })
        }
        Verdict::Uploaded(uploaded) => Ok(UploadedFile {
            transfer: task.kept.transfer,
            room: task.kept.room,
            epoch: uploaded.epoch,
            seq: uploaded.seq.get(),
            state: uploaded.state,
        }),
        Verdict::Refused(failure) => match refused(failure) {
            Cut::Over(_) if task.kept.cancelled => Err(Cut::Over(Error::Cancelled)),
            cut => Err(cut),
        },
    }
}
