//! The user's own log on the control stream, from the client's cursor.

use bytes::Bytes;
use rill_protocol::{
    Code, Epoch, codec,
    message::{
        Attached, Draft, InvitationGone, InvitedToRoom, ReceiptsHidden, RoomAdded, RoomPreferences, RoomRemoved,
        UserEntryHeader, UserHead,
    },
};
use rill_storage::model::{RoomSettings, UserEntry, UserFact};
use std::sync::Arc;
use tokio::task::coop::consume_budget;

use super::{End, Session, groups, own, pictures, pictures::Told};
use crate::{
    domain::{DomainError, own::receipts_hidden},
    hub::inbox::UserLogNews,
    wire::{code::Failure, number, room},
};

/// Entries read in one go; a client that is further behind gets the snapshot.
const ENTRIES_MAX: usize = 256;

/// How far the client has been told.
pub(super) struct UserFeed {
    cursor: u64,
}

fn end(error: impl Into<DomainError>) -> End {
    let failure = Failure::from(error.into());
    End::new(failure.code, failure.detail)
}

impl UserFeed {
    /// The answer to `Attach` and all that the client does not know yet.
    pub(super) async fn start(
        session: &Arc<Session>,
        told: &mut Told,
        request: u32,
        epoch: Epoch,
        seq: u64,
    ) -> Result<(Self, Vec<Bytes>), End> {
        let log = &session.services.store.user_log;
        let user = session.identity.user;
        let head = log.head(user).await.map_err(end)?.ok_or_else(|| End::new(Code::SessionRevoked, "no such user"))?;
        let known = epoch == head.epoch && seq <= head.seq;
        let missed = if known { log.entries(user, seq, ENTRIES_MAX).await.map_err(end)? } else { None };
        let missed = missed.filter(|entries| entries.len() < ENTRIES_MAX);
        let (snapshot, reached, entries) = match missed {
            Some(entries) => (false, entries.last().map_or(seq, |entry| entry.seq), entries),
            None => {
                let (head, entries) = log.snapshot(user).await.map_err(end)?.unwrap_or((head, Vec::new()));
                (true, head.seq, entries)
            }
        };
        let mut frames = vec![codec::frame(&Attached { request, user_epoch: head.epoch, snapshot })];
        frames.append(&mut told.first(session).await.map_err(end)?);
        frames.append(&mut encode(session, entries).await?);
        frames.push(codec::frame(&UserHead { seq: number(reached) }));
        Ok((Self { cursor: reached }, frames))
    }

    /// What there is to tell.
    pub(super) async fn heard(&mut self, session: &Arc<Session>, news: UserLogNews) -> Result<Vec<Bytes>, End> {
        match news {
            UserLogNews::None => Ok(Vec::new()),
            UserLogNews::Grown => self.grown(session).await,
            UserLogNews::Restarted => Err(End::new(Code::EpochChanged, "the user's log is another one")),
        }
    }

    /// What came since.
    async fn grown(&mut self, session: &Arc<Session>) -> Result<Vec<Bytes>, End> {
        let log = &session.services.store.user_log;
        let mut frames = Vec::new();
        loop {
            let read = log.entries(session.identity.user, self.cursor, ENTRIES_MAX).await.map_err(end)?;
            // Compacted away under a session that fell far behind: it starts again.
            let entries = read.ok_or_else(|| End::new(Code::TooSlow, "the user's log was compacted"))?;
            let Some(last) = entries.last() else { return Ok(frames) };
            self.cursor = last.seq;
            frames.append(&mut encode(session, entries).await?);
            frames.push(codec::frame(&UserHead { seq: number(self.cursor) }));
        }
    }
}

async fn encode(session: &Arc<Session>, entries: Vec<UserEntry>) -> Result<Vec<Bytes>, End> {
    let user = session.identity.user;
    let mut frames = Vec::with_capacity(entries.len());
    for entry in entries {
        let header = UserEntryHeader { seq: number(entry.seq), at_ms: number(entry.at_ms) };
        match entry.fact {
            UserFact::RoomRemoved(room) => frames.push(codec::frame(&RoomRemoved { header, room })),
            UserFact::RoomAdded(id) => match session.services.domain.rooms.view(user, id).await {
                Ok(view) => {
                    let beside = groups::before_rooms(user, std::slice::from_ref(&view));
                    frames.push(pictures::before(beside, codec::frame(&RoomAdded { header, room: room::info(view) })));
                }
                // Added, and gone since: its removal is a later entry.
                Err(DomainError::NoSuchRoom | DomainError::RoomDeleted) => {}
                Err(error) => return Err(end(error)),
            },
            UserFact::Invited { room: id, by } => match session.services.domain.rooms.view(user, id).await {
                Ok(view) => {
                    let beside = groups::before_rooms(user, std::slice::from_ref(&view));
                    let by_name = session.services.domain.people.name_or_empty(by).await.map_err(end)?;
                    let invited = InvitedToRoom { header, room: room::info(view), by, by_name };
                    frames.push(pictures::before(beside, codec::frame(&invited)));
                }
                // Taken back since: that is a later entry.
                Err(DomainError::NoSuchRoom | DomainError::RoomDeleted) => {}
                Err(error) => return Err(end(error)),
            },
            UserFact::InvitationGone(room) => frames.push(codec::frame(&InvitationGone { header, room })),
            UserFact::RoomSettings { room, settings } => {
                let RoomSettings { notify, is_pinned: pinned, is_archived: archived } = settings;
                frames.push(codec::frame(&RoomPreferences {
                    header,
                    room,
                    notify: own::wire(notify),
                    pinned,
                    archived,
                }));
            }
            UserFact::Draft { room, text } => {
                let text = text.map(|text| text.as_ref().to_owned()).unwrap_or_default();
                frames.push(codec::frame(&Draft { header, room, text }));
            }
            UserFact::Setting { number, value } => {
                let hidden = receipts_hidden(number, &value);
                frames.extend(hidden.map(|hidden| codec::frame(&ReceiptsHidden { header, hidden })));
            }
            // It comes with a later entry.
            UserFact::Past => {}
        }
        consume_budget().await;
    }
    Ok(frames)
}
