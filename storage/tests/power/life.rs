//! What is done to the store, what was acknowledged when, and whether it is all there.
//!
//! Posts of every length from several at once, logins that come and go, tickets that are
//! used up, a name that changes hands, a store that is closed and opened in between:
//! appends, overwrites, deletes and growth, from the very first start on.

use crate::{acknowledged::Acknowledged, disk::Disk};
use anyhow::{bail, ensure};
use rill_protocol::{ClientId, Epoch, RoomId, SessionId, UserId};
use rill_storage::{
    EngineKind, Store,
    embedded::{self, OpenOptions, OpenStore},
    model::{Change, Digest, Mentions, NameKey, NewEntry, NewRoom, Replay, RoomSetup, Session, TicketRecord},
};
use std::{
    ops::Range,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

const NOW_MS: u64 = 1_700_000_000_000;
const ROOMS: u64 = 3;
const POSTERS: u64 = 8;
const ROUNDS: u64 = 6;
const POSTS_A_ROUND: u64 = 50;
/// Logins, tickets and names that come and go; all that stay are fewer than a user may have.
const COMINGS_A_ROUND: u64 = 16;
const NAME: NameKey = NameKey([9; 32]);

fn id(kind: u8, number: u64) -> [u8; 16] {
    let mut id = [kind; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    id
}

fn user(number: u64) -> UserId {
    UserId(id(1, number))
}

fn room(number: u64) -> RoomId {
    RoomId(id(2, number % ROOMS))
}

/// Mostly short, sometimes long, and different every time.
fn text(number: u64) -> String {
    let bytes = match number % 10 {
        0 => 9_000,
        1..=4 => 2_500,
        _ => 90,
    };
    let seed = blake3::hash(&number.to_le_bytes()).to_hex().to_string();
    seed.chars().cycle().take(bytes).collect()
}

fn post(number: u64) -> NewEntry {
    let text = text(number);
    NewEntry {
        author: user(0),
        client_id: ClientId(id(3, number)),
        at_ms: NOW_MS + number,
        digest: Digest(*blake3::hash(text.as_bytes()).as_bytes()),
        change: Change::Post(text.as_str().into()),
        mentions: Mentions::default(),
    }
}

fn session(number: u64) -> Session {
    Session {
        id: SessionId(id(4, number)),
        user: user(1),
        token: Digest([number as u8; 32]),
        created_ms: NOW_MS + number,
        client: "client".into(),
        used_ms: NOW_MS,
    }
}

fn ticket(number: u64) -> Digest {
    Digest(*blake3::hash(&number.to_be_bytes()).as_bytes())
}

/// Something that the store said was done.
#[derive(Clone, Debug)]
pub(crate) enum Done {
    Created { room: u64, epoch: Epoch },
    Posted { number: u64, seq: u64, epoch: Epoch },
    LoggedIn(u64),
    LoggedOut(u64),
    Redeemed(u64),
    Named(u64),
}

pub(crate) fn is_post(done: &Done) -> bool {
    matches!(done, Done::Posted { .. })
}

pub(crate) fn open(path: &Path, engine: EngineKind) -> anyhow::Result<OpenStore> {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let entropy = Arc::new(|bytes: &mut [u8]| {
        let seed = blake3::hash(&COUNT.fetch_add(1, Relaxed).to_le_bytes());
        bytes.iter_mut().zip(seed.as_bytes().iter().cycle()).for_each(|(byte, random)| *byte = *random);
    });
    let options = OpenOptions { engine: Some(engine), ..OpenOptions::new(path, entropy) };
    Ok(embedded::open(options)?)
}

/// What was done to a disk.
pub(crate) struct Life {
    pub(crate) acknowledged: Acknowledged<Done>,
    /// From nothing to an empty store.
    pub(crate) first_start: Range<usize>,
    /// While the engine takes what is in the journal, and no append syncs the disk beside it.
    pub(crate) settlings: Vec<Range<usize>>,
}

/// A whole life on the disk, over several starts.
pub(crate) async fn live(path: &Path, engine: EngineKind, disk: &Disk) -> anyhow::Result<Life> {
    let acknowledged = Acknowledged::default();
    let mut first_start = disk.moment()..0;
    let mut settlings = Vec::new();
    for round in 0..ROUNDS {
        let opened = open(path, engine)?;
        if round == 0 {
            first_start.end = disk.moment();
            begin(&opened.store, disk, &acknowledged).await?;
        }
        let mut at_work = tokio::task::JoinSet::new();
        for poster in 0..POSTERS {
            let (store, disk, acknowledged) = (opened.store.clone(), disk.clone(), acknowledged.clone());
            at_work.spawn(async move {
                for turn in 0..POSTS_A_ROUND {
                    let number = (round * POSTS_A_ROUND + turn) * POSTERS + poster;
                    let made = store.log.append(room(number), post(number)).await?.map_err(refused)?;
                    let done = Done::Posted { number, seq: made.entry.seq, epoch: made.epoch };
                    acknowledged.note(&disk, done);
                }
                anyhow::Ok(())
            });
        }
        let (store, watched, acknowledged) = (opened.store.clone(), disk.clone(), acknowledged.clone());
        at_work.spawn(async move { come_and_go(&store, round, &watched, &acknowledged).await });
        while let Some(worked) = at_work.join_next().await {
            worked??;
        }
        let began = disk.moment();
        opened.handle.close()?;
        settlings.push(began..disk.moment());
    }
    Ok(Life { acknowledged, first_start, settlings })
}

fn refused(refused: rill_storage::port::AppendRefused) -> anyhow::Error {
    anyhow::anyhow!("an append was refused: {refused:?}")
}

async fn begin(store: &Store, disk: &Disk, acknowledged: &Acknowledged<Done>) -> anyhow::Result<()> {
    for number in 0..ROOMS {
        let new = NewRoom {
            id: room(number),
            name: "room".into(),
            creator: user(0),
            client_id: ClientId(id(5, number)),
            at_ms: NOW_MS,
            epoch: Epoch(id(6, number)),
            digest: Digest([7; 32]),
            setup: RoomSetup::default(),
        };
        let epoch = store.rooms.create(new).await?.epoch;
        acknowledged.note(disk, Done::Created { room: number, epoch });
    }
    Ok(())
}

async fn come_and_go(store: &Store, round: u64, disk: &Disk, acknowledged: &Acknowledged<Done>) -> anyhow::Result<()> {
    for turn in 0..COMINGS_A_ROUND {
        let number = round * COMINGS_A_ROUND + turn;
        store.sessions.create(session(number)).await?;
        acknowledged.note(disk, Done::LoggedIn(number));
        let record = TicketRecord { digest: ticket(number), session: session(number).id, expires_ms: u64::MAX };
        store.sessions.issue(user(1), vec![record], NOW_MS).await?;
        store.users.replace_claim(NAME, user(number), user(number + 1), NOW_MS).await?;
        acknowledged.note(disk, Done::Named(number + 1));
        if turn % 2 == 1 {
            ensure!(store.sessions.redeem(user(1), ticket(number), NOW_MS).await?.is_some(), "ticket {number}");
            acknowledged.note(disk, Done::Redeemed(number));
            store.sessions.end(user(1), session(number - 1).id).await?;
            acknowledged.note(disk, Done::LoggedOut(number - 1));
        }
    }
    Ok(())
}

/// Holds a store that came back against what was acknowledged by that moment.
pub(crate) async fn check(store: &Store, acknowledged: &Acknowledged<Done>, moment: usize) -> anyhow::Result<()> {
    let all = acknowledged.all();
    for number in 0..ROOMS {
        dense(store, room(number)).await?;
    }
    // Whatever was asked for later may have been done, or not.
    let undone = |later: &dyn Fn(&Done) -> bool| !all.iter().any(|(_, done)| later(done));
    for (_, done) in all.iter().filter(|(at, _)| *at <= moment) {
        match *done {
            Done::Created { room: number, epoch } => {
                let Some(head) = store.log.head(room(number)).await? else { bail!("room {number} is lost") };
                ensure!(head.epoch == epoch, "room {number} has another epoch");
            }
            Done::Posted { number, seq, epoch } => {
                let again = store.log.append(room(number), post(number)).await?.map_err(refused)?;
                ensure!(again.replay == Replay::Same, "post {number} is lost: made again as {}", again.entry.seq);
                ensure!(again.entry.seq == seq && again.epoch == epoch, "post {number} is another one");
                let text = rill_storage::model::Body::Text(text(number).as_str().into());
                ensure!(again.entry.body == text, "post {number} has another text");
            }
            Done::LoggedIn(number) if undone(&|done| matches!(done, Done::LoggedOut(out) if *out == number)) => {
                ensure!(store.sessions.get(user(1), session(number).id).await?.is_some(), "login {number} is lost");
            }
            Done::LoggedOut(number) => {
                ensure!(store.sessions.get(user(1), session(number).id).await?.is_none(), "login {number} is back");
            }
            Done::Redeemed(number) => {
                let again = store.sessions.redeem(user(1), ticket(number), NOW_MS).await?;
                ensure!(again.is_none(), "ticket {number} is valid again");
            }
            Done::Named(number) => {
                let holder = store.users.by_name(NAME).await?.map(|claim| claim.holder);
                ensure!(holder.is_some_and(|holder| holder >= user(number)), "the name's holder {number} is lost");
            }
            Done::LoggedIn(_) => {}
        }
    }
    Ok(())
}

/// Every entry, without a hole, readable.
async fn dense(store: &Store, room: RoomId) -> anyhow::Result<()> {
    let Some(head) = store.log.head(room).await? else { return Ok(()) };
    let mut seq = 0;
    while seq < head.seq {
        let entries = store.log.entries(room, seq, 500, usize::MAX).await?;
        ensure!(!entries.is_empty(), "entry {} is missing", seq + 1);
        for entry in entries {
            ensure!(entry.seq == seq + 1, "entry {} stands behind {seq}", entry.seq);
            seq = entry.seq;
        }
    }
    Ok(())
}
