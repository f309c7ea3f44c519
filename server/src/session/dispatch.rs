//! Which frame is answered by what: one arm a kind.

use bytes::Bytes;
use rill_protocol::{
    Code, Frame, Kind, codec,
    kind::Body,
    message::{Attach, Failed, Ping, Pong},
};
use serde::de::DeserializeOwned;
use std::{future::Future, pin::Pin, sync::Arc};

use super::{End, Session, groups, marks, own, people, private, removing, request, resume, rooms, writer::Outgoing};
use crate::{
    admission::Over,
    wire::{code::Failure, number},
};

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Authenticated; nothing runs yet.
    Welcomed,
    Attached,
    /// The server stops: nothing new is begun.
    Leaving,
}

/// A request that is being carried out; resolves to the frame that answers it.
pub(super) type Request = Pin<Box<dyn Future<Output = Bytes> + Send>>;

/// What the control loop does about a frame.
pub(super) enum Answer {
    Nothing,
    Now(Outgoing),
    Later(Request),
    /// The session ends.
    End(End),
}

/// The answer to a refused request.
pub(super) fn failed(request: u32, failure: impl Into<Failure>) -> Bytes {
    let failure = failure.into();
    codec::frame(&Failed { request, code: failure.code.number(), detail: failure.detail })
}

/// The number of a request; what is none has number 0.
fn request_number(frame: &Frame) -> u32 {
    match frame.known() {
        Some(Kind::View | Kind::Ping | Kind::Typing | Kind::TellDelivered) => 0,
        _ => request::number(frame),
    }
}

fn refuse(frame: &Frame, failure: impl Into<Failure>) -> Answer {
    Answer::Now(Outgoing::Frame(failed(request_number(frame), failure)))
}

/// Whether a request takes a place among those that are under way.
fn takes_a_place(kind: Kind) -> bool {
    !matches!(kind, Kind::View | Kind::WatchPresence | Kind::SetActivity | Kind::Typing | Kind::TellDelivered)
}

/// Whether a frame counts as a request. The others cannot be refused one by one: nobody
/// would send them again.
pub(super) fn is_request(kind: Option<Kind>) -> bool {
    let state = [
        Kind::Attach,
        Kind::Ping,
        Kind::View,
        Kind::WatchPresence,
        Kind::SetActivity,
        Kind::Typing,
        Kind::TellDelivered,
    ];
    kind.is_none_or(|kind| !state.contains(&kind))
}

/// Decodes, checks the phase, and begins, unless every place for requests is taken.
pub(super) fn frame(session: &Arc<Session>, phase: &mut Phase, is_full: bool, frame: Frame) -> Answer {
    match session.may(is_request(frame.known())) {
        Ok(()) => {}
        Err(Over::Refuse) => return refuse(&frame, Code::RateLimited),
        Err(Over::Close) => return Answer::End(End::flooded()),
    }
    match (frame.known(), *phase) {
        (Some(Kind::Ping), _) => answer(&frame, |ping: Ping| {
            let pong = Pong { nonce: ping.nonce, now_ms: number(session.services.clock.now_ms()) };
            Answer::Now(Outgoing::Frame(codec::frame(&pong)))
        }),
        (None, _) => refuse(&frame, Code::Unsupported),
        (Some(_), Phase::Leaving) => refuse(&frame, Code::GoingAway),
        (Some(Kind::Attach), Phase::Welcomed) => answer(&frame, |attach: Attach| {
            *phase = Phase::Attached;
            session.services.live.supersede(&session.registration);
            session.services.hub.attach(&session.inbox);
            Answer::Now(Outgoing::StartUserFeed {
                request: attach.request,
                epoch: attach.user_epoch,
                seq: attach.user_seq.get(),
            })
        }),
        (Some(_), Phase::Welcomed) => refuse(&frame, Code::AttachRequired),
        (Some(kind), Phase::Attached) if is_full && takes_a_place(kind) => refuse(&frame, Code::Busy),
        (Some(kind), Phase::Attached) => attached(session, kind, &frame),
    }
}

fn attached(session: &Arc<Session>, kind: Kind, frame: &Frame) -> Answer {
    let session = session.clone();
    match kind {
        Kind::Resume => answer(frame, |body| later(resume::resume(session, body))),
        Kind::View => answer(frame, |body| {
            resume::view(&session, &body);
            Answer::Nothing
        }),
        // The append is queued here and now, hence in the order of the frames.
        Kind::Post => answer(frame, |body| later(rooms::post(&session, &body))),
        Kind::PostBatch => answer(frame, |body| later(rooms::post_batch(&session, &body))),
        Kind::CreateRoom => answer(frame, |body| later(rooms::create(session, body))),
        Kind::JoinRoom => answer(frame, |body| later(rooms::join(session, body))),
        Kind::LeaveRoom => answer(frame, |body| later(rooms::leave(session, body))),
        Kind::ListRooms => answer(frame, |body| later(rooms::list(session, body))),
        Kind::ListMembers => answer(frame, |body| later(rooms::members(session, body))),
        Kind::CreateGroup => answer(frame, |body| later(groups::create(session, body))),
        Kind::ChangeRoom => answer(frame, |body| later(groups::change(session, body))),
        Kind::ChangeMember => answer(frame, |body| later(groups::change_member(session, body))),
        Kind::DeclineInvitation => answer(frame, |body| later(groups::decline(session, body))),
        Kind::ListOutside => answer(frame, |body| later(groups::outside(session, body))),
        Kind::MakeRoomLink => answer(frame, |body| later(groups::make_link(session, body))),
        Kind::ListRoomLinks => answer(frame, |body| later(groups::links(session, body))),
        Kind::RevokeRoomLink => answer(frame, |body| later(groups::revoke_link(session, body))),
        Kind::OpenRoomLink => answer(frame, |body| later(groups::open_link(session, body))),
        Kind::OpenPrivateChat => answer(frame, |body| later(private::open(session, body))),
        Kind::TellDelivered => {
            answer(frame, |body| private::tell_delivered(&session, &body).map_or(Answer::Nothing, Answer::Later))
        }
        Kind::DeleteRoom => answer(frame, |body| later(removing::delete(session, body))),
        Kind::RemoveMessage => answer(frame, |body| later(removing::remove(session, body))),
        Kind::Report => answer(frame, |body| later(removing::report(session, body))),
        Kind::MarkRead => answer(frame, |body| later(marks::read(session, body))),
        Kind::MarkUnread => answer(frame, |body| later(marks::unread(session, body))),
        Kind::GetReceipts => answer(frame, |body| later(marks::receipts(session, body))),
        Kind::SetRoomPreferences => answer(frame, |body| later(own::set_room(session, body))),
        Kind::SetDraft => answer(frame, |body| later(own::set_draft(session, body))),
        Kind::HideReceipts => answer(frame, |body| later(own::hide_receipts(session, body))),
        Kind::GetUsers => answer(frame, |body| later(people::users(session, body))),
        Kind::WatchPresence => answer(frame, |body| Answer::Now(Outgoing::Frame(people::watch(&session, body)))),
        Kind::SetActivity => answer(frame, |body| Answer::Now(Outgoing::Frame(people::set_activity(&session, &body)))),
        Kind::SetStatus => answer(frame, |body| later(people::set_status(session, body))),
        Kind::SetProfile => answer(frame, |body| later(people::set_profile(session, body))),
        Kind::GetProfile => answer(frame, |body| later(people::profile(session, body))),
        Kind::SetBlock => answer(frame, |body| later(people::set_block(session, body))),
        Kind::FindPeople => answer(frame, |body| later(people::find(session, body))),
        Kind::Typing => answer(frame, |body| {
            *session.typing_on_control.lock() = Some(body);
            session.typing_came.notify_one();
            Answer::Nothing
        }),
        _ => refuse(frame, Code::UnexpectedFrame),
    }
}

fn answer<T: Body + DeserializeOwned>(frame: &Frame, begin: impl FnOnce(T) -> Answer) -> Answer {
    match frame.decode::<T>() {
        Ok(body) => begin(body),
        Err(error) => refuse(frame, Failure { code: Code::Malformed, detail: error.to_string() }),
    }
}

fn later(request: impl Future<Output = Bytes> + Send + 'static) -> Answer {
    Answer::Later(Box::pin(request))
}
