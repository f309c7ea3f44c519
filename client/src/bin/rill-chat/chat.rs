//! The conversation: what happens in the rooms, and what the user wants.

use anyhow::bail;
use parking_lot::Mutex;
use rill_client::{
    Client, Error, Event, State, TailCause,
    files::{Download, Upload},
};
use rill_protocol::{
    ClientId, RoomId,
    limits::{HISTORY_PAGE_MAX, MEMBER_PAGE_MAX, ROOM_PAGE_MAX},
    message::{Direction, RoomInfo},
};
use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    command::{Command, HELP},
    directory, get,
    line::{Line, LineFile},
    names::Names,
    print::{Printer, amount, described, harmless},
    room::Room,
};

/// A command that takes longer is given up; a message is not.
const PATIENCE: Duration = Duration::from_secs(10);
/// Lines that /history shows at once.
const HISTORY_LINES: u32 = 30;

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
    current: Option<RoomId>,
    /// The room to enter once the list of rooms is there.
    wanted: Option<String>,
    /// Shows every room, not only the current one.
    every_room: bool,
    must_enter: bool,
    ready: bool,
    /// Own messages that did not come back as entries yet.
    unseen: HashSet<ClientId>,
    /// Files on their way; each comes to something that can be said of it.
    transfers: JoinSet<String>,
    /// Where files that are fetched go: no other gets the same name meanwhile.
    taken: Arc<Mutex<HashSet<PathBuf>>>,
}

impl Chat {
    /// `must_enter` makes a `wanted` room that does not exist an error.
    pub(crate) fn new(client: Client, printer: Printer, wanted: Option<String>, must_enter: bool) -> Self {
        let every_room = printer.json && wanted.is_none();
        Self {
            client,
            printer,
            names: Names::default(),
            rooms: HashMap::new(),
            current: None,
            wanted,
            every_room,
            must_enter,
            ready: false,
            unseen: HashSet::new(),
            transfers: JoinSet::new(),
            taken: Arc::default(),
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

    /// Resolves when one of them is over, and says how; never while there is none. Cancel safe.
    pub(crate) async fn transfer_over(&mut self) {
        match self.transfers.join_next().await {
            Some(Ok(outcome)) => note(&outcome),
            Some(Err(_)) => {}
            None => std::future::pending().await,
        }
    }

    /// Applies what happened, in order.
    pub(crate) async fn happened(&mut self, events: &mut Vec<Event>) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        for event in events.drain(..) {
            if let Event::Entry(entry) = event {
                let line = Line::from(entry);
                self.unseen.remove(&line.client_id);
                let mut shown = self.shows(line.room);
                if let Some(room) = self.rooms.get_mut(&line.room) {
                    shown &= !room.was_shown(line.seq);
                    room.push(line.clone());
                }
                if shown {
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
                note(&format!("not delivered: {failure}"));
            }
            _ => {}
        }
        Ok(())
    }

    async fn state(&mut self, state: State) -> anyhow::Result<()> {
        match state {
            State::Online { transport } => {
                note(&format!("online over {transport}"));
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
            let Ok(Ok(page)) = timeout(PATIENCE, page).await else {
                note("some older messages could not be fetched; /history shows them");
                break;
            };
            let next = page.next;
            let lines: Vec<Line> =
                page.messages.into_iter().map(|message| Line::of_history(room, message, &page.files)).collect();
            let mut lines: Vec<Line> = lines.into_iter().filter(|line| line.seq <= base).collect();
            if let Some(kept) = self.rooms.get_mut(&room) {
                lines.iter().for_each(|line| kept.push(line.clone()));
                lines.retain(|line| !kept.was_shown(line.seq));
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

    /// Does what was typed.
    pub(crate) async fn command(&mut self, command: Command) -> anyhow::Result<Flow> {
        if command == Command::Quit {
            return Ok(Flow::Quit);
        }
        if let Command::Say(text) = command {
            // Never given up: it waits in the outbox.
            match self.current {
                None => note("enter a room first: /rooms lists them, /join NAME enters"),
                Some(room) => match self.client.post(room, text).await {
                    Ok(receipt) => drop(self.unseen.insert(receipt.client_id)),
                    Err(Error::Closed) => return Ok(Flow::Quit),
                    Err(error) => note(&format!("not sent: {error}")),
                },
            }
            return Ok(Flow::Continue);
        }
        match timeout(PATIENCE, self.perform(command)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => note(&format!("{error:#}")),
            Err(_) => note("no answer; is the server there?"),
        }
        Ok(Flow::Continue)
    }

    async fn perform(&mut self, command: Command) -> anyhow::Result<()> {
        match command {
            Command::Join(name) => self.enter(&name).await?,
            Command::Create(name) => {
                let info = self.client.create_room(name).await?;
                self.go(info).await?;
            }
            Command::Leave => {
                let room = self.here()?;
                self.client.leave(room).await?;
            }
            Command::Rooms => self.list_rooms().await?,
            Command::Members => self.list_members().await?,
            Command::History => self.older().await?,
            Command::Send(path) => self.send(&path).await?,
            Command::Files => self.list_files().await?,
            Command::Get(number) => self.get(number).await?,
            Command::Help => self.printer.plain(HELP)?,
            Command::Odd(why) => bail!(why),
            Command::Say(_) | Command::Quit | Command::Nothing => {}
        }
        Ok(())
    }

    fn here(&self) -> anyhow::Result<RoomId> {
        match self.current {
            Some(room) => Ok(room),
            None => bail!("you are in no room: /rooms lists them, /join NAME enters"),
        }
    }

    async fn enter(&mut self, name: &str) -> anyhow::Result<()> {
        let info = self.find(name).await?;
        let info = if info.joined { info } else { self.client.join(info.id).await? };
        self.go(info).await
    }

    /// Makes a room the current one and shows what is known of it.
    async fn go(&mut self, info: RoomInfo) -> anyhow::Result<()> {
        let id = info.id;
        note(&format!("in {}", harmless(&info.name)));
        self.current = Some(id);
        self.client.view(Some(id)).await?;
        let room = self.rooms.entry(id).or_insert_with(|| Room::new(info));
        let recent = room.recent();
        if self.every_room { Ok(()) } else { self.show(recent).await }
    }

    /// A room by id or name: the user's own before others, newest first.
    async fn find(&self, wanted: &str) -> anyhow::Result<RoomInfo> {
        match self.rooms.values().find(|room| directory::is_meant(&room.info, wanted)) {
            Some(room) => Ok(RoomInfo { joined: true, ..room.info.clone() }),
            None => directory::find(&self.client, wanted).await,
        }
    }

    async fn list_rooms(&self) -> anyhow::Result<()> {
        let page = self.client.rooms(None, ROOM_PAGE_MAX as u32).await?;
        for room in &page.rooms {
            let mark = if room.joined { '*' } else { ' ' };
            self.printer.plain(&format!("{mark} {} ({})", harmless(&room.name), room.members))?;
        }
        if page.more {
            self.printer.plain("  … and older ones")?;
        }
        Ok(())
    }

    async fn list_members(&self) -> anyhow::Result<()> {
        let page = self.client.members(self.here()?, None, MEMBER_PAGE_MAX as u32).await?;
        for member in &page.members {
            let mark = if member.online { '+' } else { ' ' };
            self.printer.plain(&format!("{mark} {}", harmless(&member.name)))?;
        }
        if page.more {
            self.printer.plain("  … and more")?;
        }
        Ok(())
    }

    async fn send(&mut self, path: &str) -> anyhow::Result<()> {
        let path = match (path.strip_prefix("~/"), std::env::home_dir()) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => path.into(),
        };
        let handle = self.client.upload(Upload::new(self.here()?, path)).await?;
        note(&format!("sending {}, {}", handle.name, amount(handle.progress().size_bytes)));
        self.transfers.spawn(async move {
            match handle.done().await {
                Ok(file) => format!("sent {} as file {}", handle.name, file.seq),
                Err(error) => format!("{} was not sent: {error}", handle.name),
            }
        });
        Ok(())
    }

    async fn list_files(&self) -> anyhow::Result<()> {
        let files = get::list(&self.client, self.here()?).await?;
        if files.is_empty() {
            note("there are no files here");
        }
        files.iter().try_for_each(|file| self.printer.plain(&described(&LineFile::from(file))))?;
        Ok(())
    }

    async fn get(&mut self, number: u64) -> anyhow::Result<()> {
        let room = self.here()?;
        let file = get::find(&self.client, room, number).await?;
        let path = {
            let mut taken = self.taken.lock();
            let path = get::free(Path::new("."), &file, |path| path.exists() || taken.contains(path))?;
            taken.insert(path.clone());
            path
        };
        let handle = self.client.download(Download::new(room, number, &path));
        let taken = Arc::clone(&self.taken);
        self.transfers.spawn(async move {
            let outcome = handle.done().await;
            taken.lock().remove(&path);
            match outcome {
                Ok(file) => format!("file {number} is {}, {}", path.display(), amount(file.size_bytes)),
                Err(error) => format!("file {number} did not come: {error}"),
            }
        });
        Ok(())
    }

    async fn older(&mut self) -> anyhow::Result<()> {
        let id = self.here()?;
        let before = self.rooms.get(&id).map_or(u64::MAX, Room::history_before);
        let page = self.client.history(id, Direction::Before, before, HISTORY_LINES).await?;
        if page.messages.is_empty() {
            note("that was the beginning");
        }
        let lines = page.messages.into_iter().map(|message| Line::of_history(id, message, &page.files)).collect();
        self.show(lines).await
    }
}

/// Something about the way to the server, or about a command.
pub(crate) fn note(text: &str) {
    eprintln!("-- {}", harmless(text));
}
