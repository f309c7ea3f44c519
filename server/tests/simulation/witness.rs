//! Hears everything that devices send and see, and holds it against what was heard
//! before. What only the log can tell is judged later (`judge`).

use bytes::Bytes;
use parking_lot::Mutex;
use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use rill_storage::model::{Body, Fact};
use std::{
    collections::{BTreeMap, BTreeSet, hash_map::DefaultHasher},
    fmt,
    hash::{Hash, Hasher},
};

use crate::{
    groups, pictures,
    talks::{self, Moment},
    trace::Trace,
};

/// What an entry shows, as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Print(u64);

/// The parts of an entry that everybody must agree on.
#[derive(Hash)]
pub(crate) struct Shown<'a> {
    pub(crate) kind: u32,
    pub(crate) at_ms: u64,
    pub(crate) author: UserId,
    pub(crate) client_id: ClientId,
    pub(crate) text: &'a str,
}

impl Shown<'_> {
    pub(crate) fn print(&self) -> Print {
        // Its keys are fixed: the same entry has the same print in every run.
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        Print(hasher.finish())
    }
}

/// What is set in a room is one kind, whatever it is.
pub(crate) const ROOM_CHANGE: u32 = 7;
/// What is done to somebody is another.
pub(crate) const MEMBER_CHANGE: u32 = 8;
/// That a message was removed.
pub(crate) const DELETED: u32 = 9;
/// That a room was deleted.
const ROOM_DELETED: u32 = 10;

/// What a fact is in that.
pub(crate) fn kind(fact: Fact) -> u32 {
    match fact {
        Fact::Posted => 0,
        Fact::Created => 1,
        Fact::Joined => 2,
        Fact::Left => 3,
        Fact::File => 4,
        Fact::FileSettled { .. } => 5,
        Fact::Avatar { .. } => 6,
        Fact::Renamed
        | Fact::Topic
        | Fact::Access(_)
        | Fact::History(_)
        | Fact::SlowMode(_)
        | Fact::Archived(_)
        | Fact::LinkMade
        | Fact::LinkGone => ROOM_CHANGE,
        Fact::Role { .. }
        | Fact::Removed { .. }
        | Fact::Banned { .. }
        | Fact::Unbanned { .. }
        | Fact::Invited { .. }
        | Fact::Uninvited { .. } => MEMBER_CHANGE,
        Fact::Deleted { .. } => DELETED,
        Fact::RoomDeleted => ROOM_DELETED,
    }
}

pub(crate) fn text_of(body: &Body) -> &str {
    match body {
        Body::Text(text) => text,
        Body::None | Body::Erased => "",
    }
}

/// What a device made of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Entry(Print),
    /// What it said was removed.
    Erased,
    Hidden,
}

/// Whose post it is, and where.
pub(crate) type PostKey = (RoomId, UserId, ClientId);

#[derive(Default)]
pub(crate) struct Facts {
    /// Posts that were answered for good, and as which entry.
    pub(crate) acked: BTreeMap<PostKey, u64>,
    /// Posts whose answer said that they were new.
    pub(crate) firsts: BTreeSet<PostKey>,
    /// What was sent under a key: first what it was made for. The rest counts only where
    /// a restore has forgotten the key.
    pub(crate) sent: BTreeMap<PostKey, Vec<String>>,
    /// Keys that a restore may have forgotten.
    pub(crate) forgotten: BTreeSet<PostKey>,
    /// What lies at a place of a log, whoever saw it.
    pub(crate) prints: BTreeMap<(RoomId, Epoch, u64), Print>,
    /// Who saw more than that something is there.
    pub(crate) seen: BTreeSet<(UserId, RoomId, Epoch, u64)>,
    /// Of what it was seen that it says nothing any more.
    pub(crate) erased: BTreeSet<(RoomId, Epoch, u64)>,
    /// How far somebody had read of a room.
    pub(crate) marks: BTreeMap<(RoomId, UserId), u64>,
    /// How far logs reached.
    pub(crate) heads: BTreeMap<RoomId, (Epoch, u64)>,
}

/// What is known of files.
#[derive(Default)]
pub(crate) struct FileFacts {
    /// What somebody sends as the file of a message.
    contents: BTreeMap<(RoomId, Epoch, u64), Bytes>,
    /// Those that were answered as whole, and their digests.
    pub(crate) whole: BTreeMap<(RoomId, u64), [u8; 32]>,
    /// Those of which the newest stream was told that they have ended.
    pub(crate) ended: BTreeSet<PostKey>,
    /// Who read some of whose message.
    pub(crate) read: BTreeSet<(UserId, RoomId, u64)>,
    pub(crate) lived: FilesLived,
}

/// How much there was of files in a life, also what was put back.
#[derive(Clone, Copy, Default)]
pub(crate) struct FilesLived {
    /// Answers that a file is whole.
    pub(crate) whole: u64,
    /// Devices that have read a file to its end.
    pub(crate) fetched: u64,
}

impl FileFacts {
    /// Files of a room.
    pub(crate) fn of_room(&self, room: RoomId) -> Vec<u64> {
        let of = self.contents.keys().filter(|(of, ..)| *of == room);
        of.map(|(_, _, seq)| *seq).collect()
    }
}

pub(crate) struct Witness {
    pub(crate) pictures: Mutex<pictures::Facts>,
    pub(crate) groups: Mutex<groups::Lived>,
    pub(crate) talks: Mutex<talks::Facts>,
    pub(crate) files: Mutex<FileFacts>,
    pub(crate) facts: Mutex<Facts>,
    trace: Mutex<Trace>,
    violation: Mutex<Option<String>>,
}

impl Witness {
    pub(crate) fn new(trace: Trace) -> Self {
        Self {
            pictures: Mutex::default(),
            groups: Mutex::default(),
            talks: Mutex::default(),
            files: Mutex::default(),
            facts: Mutex::default(),
            trace: Mutex::new(trace),
            violation: Mutex::new(None),
        }
    }

    pub(crate) fn tell(&self, at_ms: u64, line: fmt::Arguments<'_>) {
        self.trace.lock().line(at_ms, line);
    }

    /// Something happened that must not. The first counts.
    pub(crate) fn violated(&self, what: impl Into<String>) {
        self.violation.lock().get_or_insert_with(|| what.into());
    }

    pub(crate) fn violation(&self) -> Option<String> {
        self.violation.lock().clone()
    }

    pub(crate) fn into_trace(self) -> Trace {
        self.trace.into_inner()
    }

    /// A post is sent, again or for the first time.
    pub(crate) fn sends(&self, key: PostKey, text: &str) {
        self.talks.lock().sends(key);
        let mut facts = self.facts.lock();
        let texts = facts.sent.entry(key).or_default();
        if !texts.iter().any(|known| known == text) {
            texts.push(text.to_owned());
        }
    }

    /// A post was accepted as this entry.
    pub(crate) fn accepted(&self, key: PostKey, seq: u64, is_first: bool) {
        if let Err(what) = self.talks.lock().accepted(key, is_first) {
            self.violated(what);
        }
        let mut facts = self.facts.lock();
        let first = *facts.acked.entry(key).or_insert(seq);
        if first != seq {
            drop(facts);
            self.violated(format!("one client id is acknowledged as {first} and as {seq}"));
        } else if is_first && !facts.firsts.insert(key) {
            drop(facts);
            self.violated(format!("{} is new twice", key.2));
        }
    }

    /// An entry came to a device of `user`.
    pub(crate) fn saw(&self, user: UserId, room: RoomId, epoch: Epoch, seq: u64, seen: Seen) {
        let mut facts = self.facts.lock();
        let print = match seen {
            Seen::Hidden => return,
            Seen::Erased => {
                facts.seen.insert((user, room, epoch, seq));
                facts.erased.insert((room, epoch, seq));
                return;
            }
            Seen::Entry(print) => print,
        };
        facts.seen.insert((user, room, epoch, seq));
        if *facts.prints.entry((room, epoch, seq)).or_insert(print) != print {
            drop(facts);
            self.violated(format!("two entries lie at {seq} of one epoch"));
        }
    }

    /// Somebody sends these bytes as the file of a message.
    pub(crate) fn file_begins(&self, at: (RoomId, Epoch, u64), content: &Bytes) {
        let mut files = self.files.lock();
        if files.contents.entry(at).or_insert_with(|| content.clone()) != content {
            drop(files);
            self.violated(format!("two files lie at {} of one epoch", at.2));
        }
    }

    /// A file was answered as whole.
    pub(crate) fn file_is_whole(&self, at: (RoomId, u64), digest: [u8; 32]) {
        let mut files = self.files.lock();
        files.lived.whole += 1;
        files.whole.insert(at, digest);
    }

    /// The newest stream of a file was told that it has ended.
    pub(crate) fn file_has_ended(&self, key: PostKey) {
        self.files.lock().ended.insert(key);
    }

    /// A device has read a file to its end.
    pub(crate) fn file_is_fetched(&self) {
        self.files.lock().lived.fetched += 1;
    }

    /// Somebody read the first bytes of a file, which they asked for at that moment.
    pub(crate) fn file_was_read(&self, user: UserId, (room, seq): (RoomId, u64), (bytes, asked): (&[u8], Moment)) {
        if self.talks.lock().was_removed_before((room, seq), asked) {
            self.violated(format!("the file {seq} is read by somebody who asked when its message was removed"));
        }
        let mut files = self.files.lock();
        files.read.insert((user, room, seq));
        let mut sent = files.contents.iter().filter(|((of, _, at), _)| (*of, *at) == (room, seq));
        if !sent.any(|(_, content)| content.starts_with(bytes)) {
            drop(files);
            self.violated(format!("{} bytes are read of the file {seq} that nobody sent", bytes.len()));
        }
    }

    /// A mark and a head as the store tells them.
    pub(crate) fn stands(&self, room: RoomId, user: UserId, mark: u64, epoch: Epoch, head: u64) {
        let mut facts = self.facts.lock();
        let mark_before = facts.marks.insert((room, user), mark).unwrap_or_default();
        let (epoch_before, head_before) = facts.heads.insert(room, (epoch, head)).unwrap_or((epoch, head));
        drop(facts);
        if mark < mark_before {
            self.violated(format!("a mark went back from {mark_before} to {mark}"));
        }
        if epoch != epoch_before || head < head_before {
            self.violated(format!("a log went back from {head_before} to {head}, or changed its epoch"));
        }
    }

    /// The logs were put back to these heads: what was behind them is lost by right, and
    /// what is seen from now on is new.
    pub(crate) fn restored(&self, heads: &BTreeMap<RoomId, u64>) {
        let mut facts = self.facts.lock();
        facts.acked.retain(|(room, ..), seq| *seq <= heads.get(room).copied().unwrap_or_default());
        let Facts { acked, firsts, sent, forgotten, .. } = &mut *facts;
        forgotten.extend(sent.keys().filter(|key| !acked.contains_key(*key)));
        firsts.retain(|key| acked.contains_key(key));
        facts.prints.clear();
        facts.erased.clear();
        let mut files = self.files.lock();
        *files = FileFacts { lived: files.lived, ..FileFacts::default() };
        drop(files);
        self.pictures.lock().restored();
        facts.seen.clear();
        facts.marks.clear();
        facts.heads.clear();
    }
}
