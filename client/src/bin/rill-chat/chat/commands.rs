//! What the user of a conversation wants.

use anyhow::bail;
use rill_client::{
    Error,
    files::{Upload, UploadHandle},
};
use rill_protocol::{
    RoomId,
    limits::{MEMBER_PAGE_MAX, ROOM_PAGE_MAX},
    message::{Direction, RoomInfo},
};
use std::path::{Path, PathBuf};
use tokio::time::timeout;

use super::{Chat, Flow, Outcome, note};
use crate::{
    command::{Command, HELP},
    directory, get,
    line::{Line, LineFile},
    print::{amount, described, harmless},
    room::Room,
};

/// Lines that /history shows at once.
const HISTORY_LINES: u32 = 30;

impl Chat {
    /// Does what was typed.
    pub(crate) async fn command(&mut self, command: Command) -> anyhow::Result<Flow> {
        if command == Command::Quit {
            return Ok(Flow::Quit);
        }
        if let Command::Say(text) = command {
            // Never given up: it waits in the outbox.
            match self.current {
                None => self.failed_to("enter a room first: /rooms lists them, /join NAME enters"),
                Some(room) => match self.client.post(room, text).await {
                    Ok(receipt) => drop(self.unseen.insert(receipt.client_id)),
                    Err(Error::Closed) => return Ok(Flow::Quit),
                    Err(error) => self.failed_to(&format!("not sent: {error}")),
                },
            }
            return Ok(Flow::Continue);
        }
        match timeout(self.patience, self.perform(command)).await {
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
            Command::Message(name) => {
                let other = directory::person(&self.client, &name).await?;
                let info = self.client.open_private_chat(other).await?;
                self.private.insert(info.id);
                self.go(info).await?;
            }
            Command::Leave => {
                let room = self.here()?;
                self.client.leave(room).await?;
            }
            Command::DeleteRoom(name) => {
                let room = self.here()?;
                let called = self.rooms.get(&room).map(|room| room.info.name.as_str()).unwrap_or_default();
                if name != called {
                    bail!("not deleted: this room is called {}", harmless(called));
                }
                self.client.delete_room(room).await?;
                note(&format!("{} is deleted", harmless(&name)));
            }
            Command::Rooms => self.list_rooms().await?,
            Command::Members => self.list_members().await?,
            Command::History => self.older().await?,
            Command::Send(path) => self.send(&path).await?,
            Command::Files => self.list_files().await?,
            Command::Get(number) => self.get(number).await?,
            Command::Remove(number) => {
                let room = self.here()?;
                let last = || self.rooms.get(&room)?.last_of(self.client.user()?);
                let Some(number) = number.or_else(last) else { bail!("there is no message of yours to remove") };
                self.client.remove_message(room, number).await?;
                note(&format!("message {number} is removed"));
            }
            Command::Avatar(path) => {
                self.login.set_avatar(&typed(&path)).await?;
                note("others see your new picture");
            }
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

    pub(super) async fn enter(&mut self, name: &str) -> anyhow::Result<()> {
        let info = self.find(name).await?;
        let info = if info.joined { info } else { self.client.join(info.id).await? };
        self.go(info).await
    }

    /// Makes a room the current one and shows what is known of it.
    async fn go(&mut self, info: RoomInfo) -> anyhow::Result<()> {
        let id = info.id;
        match self.private.contains(&id) {
            true => note(&format!("alone with {}", harmless(&info.name))),
            false => note(&format!("in {}", harmless(&info.name))),
        }
        self.current = Some(id);
        self.client.view(Some(id)).await?;
        let room = self.rooms.entry(id).or_insert_with(|| Room::new(info));
        if self.every_room {
            return Ok(());
        }
        let recent = room.enter();
        self.show(recent).await
    }

    /// A room by id or name: the user's own before others, newest first.
    async fn find(&self, wanted: &str) -> anyhow::Result<RoomInfo> {
        let mut own: Vec<&Room> = self.rooms.values().filter(|room| directory::is_meant(&room.info, wanted)).collect();
        own.sort_unstable_by_key(|room| self.private.contains(&room.info.id));
        match own.first() {
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
        // The other one may be called as a room is.
        let chats = self.rooms.values().filter(|room| self.private.contains(&room.info.id));
        let mut chats: Vec<&str> = chats.map(|room| room.info.name.as_str()).collect();
        chats.sort_unstable();
        chats.iter().try_for_each(|name| self.printer.plain(&format!("@ {}", harmless(name))))?;
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
        let handle = self.client.upload(Upload::new(self.here()?, typed(path))).await?;
        note(&format!("sending {}, {}", handle.name, amount(handle.progress().size_bytes)));
        self.transfers.spawn(sent(handle));
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
        let handle = self.client.download(get::download(room, &file, Path::new("."), Path::exists)?);
        self.transfers.spawn(async move {
            match handle.done().await {
                Ok(file) => Ok(format!("file {number} is {}, {}", file.path.display(), amount(file.size_bytes))),
                Err(error) => Err(format!("file {number} did not come: {error}")),
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

/// What is said of an upload when it is over.
pub(super) async fn sent(handle: UploadHandle) -> Outcome {
    match handle.done().await {
        Ok(file) => Ok(format!("sent {} as file {}", handle.name, file.seq)),
        Err(error) => Err(format!("{} was not sent: {error}", handle.name)),
    }
}

/// A path as people type it.
fn typed(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => path.into(),
    }
}
