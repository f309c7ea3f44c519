//! A store with users, logins, tickets, rooms and memberships, written before a server
//! opens it: under load nobody registers and nobody logs in.
//!
//! The calls are the ports' own, in the order in which the server makes them. What the
//! server derives with a keyed digest (tickets) is derived the same way; if that ever
//! changes, the first connection is refused and the scenario fails.

mod circles;

use anyhow::{Context, anyhow};
use futures_util::{StreamExt, TryStreamExt, stream};
use rill_protocol::{ClientId, Epoch, RoomId, SessionId, Ticket, UserId};
use rill_storage::{
    EngineKind, Store,
    embedded::{self, OpenOptions},
    model::{Change, Digest, Mentions, NewEntry, NewRoom, Role, RoomSetup, Session, TicketRecord, User, UserFact},
    redis::{self, RedisOptions, RedisServer, Spawn},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::task::JoinSet;

use crate::chaos::plan::Message;
pub(crate) use circles::Circles;

/// Enough for a few failed connections, over restarts too; each connection brings the next
/// ticket.
const TICKETS_PER_USER: usize = 16;
const TICKET_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// Tickets of nobody's use: their time was over when they were written.
const EXPIRED_TICKETS: usize = 3;
/// Users that are written at the same time: the committer makes batches of them.
const USERS_AT_ONCE: usize = 64;
/// The same of those who never connect.
const ABSENT_AT_ONCE: usize = 512;
/// Messages likewise.
const MESSAGES_AT_ONCE: usize = 512;
/// No password hash is this, so nobody can log in with a password.
const NO_PASSWORD: &str = "!";

/// The folder of the store inside that of the run.
pub(super) const DATA: &str = "data";

/// What was written.
pub(super) struct Prepared {
    /// Of each user, by number.
    pub(super) tickets: Vec<Vec<Ticket>>,
    pub(super) rooms: Vec<RoomId>,
    /// Of the first user.
    pub(super) expired: Vec<Ticket>,
}

/// What shall be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    pub(crate) users: usize,
    /// User `u` becomes a member of room `u mod rooms`; where there are more rooms than
    /// users, of every room `r` with `r mod users` = `u`.
    pub(crate) rooms: usize,
    /// Further members of the first room, who never connect.
    pub(crate) absent: usize,
    /// Instead of that, circles of users, and speakers behind them; then `rooms` means nothing.
    pub(crate) circles: Option<Circles>,
    /// Of each user. By default enough for connections that fail.
    pub(crate) tickets: Option<usize>,
    /// In turn in each room, said by its first user; in the first room by those who are absent, if there
    /// are any.
    pub(crate) messages: u32,
    /// The default one by default.
    pub(crate) engine: Option<EngineKind>,
    /// Where the store's folder is made; by default the system's place for temporary files.
    pub(crate) parent: Option<PathBuf>,
    /// The address of the Redis that has the store, instead of a folder.
    pub(crate) redis: Option<String>,
}

pub(super) async fn prepare(folder: &Path, wish: &Wish) -> anyhow::Result<Prepared> {
    if let Some(address) = &wish.redis {
        let server = RedisServer::parse(std::slice::from_ref(address))?;
        let spawn: Spawn = Arc::new(|task| drop(tokio::spawn(task)));
        let opened = redis::open(RedisOptions::new(server, Arc::new(fill), spawn), None).await?;
        opened.handle.link().tend(Arc::new(redis::Unattended));
        let prepared = Writer::new(opened.store, wish)?.write(wish).await;
        opened.handle.close().await;
        return prepared;
    }
    let options = OpenOptions { engine: wish.engine, ..OpenOptions::new(folder.join(DATA), Arc::new(fill)) };
    let opened = tokio::task::spawn_blocking(move || embedded::open(options)).await??;
    let writer = Writer::new(opened.store, wish)?;
    let prepared = writer.write(wish).await;
    tokio::task::spawn_blocking(move || opened.handle.close()).await??;
    prepared
}

#[derive(Clone)]
struct Writer {
    store: Store,
    now_ms: u64,
    tickets: usize,
}

impl Writer {
    fn new(store: Store, wish: &Wish) -> anyhow::Result<Self> {
        Ok(Self { store, now_ms: now_ms()?, tickets: wish.tickets.unwrap_or(TICKETS_PER_USER) })
    }

    async fn write(self, wish: &Wish) -> anyhow::Result<Prepared> {
        let Wish { users, rooms, messages, .. } = *wish;
        if let Some(circles) = wish.circles {
            let (tickets, rooms) = self.circles(users, circles).await?;
            return Ok(Prepared { tickets, rooms, expired: Vec::new() });
        }
        // The first user of each room makes it; where rooms are more than users, each makes some.
        let mut made = Vec::with_capacity(rooms);
        let mut tickets: Vec<Vec<Ticket>> = Vec::with_capacity(users);
        let mut owners: Vec<UserId> = Vec::with_capacity(rooms);
        for number in 0..rooms {
            if number < users {
                let (user, of_user) = self.user(number).await?;
                tickets.push(of_user);
                owners.push(user);
            } else {
                owners.push(owners[number % users]);
            }
            made.push(self.room(number, owners[number]).await?);
        }
        let mut writing = JoinSet::new();
        let mut waiting = rooms..users;
        loop {
            while writing.len() < USERS_AT_ONCE
                && let Some(number) = waiting.next()
            {
                let (writer, room) = (self.clone(), made[number % rooms]);
                writing.spawn(async move { anyhow::Ok((number, writer.member(number, room).await?)) });
            }
            let Some(written) = writing.join_next().await else { break };
            let (number, of_user) = written??;
            tickets.resize_with(tickets.len().max(number + 1), Vec::new);
            tickets[number] = of_user;
        }
        let absent = stream::iter(users..users + wish.absent).map(|number| self.absent(number, made[0]));
        let absent: Vec<UserId> = absent.buffer_unordered(ABSENT_AT_ONCE).try_collect().await?;
        self.talk(&made, &owners, &absent, messages).await?;
        let owner = *owners.first().context("nobody was written")?;
        let expired: Vec<Ticket> = (0..EXPIRED_TICKETS).map(|_| Ticket::new(owner, random())).collect();
        self.issue(owner, SessionId(self.id()), &expired, self.now_ms - 1).await?;
        Ok(Prepared { tickets, rooms: made, expired })
    }

    async fn member(&self, number: usize, room: RoomId) -> anyhow::Result<Vec<Ticket>> {
        let (user, tickets) = self.user(number).await?;
        self.join(user, room).await.with_context(|| format!("user {number}"))?;
        Ok(tickets)
    }

    async fn absent(&self, number: usize, room: RoomId) -> anyhow::Result<UserId> {
        let user = self.account(number).await?;
        self.join(user, room).await.with_context(|| format!("user {number}"))?;
        Ok(user)
    }

    /// Messages of before. Each room has its own in order; a few hundred are under way.
    async fn talk(&self, rooms: &[RoomId], owners: &[UserId], absent: &[UserId], messages: u32) -> anyhow::Result<()> {
        let mut writing = JoinSet::new();
        for number in 0..messages {
            let at = number as usize % rooms.len();
            // Nobody says more of a million than the store keeps keys for.
            let of_absent = absent.get(number as usize % absent.len().max(1)).filter(|_| at == 0);
            let text = Message::prepared(number).text();
            let entry = NewEntry {
                author: *of_absent.unwrap_or(&owners[at]),
                client_id: ClientId(self.id()),
                at_ms: self.now_ms,
                digest: self.store.digest("post", &[text.as_bytes()]),
                change: Change::Post(text.into()),
                mentions: Mentions::default(),
            };
            // It is queued here and now.
            let append = self.store.log.append(rooms[at], entry);
            writing.spawn(async move { append.await?.map_err(|refused| anyhow!("a post was refused: {refused:?}")) });
            if writing.len() >= MESSAGES_AT_ONCE
                && let Some(written) = writing.join_next().await
            {
                written??;
            }
        }
        while let Some(written) = writing.join_next().await {
            written??;
        }
        Ok(())
    }

    async fn user(&self, number: usize) -> anyhow::Result<(UserId, Vec<Ticket>)> {
        let id = self.account(number).await?;
        let session = SessionId(self.id());
        let token = Digest(random());
        let (created_ms, used_ms, client) = (self.now_ms, self.now_ms, "rill-bench".to_owned());
        self.store.sessions.create(Session { id: session, user: id, token, created_ms, client, used_ms }).await?;
        let tickets: Vec<Ticket> = (0..self.tickets).map(|_| Ticket::new(id, random())).collect();
        let expires_ms = self.now_ms + TICKET_LIFE.as_millis() as u64;
        self.issue(id, session, &tickets, expires_ms).await?;
        Ok((id, tickets))
    }

    async fn account(&self, number: usize) -> anyhow::Result<UserId> {
        let (id, name) = (UserId(self.id()), format!("bench{number}"));
        self.store.users.claim_name(self.store.name_key(&name), id, self.now_ms).await?;
        let user = User {
            id,
            name,
            password_hash: NO_PASSWORD.to_owned(),
            created_ms: self.now_ms,
            log_epoch: Epoch(self.id()),
            role: Role::Member,
            disabled_ms: None,
        };
        self.store.roster.add(id).await?;
        self.store.users.create(user).await?;
        Ok(id)
    }

    async fn issue(&self, user: UserId, session: SessionId, tickets: &[Ticket], expires_ms: u64) -> anyhow::Result<()> {
        let records = tickets.iter().map(|ticket| {
            let digest = self.store.digest("ticket", &[&ticket.0]);
            TicketRecord { digest, session, expires_ms }
        });
        self.store.sessions.issue(user, records.collect(), self.now_ms).await?;
        Ok(())
    }

    async fn room(&self, number: usize, creator: UserId) -> anyhow::Result<RoomId> {
        let (id, name) = (RoomId(self.id()), format!("room {number}"));
        let digest = self.store.digest("create-room", &[name.as_bytes()]);
        let (client_id, epoch) = (ClientId(self.id()), Epoch(self.id()));
        let new =
            NewRoom { id, name, creator, client_id, at_ms: self.now_ms, epoch, digest, setup: RoomSetup::default() };
        let created = self.store.rooms.create(new).await?;
        self.store.directory.announce(id, self.now_ms).await?;
        self.tell(creator, id, created.entry.seq).await?;
        Ok(id)
    }

    /// The second call of a change of a room.
    async fn tell(&self, user: UserId, room: RoomId, seq: u64) -> anyhow::Result<()> {
        self.store.user_log.append(user, (room, seq), UserFact::RoomAdded(room), self.now_ms).await?;
        self.store.rooms.settle(room, seq).await?;
        Ok(())
    }

    fn id(&self) -> [u8; 16] {
        let mut bytes = [0; 10];
        fill(&mut bytes);
        rill_protocol::id::uuid_v7(self.now_ms, bytes)
    }
}

/// # Panics
/// Without a kernel's source of randomness nothing here has a meaning.
#[allow(clippy::expect_used)]
fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives randomness");
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

fn now_ms() -> anyhow::Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    Ok(u64::try_from(since.as_millis())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_storage::model::{Anchor, Body};

    #[tokio::test]
    async fn where_there_are_more_rooms_than_users_each_has_some() {
        let folder = tempfile::tempdir().unwrap();
        let wish = Wish { users: 2, rooms: 5, ..Wish::default() };
        let prepared = prepare(folder.path(), &wish).await.unwrap();
        let options = OpenOptions::new(folder.path().join(DATA), Arc::new(fill));
        let opened = embedded::open(options).unwrap();
        for (number, room) in prepared.rooms.iter().enumerate() {
            for (user, tickets) in prepared.tickets.iter().enumerate() {
                let membership = opened.store.rooms.membership(*room, tickets[0].user()).await.unwrap();
                assert_eq!(membership.is_some(), number % 2 == user, "user {user} in room {number}");
            }
        }
        opened.handle.close().unwrap();
    }

    #[tokio::test]
    async fn every_user_has_tickets_and_is_in_their_room_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let prepared = prepare(folder.path(), &Wish { users: 7, rooms: 3, absent: 5, messages: 50, ..Wish::default() })
            .await
            .unwrap();
        assert_eq!((prepared.rooms.len(), prepared.tickets.len()), (3, 7));
        let options = OpenOptions::new(folder.path().join(DATA), Arc::new(fill));
        let opened = embedded::open(options).unwrap();
        let store = &opened.store;
        for (number, tickets) in prepared.tickets.iter().enumerate() {
            let user = tickets[0].user();
            let digest = store.digest("ticket", &[&tickets[0].0]);
            assert!(store.sessions.redeem(user, digest, now_ms().unwrap()).await.unwrap().is_some());
            let (_, rooms) = store.user_log.snapshot(user).await.unwrap().unwrap();
            let facts: Vec<UserFact> = rooms.iter().map(|entry| entry.fact.clone()).collect();
            assert_eq!(facts, [UserFact::RoomAdded(prepared.rooms[number % 3])]);
            let membership = store.rooms.membership(prepared.rooms[number % 3], user).await.unwrap();
            assert!(membership.unwrap().is_active());
        }
        let page = store.log.messages(prepared.rooms[1], Anchor::Before(u64::MAX), 3, 10_000).await.unwrap().unwrap();
        let bodies: Vec<&Body> = page.messages.iter().map(|message| &message.body).collect();
        let expected = [43, 46, 49].map(|number| Body::Text(Message::prepared(number).text().into()));
        assert_eq!(bodies, expected.iter().collect::<Vec<_>>());
        let members = store.rooms.members(prepared.rooms[0], None, 100).await.unwrap().len();
        assert_eq!(members, 3 + 5, "those who never connect are in the first room");
        assert!(store.rooms.pending(10).await.unwrap().is_empty());
        assert_eq!(store.directory.page(None, 10).await.unwrap().len(), 3);
        opened.handle.close().unwrap();
    }
}
