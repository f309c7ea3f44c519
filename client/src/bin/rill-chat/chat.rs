//! The conversation: what happens in the rooms. What the user wants is in [`commands`].

mod commands;

use anyhow::bail;
use rill_client::{Client, Event, State, TailCause};
use rill_protocol::{
    ClientId, RoomId,
    limits::HISTORY_PAGE_MAX,
    message::{Direction, RoomKind},
};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    line::{Line, settle},
    login::Login,
    names::Names,
    print::{Printer, amount, harmless},
    room::Room,
};

/// For a page of what was missed. Whoever only follows has no other way to it.
const CATCH_UP_PATIENCE: Duration = Duration::from_secs(60);

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Continue,
    Quit,
}

/// See the module.
pub(crate) struct Chat {
    client: Client,
    printer: Printer,
    names: Names,
    rooms: HashMap<RoomId, Room>,
    /// Those that are chats of two.
    private: HashSet<RoomId>,
    current: Option<RoomId>,
    /// The room to enter once the list of rooms is there.
    wanted: Option<String>,
    /// Shows every room, not only the current one.
    every_room: bool,
    must_enter: bool,
    ready: bool,
    /// Own messages that did not come back as entries yet.
    unseen: HashSet<ClientId>,
    /// Files on their way that were asked for here.
    transfers: JoinSet<Outcome>,
    /// Those of an earlier start.
    resumed: JoinSet<Outcome>,
    /// Messages and files of this start that came to nothing.
    failed: usize,
    login: Login,
    /// How long a command may take.
    patience: Duration,
}

/// What can be said of a file that is over: that it arrived, or not.
type Outcome = Result<String, String>;

impl Chat {
    /// `must_enter` makes a `wanted` room that does not exist an error.
    pub(crate) fn new(
        client: Client,
        login: Login,
        printer: Printer,
        wanted: Option<String>,
        must_enter: bool,
        patience: Duration,
    ) -> Self {
        let every_room = printer.json && wanted.is_none();
        Self {
            client,
            printer,
            names: Names::default(),
            rooms: HashMap::new(),
            private: HashSet::new(),
            current: None,
            wanted,
            every_room,
            must_enter,
            ready: false,
            unseen: HashSet::new(),
            transfers: JoinSet::new(),
            resumed: JoinSet::new(),
            failed: 0,
            login,
            patience,
        }
    }

    /// Whether every own message was delivered, and came back if this program shows it.
    pub(crate) fn is_settled(&self) -> bool {
        self.unseen.is_empty()
    }

    /// Whether the first connection stands and the first room is entered: input is
    /// taken from then on, so that a script need not wait for either.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready
    }

    /// Whether files are on their way that were asked for here.
    pub(crate) fn has_transfers(&self) -> bool {
        !self.transfers.is_empty()
    }

    /// Messages and files of this start that came to nothing.
    pub(crate) fn failed(&self) -> usize {
        self.failed
    }

    /// Resolves when a file is over, and says how; never while there is none. Cancel safe.
    pub(crate) async fn transfer_over(&mut self) {
        let (over, is_ours) = tokio::select! {
            Some(over) = self.transfers.join_next() => (over, true),
            Some(over) = self.resumed.join_next() => (over, false),
            else => std::future::pending().await,
        };
        match over {
            Ok(Err(failed)) if is_ours => self.failed_to(&failed),
            Ok(Ok(outcome) | Err(outcome)) => note(&outcome),
            Err(_) => {}
        }
    }

    fn failed_to(&mut self, what: &str) {
        self.failed += 1;
        note(what);
    }

    /// Applies what happened, in order.
    pub(crate) async fn happened(&mut self, events: &mut Vec<Event>) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        for event in events.drain(..) {
            if let Event::Entry(entry) = event {
                let line = Line::from(entry);
                self.unseen.remove(&line.client_id);
                let is_new = self.rooms.get_mut(&line.room).is_none_or(|room| room.push(line.clone()));
                // A person is shown how the file is now; a program everything that happened.
                if !self.printer.json {
                    settle(&mut lines, &line);
                }
                if is_new && self.shows(line.room) {
                    lines.push(line);
                }
                continue;
            }
            self.show(std::mem::take(&mut lines)).await?;
            self.change(event).await?;
        }
        self.show(lines).await
    }

    async fn change(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::State(state) => self.state(state).await?,
            Event::RoomAdded(info) => match self.rooms.get_mut(&info.id) {
                Some(room) => room.info = info,
                None => drop(self.rooms.insert(info.id, Room::new(info))),
            },
            Event::RoomDetails(details) => {
                let private = details.iter().filter(|detail| detail.kind == RoomKind::Private);
                self.private.extend(private.map(|detail| detail.room));
            }
            Event::RoomRemoved(id) => {
                let gone = self.rooms.remove(&id);
                if self.current == Some(id) {
                    self.current = None;
                    note(&format!("you are no longer in {}", gone.map(|room| room.info.name).unwrap_or_default()));
                }
            }
            Event::Tail { room, epoch, base, cause, .. } => {
                let missed = self.rooms.get_mut(&room).and_then(|room| room.tail(epoch, base));
                if cause == TailCause::EpochChanged && self.shows(room) {
                    note("the server's record of this room was restored; it may differ from what was shown");
                }
                if let Some(from) = missed {
                    self.catch_up(room, from, base).await?;
                }
            }
            Event::PostFailed { client_id, failure, .. } => {
                self.unseen.remove(&client_id);
                self.failed_to(&format!("not delivered: {failure}"));
            }
            _ => {}
        }
        Ok(())
    }

    async fn state(&mut self, state: State) -> anyhow::Result<()> {
        match state {
            State::Online { transport } => {
                note(&format!("online over {transport}"));
                if !self.ready {
                    self.name_resumed();
                }
                if let Some(name) = self.wanted.take() {
                    self.enter_wanted(&name).await?;
                }
                self.ready = true;
            }
            State::Offline { reason, retry_in } => {
                note(&format!("offline ({reason}); trying again in {:.1} s", retry_in.as_secs_f64()));
            }
            State::LoggedOut(failure) | State::Stopped(failure) => bail!("{failure}"),
            _ => {}
        }
        Ok(())
    }

    /// Files that an earlier start was sending go on by themselves, and whoever does not know
    /// would send them again.
    fn name_resumed(&mut self) {
        for handle in self.client.uploads() {
            note(&format!("going on with {}, {}", handle.name, amount(handle.progress().size_bytes)));
            self.resumed.spawn(commands::sent(handle));
        }
    }

    async fn enter_wanted(&mut self, name: &str) -> anyhow::Result<()> {
        match self.enter(name).await {
            Ok(()) => Ok(()),
            Err(error) if self.must_enter => Err(error),
            Err(error) => {
                note(&format!("{error:#}"));
                Ok(())
            }
        }
    }

    /// What was missed while too much happened to replay it.
    async fn catch_up(&mut self, room: RoomId, mut after: u64, base: u64) -> anyhow::Result<()> {
        while after < base {
            let page = self.client.history(room, Direction::After, after, HISTORY_PAGE_MAX as u32);
            let Ok(Ok(page)) = timeout(CATCH_UP_PATIENCE, page).await else {
                note("some older messages could not be fetched; /history shows them");
                if let Some(room) = self.rooms.get_mut(&room) {
                    room.skipped();
                }
                break;
            };
            let next = page.next;
            let lines: Vec<Line> =
                page.messages.into_iter().map(|message| Line::of_history(room, message, &page.files)).collect();
            let mut lines: Vec<Line> = lines.into_iter().filter(|line| line.seq <= base).collect();
            if let Some(kept) = self.rooms.get_mut(&room) {
                lines.retain(|line| kept.push(line.clone()));
            }
            if self.shows(room) {
                self.show(lines).await?;
            }
            match next {
                Some(seq) => after = seq.get(),
                None => break,
            }
        }
        Ok(())
    }

    fn shows(&self, room: RoomId) -> bool {
        self.every_room || self.current == Some(room)
    }

    async fn show(&mut self, lines: Vec<Line>) -> anyhow::Result<()> {
        self.names.learn(&self.client, lines.iter().map(|line| line.author)).await;
        for line in lines {
            let room = self.rooms.get_mut(&line.room);
            let name = self.names.of(line.author);
            self.printer.line(&line, room.as_ref().map_or("", |room| &room.info.name), &name)?;
            if let Some(room) = room {
                room.shown(line.seq);
            }
        }
        Ok(())
    }
}

/// Something about the way to the server, or about a command.
pub(crate) fn note(text: &str) {
    eprintln!("-- {}", harmless(text));
}
