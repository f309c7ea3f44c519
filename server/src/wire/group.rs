//! Groups: settings, roles, invitations and links.

use rill_protocol::UserId;
use rill_protocol::{
    Code,
    message::{
        MemberAction, MemberChange, Outsider, RoomAccess, RoomChange, RoomDetail, RoomHistory, RoomKind, RoomLinkInfo,
        RoomRole, RoomSetting,
    },
};
use rill_storage::model::{self, Body, Fact, MemberAct, Setting};

use super::{code::Failure, number};
use crate::domain::rooms::{LinkView, NotedView, RoomView};

/// What a client asks to be set.
pub fn setting(change: RoomChange) -> Result<Setting, Failure> {
    let RoomChange { setting, text, value } = change;
    Ok(match setting {
        RoomSetting::Name => Setting::Name(text.into()),
        RoomSetting::Topic => Setting::Topic(text.into()),
        RoomSetting::Access => Setting::Access(access(value.into())?),
        RoomSetting::History => Setting::History(history(value.into())?),
        RoomSetting::SlowMode => Setting::SlowMode(value),
        RoomSetting::Archived => Setting::Archived(value != 0),
        RoomSetting::LinkMade | RoomSetting::LinkGone => return Err(Code::BadRequest.into()),
        RoomSetting::Other(_) => return Err(Code::Unsupported.into()),
    })
}

/// To whom a room is to be open.
pub fn access(access: RoomAccess) -> Result<model::Access, Failure> {
    match access {
        RoomAccess::Public => Ok(model::Access::Public),
        RoomAccess::Invited => Ok(model::Access::Invited),
        RoomAccess::Other(_) => Err(Code::Unsupported.into()),
    }
}

/// What new members are to see.
pub fn history(history: RoomHistory) -> Result<model::HistoryFrom, Failure> {
    match history {
        RoomHistory::Start => Ok(model::HistoryFrom::Start),
        RoomHistory::Joining => Ok(model::HistoryFrom::Joining),
        RoomHistory::Other(_) => Err(Code::Unsupported.into()),
    }
}

/// What is to be done to somebody.
pub fn act(action: MemberAction) -> Result<MemberAct, Failure> {
    Ok(match action {
        MemberAction::Invite => MemberAct::Invite,
        MemberAction::Uninvite => MemberAct::Uninvite,
        MemberAction::Remove => MemberAct::Remove,
        MemberAction::Ban => MemberAct::Ban,
        MemberAction::Unban => MemberAct::Unban,
        MemberAction::Promote => MemberAct::Promote,
        MemberAction::Demote => MemberAct::Demote,
        MemberAction::HandOver => MemberAct::HandOver,
        MemberAction::Other(_) => return Err(Code::Unsupported.into()),
    })
}

fn access_of(access: model::Access) -> RoomAccess {
    match access {
        model::Access::Public => RoomAccess::Public,
        model::Access::Invited => RoomAccess::Invited,
    }
}

fn history_of(history: model::HistoryFrom) -> RoomHistory {
    match history {
        model::HistoryFrom::Start => RoomHistory::Start,
        model::HistoryFrom::Joining => RoomHistory::Joining,
    }
}

/// What somebody is in a room.
pub fn role(role: Option<model::RoomRole>) -> RoomRole {
    match role {
        None => RoomRole::None,
        Some(model::RoomRole::Member) => RoomRole::Member,
        Some(model::RoomRole::Admin) => RoomRole::Admin,
        Some(model::RoomRole::Owner) => RoomRole::Owner,
    }
}

/// What a fact says of the room itself, if it does.
pub(super) fn room_change(fact: Fact, body: &Body) -> Option<RoomChange> {
    let (setting, value) = match fact {
        Fact::Renamed => (RoomSetting::Name, 0),
        Fact::Topic => (RoomSetting::Topic, 0),
        Fact::Access(access) => (RoomSetting::Access, access_of(access).into()),
        Fact::History(history) => (RoomSetting::History, history_of(history).into()),
        Fact::SlowMode(ms) => (RoomSetting::SlowMode, ms),
        Fact::Archived(is_archived) => (RoomSetting::Archived, u32::from(is_archived)),
        Fact::LinkMade => (RoomSetting::LinkMade, 0),
        Fact::LinkGone => (RoomSetting::LinkGone, 0),
        _ => return None,
    };
    Some(RoomChange { setting, text: text(body), value })
}

/// What a fact says was done to somebody, if it does.
pub(super) fn member_change(fact: Fact, body: &Body) -> Option<MemberChange> {
    let (action, user) = match fact {
        Fact::Invited { user } => (MemberAction::Invite, user),
        Fact::Uninvited { user } => (MemberAction::Uninvite, user),
        Fact::Removed { user } => (MemberAction::Remove, user),
        Fact::Banned { user } => (MemberAction::Ban, user),
        Fact::Unbanned { user } => (MemberAction::Unban, user),
        Fact::Role { user, role: model::RoomRole::Admin } => (MemberAction::Promote, user),
        Fact::Role { user, role: model::RoomRole::Member } => (MemberAction::Demote, user),
        Fact::Role { user, role: model::RoomRole::Owner } => (MemberAction::HandOver, user),
        _ => return None,
    };
    Some(MemberChange { action, user, name: text(body) })
}

fn text(body: &Body) -> String {
    match body {
        Body::Text(text) => text.to_string(),
        Body::None | Body::Erased => String::new(),
    }
}

/// A room as `user` sees it.
pub fn detail(user: UserId, view: &RoomView) -> RoomDetail {
    room_detail(user, &view.room, view.role)
}

/// The same, of a room and what the user is in it.
pub fn room_detail(user: UserId, room: &model::Room, of: Option<model::RoomRole>) -> RoomDetail {
    let with = room.kind.other(user);
    let (kind, name, owner) = match room.kind {
        model::RoomKind::Group => (RoomKind::Group, room.name.clone(), room.owner),
        // It is called after the other one, whom their clients know by the present name.
        model::RoomKind::Private { .. } => (RoomKind::Private, String::new(), UserId::default()),
    };
    RoomDetail {
        room: room.id,
        kind,
        with,
        name,
        topic: room.topic.clone(),
        access: access_of(room.access),
        history: history_of(room.history),
        members: room.members,
        owner,
        role: role(of),
        slow_mode_ms: room.slow_mode_ms,
        archived: room.archived_ms.is_some(),
        closed: room.is_closed,
    }
}

/// Somebody who is invited or banned.
pub fn outsider(view: NotedView) -> Outsider {
    let NotedView { noted, name, by_name } = view;
    Outsider { user: noted.user, name, by: noted.by, by_name, at_ms: number(noted.at_ms) }
}

/// A link, without what opens it.
pub fn link(view: LinkView) -> RoomLinkInfo {
    let LinkView { id, by_name, link } = view;
    RoomLinkInfo {
        id,
        by: link.creator,
        by_name,
        created_ms: number(link.created_ms),
        expires_ms: number(link.expires_ms),
        uses_max: link.uses_max,
        uses: link.uses,
    }
}
