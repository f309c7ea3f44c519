//! Carries bytes between one connection and the machine until either has had enough.

use bytes::Bytes;
use rill_protocol::{
    Code, codec,
    message::{History, Lane, LaneClass},
};
use std::{
    future::pending,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{Sleep, sleep_until, timeout};

use super::{
    command::Command,
    link::{End, Link, ended},
    machine::{Machine, Output},
    stream::{FrameReader, FrameWriter, ReadError},
    supervise::{Io, Way, has_room},
};
use crate::{
    limits,
    transport::{Class, Connection, StreamError},
};

/// Opening a stream waits only where the server is slow to allow another.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than any pause of the machine.
const NOTHING_DUE: Duration = Duration::from_secs(3_600);

/// Runs one connection to its end and closes it.
pub(crate) async fn drive(link: Link, machine: &mut Machine, io: &mut Io) -> End {
    let Link { connection, reader, writer, welcome } = link;
    machine.connected(&welcome, Instant::now());
    let connection = Arc::new(connection);
    let mut driver = Driver { connection, reader, writer, lanes: [None, None], history: None, is_online: false };
    let end = driver.run(machine, io).await;
    machine.disconnected();
    io.shared.way.send_replace(Way::Down);
    let code = match &end {
        End::Broken(_) => Code::Malformed,
        _ => Code::Normal,
    };
    let Driver { connection, .. } = driver;
    match end {
        End::Here => connection.close_gently(code, limits::CLOSE_TIMEOUT).await,
        _ => connection.close(code),
    }
    end
}

struct Driver {
    /// Transfers have streams of their own on it.
    connection: Arc<Connection>,
    reader: FrameReader,
    writer: FrameWriter,
    /// In view, others.
    lanes: [Option<FrameReader>; 2],
    history: Option<(FrameReader, FrameWriter)>,
    is_online: bool,
}

impl Driver {
    async fn run(&mut self, machine: &mut Machine, io: &mut Io) -> End {
        let mut timer = Box::pin(sleep_until((Instant::now() + NOTHING_DUE).into()));
        loop {
            let now = Instant::now();
            machine.pump(now);
            if let Err(end) = self.perform(machine, io, now).await {
                return end;
            }
            if machine.is_dead(now) {
                return End::Broken("the server was silent for too long".to_owned());
            }
            io.give(machine);
            set(timer.as_mut(), machine.next_due().unwrap_or(now + NOTHING_DUE));
            if let Err(end) = self.wait(machine, io, timer.as_mut()).await {
                return end;
            }
        }
    }

    /// Waits for whatever comes first and hands it to the machine. The order is by
    /// urgency; what is put off is looked at in the next round.
    async fn wait(&mut self, machine: &mut Machine, io: &mut Io, timer: std::pin::Pin<&mut Sleep>) -> Result<(), End> {
        let Self { connection, reader, writer, lanes, history, .. } = self;
        let [in_view, others] = lanes;
        let (history_reader, history_writer) = match history {
            Some((reader, writer)) => (Some(reader), Some(writer)),
            None => (None, None),
        };
        let Io { commands, events, shared, .. } = io;
        let wants_entries = machine.wants_entries();
        tokio::select! {
            biased;
            error = writer.drain() => return Err(ended(connection, &error.into()).await),
            _ = drain(history_writer) => self.history_lost(machine),
            filled = reader.fill() => {
                machine.heard(Instant::now());
                if let Err(error) = filled.and_then(|()| self.control(machine)) {
                    return Err(ended_or_broken(&self.connection, error).await);
                }
            }
            command = commands.recv(), if machine.accepts_commands() => match command {
                Some(command) => {
                    if matches!(command, Command::Rebind)
                        && !connection.rebind().map_err(|error| End::Broken(format!("no other socket: {error}")))?
                    {
                        return Err(End::Moved);
                    }
                    machine.command(command);
                }
                None => return Err(End::Here),
            },
            () = shared.closing.notified() => return Err(End::Here),
            filled = fill(in_view.as_mut()), if wants_entries => self.lane(LaneClass::InView, filled, machine)?,
            filled = fill(others.as_mut()), if wants_entries => self.lane(LaneClass::Others, filled, machine)?,
            filled = fill(history_reader) => self.answers(filled, machine)?,
            datagram = connection.recv_datagram() => {
                let now = Instant::now();
                machine.heard(now);
                machine.datagram(datagram?, now);
            }
            () = has_room(events), if !machine.events().is_empty() => {}
            () = timer => {}
        }
        Ok(())
    }

    fn control(&mut self, machine: &mut Machine) -> Result<(), ReadError> {
        while let Some(frame) = self.reader.next()? {
            machine.frame(&frame, Instant::now())?;
        }
        Ok(())
    }

    fn lane(&mut self, class: LaneClass, filled: Result<(), ReadError>, machine: &mut Machine) -> Result<(), End> {
        let now = Instant::now();
        machine.heard(now);
        let Some(lane) = &mut self.lanes[index(class)] else { return Ok(()) };
        let read = filled.and_then(|()| {
            while machine.wants_entries()
                && let Some(frame) = lane.next()?
            {
                machine.lane_frame(class, &frame)?;
            }
            Ok(())
        });
        match read {
            Ok(()) => Ok(()),
            Err(error) if error.is_violation() => Err(End::Broken(error.to_string())),
            Err(error) => {
                tracing::debug!(?class, %error, "a lane ended");
                self.lanes[index(class)] = None;
                machine.lane_lost(class, now);
                Ok(())
            }
        }
    }

    fn answers(&mut self, filled: Result<(), ReadError>, machine: &mut Machine) -> Result<(), End> {
        let now = Instant::now();
        machine.heard(now);
        let Some((reader, _)) = &mut self.history else { return Ok(()) };
        let read = filled.and_then(|()| {
            while let Some(frame) = reader.next()? {
                machine.frame(&frame, now)?;
            }
            Ok(())
        });
        match read {
            Ok(()) => Ok(()),
            Err(error) if error.is_violation() => Err(End::Broken(error.to_string())),
            Err(_) => {
                self.history_lost(machine);
                Ok(())
            }
        }
    }

    fn history_lost(&mut self, machine: &mut Machine) {
        self.history = None;
        machine.history_lost();
    }

    /// Does what the machine asks for.
    async fn perform(&mut self, machine: &mut Machine, io: &mut Io, now: Instant) -> Result<(), End> {
        while let Some(output) = machine.next_output() {
            match output {
                Output::Control(frame) => self.writer.push(frame),
                Output::History(frame) => self.ask(frame, machine).await,
                Output::Datagram(datagram) => self.connection.send_datagram(datagram),
                Output::OpenLane(class) => self.open_lane(class, machine, now).await,
                Output::Settled(pending, outcome) => io.settle(machine, pending, outcome),
                Output::RoundTrip(trip) => io.shared.set_round_trip(trip),
                Output::GiveUp(failure) => return Err(End::Coded(failure)),
            }
        }
        if machine.is_online() && !self.is_online {
            self.is_online = true;
            io.online(machine, self.connection.kind());
            io.shared.way.send_replace(Way::Up(Arc::clone(&self.connection)));
        }
        Ok(())
    }

    async fn open_lane(&mut self, class: LaneClass, machine: &mut Machine, now: Instant) {
        let priority = if class == LaneClass::InView { Class::LaneInView } else { Class::LaneOthers };
        let header = codec::frame(&Lane { class });
        match timeout(OPEN_TIMEOUT, open(&self.connection, priority, header)).await {
            Ok(Ok((reader, writer))) => {
                writer.finish();
                self.lanes[index(class)] = Some(reader);
            }
            Ok(Err(_)) | Err(_) => machine.lane_lost(class, now),
        }
    }

    async fn ask(&mut self, request: Bytes, machine: &mut Machine) {
        if self.history.is_none() {
            let header = codec::frame(&History {});
            if let Ok(Ok(halves)) = timeout(OPEN_TIMEOUT, open(&self.connection, Class::History, header)).await {
                self.history = Some(halves);
            }
        }
        match &mut self.history {
            Some((_, writer)) => writer.push(request),
            None => machine.history_lost(),
        }
    }
}

async fn open(connection: &Connection, class: Class, header: Bytes) -> Result<(FrameReader, FrameWriter), StreamError> {
    let (mut send, recv) = connection.open(class).await?;
    send.write(header).await?;
    Ok((FrameReader::new(recv), FrameWriter::new(send)))
}

const fn index(class: LaneClass) -> usize {
    match class {
        LaneClass::InView => 0,
        _ => 1,
    }
}

async fn fill(reader: Option<&mut FrameReader>) -> Result<(), ReadError> {
    match reader {
        Some(reader) => reader.fill().await,
        None => pending().await,
    }
}

async fn drain(writer: Option<&mut FrameWriter>) -> StreamError {
    match writer {
        Some(writer) => writer.drain().await,
        None => pending().await,
    }
}

async fn ended_or_broken(connection: &Connection, error: ReadError) -> End {
    if error.is_violation() { End::Broken(error.to_string()) } else { ended(connection, &error).await }
}

fn set(timer: std::pin::Pin<&mut Sleep>, due: Instant) {
    if timer.deadline() != due.into() {
        timer.reset(due.into());
    }
}
