//! The last logins that ended, as a stream beside every user's slot: an entry holds the ids of
//! those that one commit ends, and is there before the commit is.
//!
//! Who reads on begins with the entry that they read last. If that is not the first one that
//! they get, it was cut off, or Redis has lost what it had: then anything may have ended.

use async_trait::async_trait;
use redis::{Value, cmd};
use rill_protocol::SessionId;

use super::{core::Core, substrate::Redis, wants};
use crate::{
    StoreError,
    embedded::tx::Effects,
    limits::ENDINGS_KEPT_MAX,
    port::endings::{Ended, Endings, Mark},
};

const ID_BYTES: usize = 16;

/// An entry's place, and the logins in it.
type Entry = (Vec<u8>, Vec<SessionId>);

/// Whether it is one that Redis would take.
fn is_place(mark: &[u8]) -> bool {
    let is_number = |part: &[u8]| (1..=20).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
    let mut parts = mark.split(|byte| *byte == b'-');
    parts.next().is_some_and(is_number) && parts.next().is_some_and(is_number) && parts.next().is_none()
}

fn entry(value: Value) -> Result<Entry, StoreError> {
    let [place, fields] = wants::list(value)?.try_into().map_err(|_| wants::unexpected())?;
    let place = wants::bytes(place)?.ok_or_else(wants::unexpected)?;
    let [_, ids] = wants::list(fields)?.try_into().map_err(|_| wants::unexpected())?;
    let ids = wants::bytes(ids)?.unwrap_or_default();
    Ok((place, ids.as_chunks::<ID_BYTES>().0.iter().copied().map(SessionId).collect()))
}

fn entries(value: Value) -> Result<Vec<Entry>, StoreError> {
    wants::list(value)?.into_iter().map(entry).collect()
}

impl Core {
    fn endings_key(&self) -> Vec<u8> {
        self.layout.global("endings")
    }

    /// Tells the logins that a batch is about to end.
    pub(super) async fn tell_endings(&self, effects: &Effects) -> Result<(), StoreError> {
        if effects.ended.is_empty() {
            return Ok(());
        }
        let ids: Vec<u8> = effects.ended.iter().flat_map(|session| session.0).collect();
        self.add_ending(&ids).await.map(drop)
    }

    async fn add_ending(&self, ids: &[u8]) -> Result<Vec<u8>, StoreError> {
        let key = self.endings_key();
        let mut command = cmd("XADD");
        command.arg(&key).arg("MAXLEN").arg("~").arg(ENDINGS_KEPT_MAX).arg("*").arg("e").arg(ids);
        let place = self.command("telling the end of a login", &key, &command).await?;
        wants::bytes(place)?.ok_or_else(wants::unexpected)
    }

    /// Where the list ends. One that is empty gets an entry, to know it by.
    async fn end_of_endings(&self) -> Result<Mark, StoreError> {
        let key = self.endings_key();
        let mut command = cmd("XREVRANGE");
        command.arg(&key).arg("+").arg("-").arg("COUNT").arg(1);
        let last = entries(self.command("reading the ends of logins", &key, &command).await?)?;
        Ok(Mark(match last.into_iter().next() {
            Some((place, _)) => place,
            None => self.add_ending(&[]).await?,
        }))
    }
}

#[async_trait]
impl Endings for Redis {
    async fn since(&self, mark: Option<Mark>) -> Result<Ended, StoreError> {
        self.core.ensure_open()?;
        let Some(mark) = mark else {
            let mark = self.core.end_of_endings().await?;
            return Ok(Ended { sessions: Vec::new(), mark, is_unknown: false });
        };
        if is_place(&mark.0) {
            let key = self.core.endings_key();
            let mut command = cmd("XRANGE");
            // More than are kept: Redis cuts off in pieces of a hundred.
            command.arg(&key).arg(&mark.0).arg("+").arg("COUNT").arg(2 * ENDINGS_KEPT_MAX);
            let found = entries(self.core.command("reading the ends of logins", &key, &command).await?)?;
            if found.first().is_some_and(|(place, _)| *place == mark.0) {
                let mark = found.last().map_or(mark, |(place, _)| Mark(place.clone()));
                let sessions = found.into_iter().skip(1).flat_map(|(_, sessions)| sessions).collect();
                return Ok(Ended { sessions, mark, is_unknown: false });
            }
        }
        Ok(Ended { sessions: Vec::new(), mark: self.core.end_of_endings().await?, is_unknown: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        for (mark, expected) in [
            ("1700000000000-0", true),
            ("0-1", true),
            ("", false),
            ("-", false),
            ("7", false),
            ("7-x", false),
            ("7-8-9", false),
        ] {
            assert_eq!(is_place(mark.as_bytes()), expected, "{mark}");
        }
    }
}
