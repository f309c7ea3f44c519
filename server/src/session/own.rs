//! Requests about what a user wants of their rooms.

use bytes::Bytes;
use rill_protocol::{
    Code, codec,
    message::{Done, HideReceipts, Notify, SetDraft, SetRoomPreferences},
};
use rill_storage::model::{self, RoomSettingsChange};
use std::sync::Arc;

use super::{Session, dispatch::failed};
use crate::domain::DomainError;

/// `None` for a number of a later version.
fn notify(wire: Notify) -> Option<model::Notify> {
    match wire {
        Notify::All => Some(model::Notify::All),
        Notify::Mentions => Some(model::Notify::Mentions),
        Notify::Nothing => Some(model::Notify::None),
        Notify::Other(_) => None,
    }
}

pub(super) fn wire(notify: model::Notify) -> Notify {
    match notify {
        model::Notify::All => Notify::All,
        model::Notify::Mentions => Notify::Mentions,
        model::Notify::None => Notify::Nothing,
    }
}

fn answer(request: u32, outcome: Result<(), DomainError>) -> Bytes {
    match outcome {
        Ok(()) => codec::frame(&Done { request }),
        Err(error) => failed(request, error),
    }
}

pub(super) async fn set_room(session: Arc<Session>, body: SetRoomPreferences) -> Bytes {
    let SetRoomPreferences { request, client_id, room, notify: wanted, pinned, archived } = body;
    let Ok(notify) = wanted.map(|wanted| notify(wanted).ok_or(())).transpose() else {
        return failed(request, Code::BadRequest);
    };
    let change = RoomSettingsChange { notify, is_pinned: pinned, is_archived: archived };
    answer(request, session.services.domain.own.set_room(session.identity.user, client_id, room, change).await)
}

pub(super) async fn set_draft(session: Arc<Session>, body: SetDraft) -> Bytes {
    let SetDraft { request, client_id, room, text } = body;
    answer(request, session.services.domain.own.set_draft(session.identity.user, client_id, room, &text).await)
}

pub(super) async fn hide_receipts(session: Arc<Session>, body: HideReceipts) -> Bytes {
    let HideReceipts { request, client_id, hidden } = body;
    answer(request, session.services.domain.own.hide_receipts(session.identity.user, client_id, hidden).await)
}
