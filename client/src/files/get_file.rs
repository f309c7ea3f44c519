//! Carries one download over as many streams as it takes.

use bytes::Bytes;
use rill_protocol::Code;
use std::{path::PathBuf, pin::Pin, sync::Arc, time::Instant};
use tokio::{
    sync::watch,
    time::{Sleep, sleep_until},
};

use super::{
    Throttle,
    download::{Download, DownloadedFile},
    handle::Work,
    order::{self, Order},
    progress::{Phase, Progress, Rate},
    receiving::{Receiving, Step},
    sink::Sink,
    transfers::{Cut, Direction, Pauses, Transfers, blocking, maybe, open, refused},
};
use crate::{
    Error, Failure, limits,
    session::stream::{FrameReader, FrameWriter, ReadError},
    transport::Connection,
};

/// One download at work.
struct Task {
    receiving: Receiving,
    /// Nothing while somebody else writes it.
    sink: Option<Sink>,
    throttle: Option<Throttle>,
    orders: watch::Receiver<Order>,
    progress: watch::Sender<Progress>,
    rate: Rate,
    /// It was begun anew once, because what was there was of another file.
    is_cleared: bool,
}

impl Task {
    fn phase(&mut self, phase: Phase, durable_bytes: u64) {
        if phase != Phase::Moving {
            self.rate.stop();
        }
        let bytes_per_s = if phase == Phase::Moving { self.rate.at(durable_bytes, Instant::now()) } else { 0.0 };
        let (size, moved_bytes) = (self.receiving.size(), self.receiving.have().max(durable_bytes));
        self.progress.send_modify(|progress| {
            *progress = Progress {
                phase,
                durable_bytes,
                moved_bytes,
                bytes_per_s,
                size_bytes: size.unwrap_or(progress.size_bytes),
                seq: progress.seq,
            };
        });
    }

    fn written(&self) -> u64 {
        self.sink.as_ref().map_or(0, Sink::written)
    }

    fn order(&self) -> Order {
        *self.orders.borrow()
    }
}

/// Runs it to its end, and tells everybody how it was.
pub(super) async fn run(
    transfers: Arc<Transfers>,
    download: Download,
    Work { orders, progress, end }: Work<DownloadedFile>,
) {
    progress.send_modify(|progress| progress.seq = Some(download.seq));
    let outcome = fetch(&transfers, download, orders, &progress).await;
    progress.send_modify(|progress| (progress.phase, progress.bytes_per_s) = (Phase::Over, 0.0));
    end.send_replace(Some(outcome));
}

/// What lies there of one message's file is told apart from what is of another's.
fn mark(download: &Download) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(download.room.as_bytes());
    hasher.update(&download.seq.to_le_bytes());
    hasher.update(&u32::from(download.variant).to_le_bytes());
    if let Some(transfer) = &download.transfer {
        hasher.update(&transfer.0);
    }
    hasher.finalize().to_hex()[..8].to_owned()
}

async fn fetch(
    transfers: &Transfers,
    download: Download,
    orders: watch::Receiver<Order>,
    progress: &watch::Sender<Progress>,
) -> Result<DownloadedFile, Error> {
    let mark = mark(&download);
    let Download { room, seq, variant, into, keeps_others, digest, throttle, .. } = download;
    let (_, sink) = blocking(into, move |into| Sink::open(into, &mark, digest)).await?;
    let sink = sink?;
    let receiving = Receiving::new(room, seq, variant, sink.written());
    let (sink, progress) = (Some(sink), progress.clone());
    let rate = Rate::default();
    let mut task = Task { receiving, sink, throttle, orders, progress, rate, is_cleared: false };
    let outcome = carry(&mut task, transfers).await;
    let sink = task.sink.take().ok_or(Error::Closed)?;
    match outcome {
        Ok(()) => {
            task.phase(Phase::Finishing, sink.written());
            let path = finish(sink, keeps_others).await?;
            let (size_bytes, media_type) = (task.receiving.have(), task.receiving.media_type().to_owned());
            Ok(DownloadedFile { path, size_bytes, media_type })
        }
        Err(error) => {
            // Nobody will go on with what was given up, or with a file that is no more.
            let is_useless = match &error {
                Error::Cancelled => true,
                Error::Refused(failure) => failure.known() == Some(Code::NoSuchFile),
                _ => sink.written() == 0,
            };
            if is_useless {
                tokio::task::spawn_blocking(move || sink.remove()).await.ok();
            }
            Err(error)
        }
    }
}

async fn finish(sink: Sink, keeps_others: bool) -> Result<PathBuf, Error> {
    tokio::task::spawn_blocking(move || sink.finish(keeps_others)).await.map_err(|_| Error::Closed)?
}

async fn carry(task: &mut Task, transfers: &Transfers) -> Result<(), Error> {
    let mut pauses = Pauses::new();
    let mut dead: Option<Arc<Connection>> = None;
    loop {
        let given = task.order();
        let mut orders = task.orders.clone();
        if given == Order::Cancel {
            return Err(Error::Cancelled);
        }
        if given == Order::Pause {
            task.phase(Phase::Paused, task.written());
            tokio::select! {
                error = transfers.over() => return Err(error),
                _ = order::other(&mut orders, given) => continue,
            }
        }
        task.phase(Phase::Queued, task.written());
        let turn = tokio::select! {
            turn = transfers.turn(Direction::Down) => turn?,
            error = transfers.over() => return Err(error),
            _ = order::other(&mut orders, given) => continue,
        };
        let before = task.written();
        let cut = loop {
            task.phase(Phase::Waiting, task.written());
            let connection = tokio::select! {
                connection = transfers.connection(dead.as_ref()) => connection?,
                _ = order::other(&mut orders, given) => break Cut::Order,
            };
            match stream(task, &connection, given).await {
                Ok(()) => return Ok(()),
                Err(Cut::Lost) => dead = Some(connection),
                Err(cut) => break cut,
            }
        };
        if task.written() > before {
            pauses.moved();
        }
        match cut {
            Cut::Over(error) => return Err(error),
            Cut::Later => {
                task.phase(Phase::Waiting, task.written());
                drop(turn);
                tokio::select! {
                    () = pauses.pause() => {}
                    error = transfers.over() => return Err(error),
                    _ = order::other(&mut orders, given) => {}
                }
            }
            Cut::Lost | Cut::Order => {}
        }
    }
}

/// One stream, from its beginning to its end.
async fn stream(task: &mut Task, connection: &Connection, given: Order) -> Result<(), Cut> {
    let (send, recv) = open(connection).await?;
    let (mut reader, mut writer) = (FrameReader::new(recv), FrameWriter::new(send));
    writer.push(task.receiving.open(task.written()));
    let mut waiting = Waiting::default();
    let mut writing: Option<Pin<Box<dyn Future<Output = _> + Send>>> = None;
    let mut held: Option<Pin<Box<Sleep>>> = None;
    let mut orders = task.orders.clone();
    let outcome = loop {
        if writing.is_none()
            && (waiting.bytes >= limits::FILE_BLOCK_BYTES_MAX || task.receiving.is_idle() && waiting.bytes > 0)
            && let Some(sink) = task.sink.take()
        {
            let blocks = waiting.take();
            writing = Some(Box::pin(blocking(sink, move |sink| sink.write(&blocks))));
        }
        if writing.is_none() && waiting.bytes == 0 && task.receiving.is_idle() {
            if task.receiving.is_whole() {
                break Ok(());
            }
            // The rest is still on its way to the server.
            break Err(Cut::Later);
        }
        let reads = waiting.bytes < limits::FILE_BLOCKS_MAX * limits::FILE_BLOCK_BYTES_MAX && held.is_none();
        tokio::select! {
            biased;
            done = maybe(&mut writing) => {
                writing = None;
                let (sink, written): (Sink, Result<(), Error>) = done?;
                let bytes = sink.written();
                task.sink = Some(sink);
                written?;
                task.phase(Phase::Moving, bytes);
            }
            filled = reader.fill(), if reads && !task.receiving.is_idle() => {
                let came = waiting.bytes;
                match filled.and_then(|()| take(&mut task.receiving, &mut reader, &mut waiting)) {
                    Ok(Some(cut)) => break Err(cut),
                    Ok(None) => {
                        let (came, moved_bytes) = (waiting.bytes - came, task.receiving.have());
                        task.progress.send_modify(|progress| progress.moved_bytes = moved_bytes);
                        let until = task.throttle.as_ref().filter(|_| came > 0).and_then(|throttle| throttle.passed(came));
                        held = until.map(|until| Box::pin(sleep_until(until.into())));
                    }
                    Err(error) => break Err(error.into()),
                }
            }
            written = writer.some_written() => {
                if let Err(error) = written {
                    break Err(error.into());
                }
            }
            () = maybe(&mut held) => held = None,
            _ = order::other(&mut orders, given) => break Err(Cut::Order),
        }
    };
    // What came is kept, whatever became of the stream.
    if let Some(writing) = writing
        && let Ok((sink, _)) = writing.await
    {
        task.sink = Some(sink);
    }
    if outcome.is_err()
        && let Some(sink) = task.sink.take()
    {
        let blocks = waiting.take();
        let (sink, written) = blocking(sink, move |sink| sink.write(&blocks)).await?;
        task.sink = Some(sink);
        written?;
    }
    match outcome {
        Err(Cut::Over(Error::Refused(failure)))
            if failure.known() == Some(Code::BadRange) && !task.is_cleared && task.written() > 0 =>
        {
            // What is there is of another one, and may be longer.
            task.is_cleared = true;
            if let Some(sink) = task.sink.take() {
                let (sink, cleared) = blocking(sink, Sink::clear).await?;
                task.sink = Some(sink);
                cleared?;
            }
            Err(Cut::Later)
        }
        outcome => outcome,
    }
}

/// Bytes that came and are not being written.
#[derive(Debug, Default)]
struct Waiting {
    blocks: Vec<Bytes>,
    bytes: usize,
}

impl Waiting {
    fn take(&mut self) -> Vec<Bytes> {
        self.bytes = 0;
        std::mem::take(&mut self.blocks)
    }
}

/// Takes every frame that has come.
fn take(receiving: &mut Receiving, reader: &mut FrameReader, waiting: &mut Waiting) -> Result<Option<Cut>, ReadError> {
    while let Some(frame) = reader.next()? {
        match receiving.frame(&frame)? {
            Step::Bytes(bytes) => {
                waiting.bytes += bytes.len();
                waiting.blocks.push(bytes);
            }
            Step::Refused(failure) => return Ok(Some(refused(failure))),
            // As if its server had known what is here of the one before.
            Step::Other => return Ok(Some(refused(Failure::new(Code::BadRange)))),
            Step::Started | Step::Nothing => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::{RoomId, TransferId, message::FileVariant};

    #[test]
    fn a_part_is_of_one_message_one_rendering_and_one_upload() {
        let download = |seq| Download::new(RoomId([1; 16]), seq, "a");
        let marks = [
            mark(&download(7)),
            mark(&download(8)),
            mark(&download(7).variant(FileVariant::Preview)),
            mark(&download(7).transfer(TransferId([1; 16]))),
            mark(&download(7).transfer(TransferId([2; 16]))),
        ];
        assert!((1..marks.len()).all(|at| !marks[..at].contains(&marks[at])), "{marks:?}");
        assert_eq!(marks[3], mark(&Download::new(RoomId([1; 16]), 7, "b").transfer(TransferId([1; 16]))));
    }
}
