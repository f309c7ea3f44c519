//! A store in Redis copied to a data directory.
//!
//! Rows are copied as they are, with the secret and the epochs; what lies in the archive
//! comes back to its log. The copy is made in the incoming part of the directory, where a
//! file says how far it is: what was cut short goes on there. It is put in its place when
//! every room and user has been compared with Redis, and it has no row besides.

use rill_protocol::RoomId;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::runtime;

use super::{
    access::{Met, Whole},
    lists::{At, Item},
    names::{self, ClaimedNames},
    walk::{self, RoomRows},
};
use crate::{
    StoreError, aggregates,
    embedded::{
        Copied, CopyProgress, CopyStep, LockedDirectory, any_record, birth::DATA_VERSION, keys, named, parts,
        read::Read as _, stored,
    },
    engine::{self, Direction, Engine, EngineKind, OWN_KEYS, Overlay},
    limits::{APPLY_BYTES_MAX, CACHE_BYTES_DEFAULT, COPY_BYTES_NOTED},
    platform,
    record::{self, KeyRing},
    redis::{RedisOptions, community::Community},
};

/// What is copied where.
pub struct CopyOut {
    pub options: RedisOptions,
    /// A directory that is empty or not there, or in which the same copy was cut short.
    pub to: PathBuf,
    pub engine: EngineKind,
    /// Client ids that are older than they count are left behind.
    pub now_ms: u64,
}

/// How far a copy is, in the incoming part of its directory.
#[derive(Serialize, Deserialize)]
struct Cursor {
    community: Community,
    engine: EngineKind,
    at: At,
    rows: u64,
    bytes: u64,
}

const CURSOR: &str = "copied.json";

/// Copies a community that no server uses. Blocks, on a thread that is none of the runtime's.
///
/// # Errors
/// Redis is not fit, servers use it, a row is damaged, the directory holds something, its
/// disk has no room, or the two differ in the end. Redis is left as it is.
pub fn copy_out(
    wish: CopyOut,
    runtime: &runtime::Handle,
    names: ClaimedNames<'_>,
    progress: &mut dyn FnMut(CopyProgress),
) -> Result<Copied, StoreError> {
    let CopyOut { options, to, engine: kind, now_ms } = wish;
    parts::must_be_empty(&to)?;
    let whole = Met::at(options, runtime)?.community()?;
    whole.must_be_idle()?;
    let target = Arc::new(LockedDirectory::lock(&to)?);
    parts::must_be_empty(&to)?;

    let (incoming, cursor) = begin(&target, &Community::of(&whole.store.secret), kind)?;
    EngineKind::settle(&incoming, Some(kind))?;
    let open = || engine::open(kind, &incoming, CACHE_BYTES_DEFAULT, Box::new(Arc::clone(&target)));
    let engine = open()?;
    let keys_from_day = aggregates::expired_before(now_ms);
    let mut copy = Copy {
        whole: &whole,
        names,
        keys_from_day,
        target: &target,
        incoming: &incoming,
        engine: &*engine,
        batch: Overlay::new(),
        batch_bytes: 0,
        unnoted_bytes: 0,
        cursor,
        progress,
    };
    copy.all()?;
    drop(engine);
    // What the disk has, not what is still in memory.
    let engine = open()?;
    let compared = compare(&whole, &*engine, (&to, keys_from_day), names, progress);
    engine.settle()?;
    drop(engine);
    let copied = compared.inspect_err(|error| {
        // What Redis or the blobs do not answer now says nothing against what was copied.
        if matches!(error, StoreError::Open { .. } | StoreError::Damaged { .. }) {
            parts::abandon(&target);
        }
    })?;
    whole.must_be_idle()?;
    parts::put_in_place(&target)?;
    Ok(copied)
}

fn failed(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Open { path: path.to_owned(), detail: error.to_string() }
}

/// Goes on with what was cut short, or begins.
fn begin(target: &LockedDirectory, community: &Community, kind: EngineKind) -> Result<(PathBuf, Cursor), StoreError> {
    if let Some(incoming) = parts::begun(target)
        && let Ok(text) = fs::read(incoming.join(CURSOR))
        && let Ok(cursor) = serde_json::from_slice::<Cursor>(&text)
        && (&cursor.community, cursor.engine) == (community, kind)
    {
        return Ok((incoming, cursor));
    }
    let incoming = parts::begin(target)?;
    let cursor = Cursor { community: community.clone(), engine: kind, at: At::Beginning, rows: 0, bytes: 0 };
    Ok((incoming, cursor))
}

struct Copy<'a> {
    whole: &'a Whole,
    names: ClaimedNames<'a>,
    keys_from_day: u32,
    target: &'a LockedDirectory,
    incoming: &'a Path,
    engine: &'a dyn Engine,
    batch: Overlay,
    batch_bytes: usize,
    unnoted_bytes: usize,
    cursor: Cursor,
    progress: &'a mut dyn FnMut(CopyProgress),
}

impl Copy<'_> {
    fn all(&mut self) -> Result<(), StoreError> {
        let whole = self.whole;
        whole.items(self.cursor.at, |at, item| {
            rows(whole, item, self.keys_from_day, self.names, &mut |key, value| self.put(key, value))?;
            self.cursor.at = at;
            if self.unnoted_bytes >= COPY_BYTES_NOTED { self.note() } else { Ok(()) }
        })?;
        no_ones(whole, self.names, &mut |key, value| self.put(key, value))?;
        self.note()
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        any_record::check(&KeyRing, key, value).map_err(|error| named::naming(key, error))?;
        let bytes = key.len() + value.len();
        self.cursor.rows += 1;
        self.cursor.bytes += bytes as u64;
        self.batch.insert(key.to_vec(), Some(value.to_vec()));
        self.batch_bytes += bytes;
        self.unnoted_bytes += bytes;
        (self.progress)(CopyProgress { step: CopyStep::Copying, rows: self.cursor.rows });
        if self.batch_bytes >= APPLY_BYTES_MAX { self.commit() } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.batch_bytes = 0;
        parts::must_have_room(self.target, self.cursor.bytes)?;
        self.engine.commit(std::mem::take(&mut self.batch))
    }

    /// How far it is, durably, when all before it is durable.
    fn note(&mut self) -> Result<(), StoreError> {
        self.commit()?;
        self.engine.barrier()?;
        self.unnoted_bytes = 0;
        let path = self.incoming.join(CURSOR);
        let write = || {
            let fresh = path.with_extension("new");
            fs::write(&fresh, serde_json::to_vec(&self.cursor)?)?;
            platform::sync_file(&fresh)?;
            fs::rename(&fresh, &path)?;
            platform::sync_directory(self.incoming)
        };
        write().map_err(|error| failed(&path, &error))
    }
}

/// The rows of one room or user, and of what belongs to it alone.
fn rows(
    whole: &Whole,
    item: Item,
    keys_from_day: u32,
    names: ClaimedNames<'_>,
    take: &mut walk::Take<'_>,
) -> Result<(), StoreError> {
    let view = whole.view();
    match item {
        Item::Room(room, created_ms) => {
            walk::room(&view, RoomRows { room, after: 0, keys_from_day }, take)?;
            created_ms.map_or(Ok(()), |created_ms| place(room, created_ms, take))
        }
        Item::Content(content) => walk::content(&view, content, take),
        Item::Emoji => walk::emoji(&view, take),
        Item::Desk => walk::desk(&view, take),
        Item::User(user) => {
            walk::user(&view, user, take)?;
            let Some(account) = view.get(&keys::user(user))? else { return Ok(()) };
            for name in names::claimed(&view, names(&whole.store, Some(&account.name)))? {
                // One that looks like somebody else's is theirs.
                if name.claim.holder == user {
                    take(&keys::name(name.key).bytes, &name.sealed)?;
                }
            }
            Ok(())
        }
    }
}

/// What belongs to no room and no user.
fn no_ones(whole: &Whole, names: ClaimedNames<'_>, take: &mut walk::Take<'_>) -> Result<(), StoreError> {
    for name in names::claimed(&whole.view(), names(&whole.store, None))? {
        take(&keys::name(name.key).bytes, &name.sealed)?;
    }
    let key = keys::meta();
    let meta = stored::Meta { data_version: DATA_VERSION, secret: whole.store.secret };
    take(&key.bytes, &record::seal(&KeyRing, key.table, &key.bytes, &meta)?)
}

/// A room's place in the directory, which is a row by time and one by room here.
fn place(room: RoomId, created_ms: u64, take: &mut walk::Take<'_>) -> Result<(), StoreError> {
    let row = stored::Place { created_ms };
    for key in [keys::listed(created_ms, room), keys::place(room)] {
        take(&key.bytes, &record::seal(&KeyRing, key.table, &key.bytes, &row)?)?;
    }
    Ok(())
}

/// Every row that Redis has is there as it is, and there are as many.
fn compare(
    whole: &Whole,
    engine: &dyn Engine,
    (to, keys_from_day): (&Path, u32),
    names: ClaimedNames<'_>,
    progress: &mut dyn FnMut(CopyProgress),
) -> Result<Copied, StoreError> {
    let mut copied = Copied { rows: 0, bytes: 0 };
    let differs = |what: String| StoreError::Open {
        path: to.to_owned(),
        detail: format!("the copy differs from the store in Redis in {what}: was it changed meanwhile? copy again"),
    };
    let mut same = |key: &[u8], value: &[u8]| {
        if engine.get(key)?.as_deref() != Some(value) {
            return Err(differs(named::name(key)));
        }
        copied.rows += 1;
        copied.bytes += (key.len() + value.len()) as u64;
        progress(CopyProgress { step: CopyStep::Verifying, rows: copied.rows });
        Ok(())
    };
    whole.items(At::Beginning, |_, item| rows(whole, item, keys_from_day, names, &mut same))?;
    no_ones(whole, names, &mut same)?;
    let mut all = 0;
    engine.scan(&[], &[OWN_KEYS], Direction::Forward, &mut |_, _| {
        all += 1;
        ControlFlow::Continue(())
    })?;
    if all == copied.rows { Ok(copied) } else { Err(differs(format!("the number of rows, {all} and {}", copied.rows))) }
}
