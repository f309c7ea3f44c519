//! Connection after connection, until the application or the server says stop.

use rill_protocol::{Action, Code, UserId};
use std::{
    collections::VecDeque,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::{sleep, timeout},
};

use super::{
    Tickets,
    backoff::Jitter,
    command::Command,
    drive::drive,
    link::{End, Link},
    machine::Machine,
    outbox::{Outcome, Pending},
    outbox_file::OutboxFile,
};
use crate::{
    Endpoints, Error, Event, Failure, State, TransportKind, Trust, http::Api, limits, transport, transport::Connection,
};

/// Where streams beside the session's own can be opened.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    Down,
    Up(Arc<Connection>),
    /// There will be none any more.
    Over(Error),
}

/// What handles can see without asking the session.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) state: watch::Sender<State>,
    pub(crate) way: watch::Sender<Way>,
    /// Posts that wait for their ack.
    pub(crate) queued: watch::Sender<usize>,
    pub(crate) me: OnceLock<UserId>,
    /// The application wants the end, however much else waits.
    pub(crate) closing: Notify,
    round_trip_us: AtomicU64,
}

impl Shared {
    pub(crate) fn new(queued: usize) -> Self {
        Self {
            state: watch::Sender::new(State::Connecting),
            way: watch::Sender::new(Way::Down),
            queued: watch::Sender::new(queued),
            me: OnceLock::new(),
            closing: Notify::new(),
            round_trip_us: AtomicU64::new(0),
        }
    }

    /// The last measured round trip; nothing before the first.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        Some(self.round_trip_us.load(Ordering::Relaxed)).filter(|us| *us > 0).map(Duration::from_micros)
    }

    pub(super) fn set_round_trip(&self, trip: Duration) {
        let us = u64::try_from(trip.as_micros()).unwrap_or(u64::MAX);
        self.round_trip_us.store(us.max(1), Ordering::Relaxed);
    }
}

/// The session's ends towards the application.
pub(crate) struct Io {
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) shared: Arc<Shared>,
    outbox: Option<OutboxFile>,
}

impl Io {
    /// Gives the application what fits.
    pub(super) fn give(&self, machine: &mut Machine) {
        while let Some(event) = machine.events().pop_front() {
            match self.events.try_send(event) {
                Ok(()) => {}
                Err(mpsc::error::TrySendError::Full(event)) => return machine.events().push_front(event),
                // The application does not listen: nothing is kept for it.
                Err(mpsc::error::TrySendError::Closed(_)) => machine.events().clear(),
            }
        }
    }

    /// A post was answered for good.
    pub(super) fn settle(&self, machine: &mut Machine, pending: Pending, outcome: Outcome<Failure>) {
        let Pending { post, receipt } = pending;
        if let Some(file) = &self.outbox {
            file.remove(post.client_id);
        }
        let (room, count) = (post.room, post.count());
        match &outcome {
            Ok(posted) => machine.events().extend(posted.iter().cloned().map(Event::Posted)),
            Err(failure) => {
                let failed = |client_id| Event::PostFailed { room, client_id, failure: failure.clone() };
                machine.events().extend(post.client_ids().map(failed));
            }
        }
        if let Some(receipt) = receipt {
            receipt.send(outcome.map_err(Error::from)).ok();
        }
        self.shared.queued.send_modify(|queued| *queued = queued.saturating_sub(count));
    }

    pub(super) fn online(&self, machine: &mut Machine, transport: TransportKind) {
        self.state(machine, State::Online { transport });
    }

    fn state(&self, machine: &mut Machine, state: State) {
        self.shared.state.send_replace(state.clone());
        machine.events().push_back(Event::State(state));
    }
}

/// Owns a session from the first connection to the last.
pub(crate) struct Supervisor {
    pub(crate) kind: TransportKind,
    pub(crate) fallback: Option<TransportKind>,
    pub(crate) api: Option<Api>,
    /// Whose API tells where the transports are; nothing if the configuration does.
    pub(crate) server: Option<url::Url>,
    pub(crate) endpoints: Option<Endpoints>,
    /// Whom to try behind it, the next one first.
    pub(crate) nodes: VecDeque<Endpoints>,
    pub(crate) trust: Trust,
    pub(crate) client_name: String,
    pub(crate) tickets: Tickets,
    pub(crate) seed: u64,
}

/// What to do behind the end of a connection.
enum Next {
    /// Another ticket may help, at once.
    Again,
    After(Duration),
    Over(State, Error),
}

impl Supervisor {
    /// Runs until there is nothing more to do.
    pub(crate) async fn run(
        mut self,
        commands: mpsc::Receiver<Command>,
        events: mpsc::Sender<Event>,
        shared: Arc<Shared>,
        outbox: Option<(OutboxFile, Vec<Pending>)>,
    ) {
        let mut machine = Machine::new(self.seed);
        let (outbox, left) = outbox.unzip();
        left.into_iter().flatten().for_each(|pending| machine.command(Command::Post(pending)));
        let mut io = Io { commands, events, shared, outbox };
        let (state, error) = self.connections(&mut machine, &mut io).await;
        machine.end(&error);
        io.shared.way.send_replace(Way::Over(error));
        io.state(&mut machine, state);
        if let Some(file) = &io.outbox {
            file.settle().await;
        }
        // An application that waits for the end may no longer read events.
        let rest = async {
            while let Some(event) = machine.events().pop_front()
                && io.events.send(event).await.is_ok()
            {}
        };
        timeout(limits::CLOSE_TIMEOUT, rest).await.ok();
    }

    async fn connections(&mut self, machine: &mut Machine, io: &mut Io) -> (State, Error) {
        let closed = || (State::Closed, Error::Closed);
        let mut jitter = Jitter::new(self.seed.rotate_left(32));
        let mut tries = 0;
        loop {
            io.state(machine, State::Connecting);
            let Some(link) = meanwhile(machine, io, self.link()).await else { return closed() };
            let end = match link {
                Ok(link) => {
                    let since = Instant::now();
                    self.tickets.keep(link.welcome.ticket);
                    io.shared.me.get_or_init(|| link.welcome.user);
                    let end = Box::pin(drive(link, machine, io)).await;
                    let was_online = matches!(*io.shared.state.borrow(), State::Online { .. });
                    tries = tries_behind(tries, since.elapsed(), was_online);
                    end
                }
                Err(end) => {
                    // Ports or certificates may have changed: ask before the next try.
                    if self.server.is_some() && matches!(end, End::Broken(_)) {
                        self.endpoints = None;
                    }
                    end
                }
            };
            let reason = match &end {
                End::Coded(failure) => failure.to_string(),
                End::Broken(reason) => reason.clone(),
                End::Here => return closed(),
                End::Moved => "this machine has another address".to_owned(),
            };
            self.turn_to_next_node(&end);
            let pause = jitter.pause(limits::RECONNECT_PAUSE, tries);
            tries += 1;
            match self.judge(end, machine.take_go_away(), pause) {
                Next::Again => {}
                Next::Over(state, error) => return (state, error),
                Next::After(pause) => {
                    tracing::debug!(%reason, ?pause, "offline");
                    io.state(machine, State::Offline { reason, retry_in: pause });
                    if meanwhile(machine, io, sleep(pause)).await.is_none() {
                        return closed();
                    }
                }
            }
        }
    }

    /// One connection, up to `Welcome`.
    async fn link(&mut self) -> Result<Link, End> {
        if let (None, Some(api), Some(server)) = (&self.endpoints, &self.api, &self.server) {
            let info = api.server().await.map_err(end_of)?;
            self.endpoints = Some(Endpoints::of(server, &info).map_err(end_of)?);
        }
        let endpoints = self.endpoints.as_ref().ok_or_else(|| End::Broken("no address".to_owned()))?;
        let connection =
            transport::connect_either((self.kind, self.fallback), endpoints, &self.trust).await.map_err(end_of)?;
        let ticket = self.tickets.take(self.api.as_ref()).await.map_err(end_of)?;
        Link::hello(connection, ticket, &self.client_name).await
    }

    /// From a node that died, that cannot be reached, or that stops.
    fn turn_to_next_node(&mut self, end: &End) {
        let is_there = match end {
            End::Coded(failure) => failure.known() != Some(Code::GoingAway),
            End::Moved => true,
            End::Broken(_) | End::Here => false,
        };
        if !is_there && let Some(next) = self.nodes.pop_front() {
            self.nodes.extend(self.endpoints.replace(next));
        }
    }

    fn judge(&mut self, end: End, go_away: Option<Duration>, pause: Duration) -> Next {
        let failure = match end {
            End::Coded(failure) => failure,
            // The server is well: nobody need wait for it.
            End::Moved => return Next::After(Duration::ZERO),
            End::Broken(_) | End::Here => return Next::After(pause),
        };
        let over = |state: fn(Failure) -> State| Next::Over(state(failure.clone()), failure.clone().into());
        match failure.known() {
            Some(Code::BadTicket) if self.tickets.refused() => Next::Again,
            // Its own pause, and jitter on top so that not all come at once.
            Some(Code::GoingAway) => Next::After(go_away.unwrap_or_default() + pause),
            // A code of a later version ends a connection, not a session.
            None => Next::After(pause),
            Some(code) => match code.action() {
                Action::Retry | Action::Resume => Next::After(pause),
                Action::Login => over(State::LoggedOut),
                Action::Stop => over(State::Stopped),
            },
        }
    }
}

/// How many tries count as failed behind a connection: none if it was stable, few if the
/// session came about on it. A server that dies again and again must not keep those away
/// who reach it each time; one that throws everybody out at once must not be stormed.
fn tries_behind(tries: u32, lived: Duration, was_online: bool) -> u32 {
    match lived > limits::STABLE_AFTER {
        true => 0,
        false if was_online => tries.min(limits::TRIES_BEHIND_ONLINE_MAX),
        false => tries,
    }
}

/// Resolves when the application has taken something. Cancel safe.
pub(super) async fn has_room(events: &mpsc::Sender<Event>) {
    events.reserve().await.ok();
}

fn end_of(error: Error) -> End {
    match error {
        Error::Refused(failure) => End::Coded(failure),
        other => End::Broken(other.to_string()),
    }
}

/// Does `work`, and takes commands while it lasts; nothing when the application wants
/// the end.
async fn meanwhile<T>(machine: &mut Machine, io: &mut Io, work: impl Future<Output = T>) -> Option<T> {
    let mut work = std::pin::pin!(work);
    loop {
        io.give(machine);
        let Io { commands, events, shared, .. } = io;
        tokio::select! {
            outcome = &mut work => return Some(outcome),
            command = commands.recv(), if machine.accepts_commands() => match command {
                Some(command) => machine.command(command),
                None => return None,
            },
            () = shared.closing.notified() => return None,
            () = has_room(events), if !machine.events().is_empty() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_that_came_about_keeps_the_next_pause_short() {
        let (short, long) = (limits::STABLE_AFTER / 10, limits::STABLE_AFTER * 2);
        assert_eq!(tries_behind(9, long, true), 0);
        assert_eq!(tries_behind(9, short, true), limits::TRIES_BEHIND_ONLINE_MAX);
        assert_eq!(tries_behind(1, short, true), 1);
        assert_eq!(tries_behind(9, short, false), 9);
    }
}
