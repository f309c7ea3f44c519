//! What a commit rings with when a log has grown, where several nodes share a store:
//! `SEQ NODE`, the log's epoch behind it where the one who rings knows it, and where there
//! is room for them the rows of the last entries, as they are stored: the length of each
//! behind the epoch, then a line's end and the rows. Behind those may stand what the commit
//! changed of what nodes remember, its length last in the line as `+LENGTH`.
//!
//! It is rung by the very script that has written them. So the rows are what a read behind
//! the doorbell would find, and whoever has everything in front of them need not read. A
//! doorbell that is lost, late or doubled costs no more than it does without them.

use rill_protocol::{Epoch, UserId};
use std::fmt::Write as _;

use crate::limits::DOORBELL_ENTRIES_MAX;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doorbell<'a> {
    pub seq: u64,
    /// Which node appended.
    pub node: &'a str,
    pub epoch: Option<Epoch>,
    /// Of the entries up to `seq`, in their order. They follow each other, and are of `epoch`.
    pub rows: Vec<&'a [u8]>,
    /// For the store that hears it; empty where nothing is said of that.
    pub changes: &'a [u8],
}

/// Rung where somebody has moved their mark in a room, or was named in it, all of them without a
/// user: `mark USER`.
pub fn mark(user: Option<UserId>) -> String {
    user.map_or_else(|| format!("{MARK}{EVERYBODY}"), |user| format!("{MARK}{user}"))
}

/// Whose mark is to be looked at; `None` for another doorbell.
pub fn marked(payload: &[u8]) -> Option<Option<UserId>> {
    named(payload, MARK)
}

/// Rung where more of a private chat has arrived at somebody, or without a user where it was
/// closed or opened: `chat USER`.
pub fn chat(user: Option<UserId>) -> String {
    user.map_or_else(|| format!("{CHAT}{EVERYBODY}"), |user| format!("{CHAT}{user}"))
}

/// Of whom; `None` for another doorbell.
pub fn chat_changed(payload: &[u8]) -> Option<Option<UserId>> {
    named(payload, CHAT)
}

fn named(payload: &[u8], what: &str) -> Option<Option<UserId>> {
    match std::str::from_utf8(payload).ok()?.strip_prefix(what)? {
        EVERYBODY => Some(None),
        user => user.parse().ok().map(Some),
    }
}

const CHAT: &str = "chat ";
const MARK: &str = "mark ";
const EVERYBODY: &str = "*";

impl<'a> Doorbell<'a> {
    /// `None` for what is none, or says more than this version knows of.
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        let line_end = payload.iter().position(|byte| *byte == b'\n');
        let (line, behind) = payload.split_at(line_end.unwrap_or(payload.len()));
        let mut parts = std::str::from_utf8(line).ok()?.split(' ');
        let (seq, node) = (parts.next()?.parse().ok()?, parts.next()?);
        let epoch = parts.next().map(str::parse).transpose().ok()?;
        let mut rest = behind.get(1..).unwrap_or_default();
        let (mut rows, mut changes) = (Vec::new(), &[][..]);
        while let Some(part) = parts.next() {
            let last = part.strip_prefix('+');
            let (found, behind) = rest.split_at_checked(last.unwrap_or(part).parse().ok()?)?;
            rest = behind;
            match last {
                Some(_) if parts.next().is_some() => return None,
                Some(_) => changes = found,
                None => rows.push(found),
            }
        }
        let is_whole =
            rest.is_empty() && rows.len() <= DOORBELL_ENTRIES_MAX && rows.len() as u64 <= seq && seq < u64::MAX;
        is_whole.then_some(Self { seq, node, epoch, rows, changes })
    }

    /// Its line, with the end where rows follow. Only rows of an epoch that is known do.
    pub fn line(&self) -> String {
        let Self { seq, node, epoch, rows, changes } = self;
        let mut line = format!("{seq} {node}");
        if let Some(epoch) = epoch {
            // A string takes whatever is written to it.
            let _ = write!(line, " {epoch}");
            for row in rows {
                let _ = write!(line, " {}", row.len());
            }
            if !rows.is_empty() {
                let _ = write!(line, " +{}", changes.len());
                line.push('\n');
            }
        }
        line
    }

    /// All of it.
    pub fn payload(&self) -> Vec<u8> {
        let mut payload = self.line().into_bytes();
        if self.epoch.is_some() && !self.rows.is_empty() {
            self.rows.iter().chain([&self.changes]).for_each(|part| payload.extend_from_slice(part));
        }
        payload
    }

    /// The rows with the seqs of their entries.
    pub fn entries(&self) -> impl Iterator<Item = (u64, &'a [u8])> {
        let first = self.seq + 1 - self.rows.len() as u64;
        (first..).zip(self.rows.iter().copied())
    }
}

/// The rows of entries as a commit writes them; of those whose text is not apart. For stores
/// that ring for others in a test.
#[cfg(feature = "simulation")]
pub fn rows_of(room: rill_protocol::RoomId, entries: &[std::sync::Arc<crate::model::Entry>]) -> Vec<Vec<u8>> {
    let rows = entries.iter().map(|entry| crate::aggregates::row(room, entry));
    rows.collect::<Option<_>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bell(epoch: Option<Epoch>, rows: Vec<&[u8]>) -> Doorbell<'_> {
        Doorbell { seq: 12, node: "a1b2", epoch, rows, changes: b"" }
    }

    #[test]
    fn doorbells_are_what_they_were() {
        let epoch = Some(Epoch([7; 16]));
        let changing = Doorbell { changes: b"\n+1", ..bell(epoch, vec![b"one"]) };
        for bell in [bell(None, vec![]), bell(epoch, vec![]), bell(epoch, vec![b"\n 9", b"", b"\xff"]), changing] {
            assert_eq!(Doorbell::parse(&bell.payload()), Some(bell));
        }
        let with_rows = bell(epoch, vec![b"one", b"two"]);
        assert!(with_rows.entries().eq([(11, &b"one"[..]), (12, b"two")]));
        assert_eq!(bell(None, vec![b"of no epoch"]).payload(), b"12 a1b2");
    }

    #[test]
    fn marks_and_chats_ring_by_themselves() {
        for user in [Some(UserId([7; 16])), None] {
            for (rung, as_mark, as_chat) in [(mark(user), Some(user), None), (chat(user), None, Some(user))] {
                let bytes = rung.as_bytes();
                assert_eq!((marked(bytes), chat_changed(bytes), Doorbell::parse(bytes)), (as_mark, as_chat, None));
            }
        }
        for other in ["", "mark ", "mark x", "7 a", "mark * ", "chat ", "chat x"] {
            assert_eq!((marked(other.as_bytes()), chat_changed(other.as_bytes())), (None, None), "{other}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let epoch = Epoch([7; 16]);
        let cut = format!("7 a {epoch} 3\nab");
        let more = format!("7 a {epoch} 3\nabcd");
        let behind_the_last = format!("7 a {epoch} 1 +1 1\nabc");
        let before_the_first = format!("1 a {epoch} 1 1\nab");
        let none = format!("7 a {epoch}\nab");
        let many = format!("700 a {epoch}{}\n", " 0".repeat(DOORBELL_ENTRIES_MAX + 1));
        for other in
            ["", "a", "x a", "7", "-1 a", "7 a b", &cut, &more, &before_the_first, &none, &many, &behind_the_last]
        {
            assert_eq!(Doorbell::parse(other.as_bytes()), None, "{other}");
        }
        assert_eq!(Doorbell::parse(b"7 \xff"), None);
    }
}
