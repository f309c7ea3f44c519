//! What those do who run a room: its settings, its members, the ways in.
//!
//! Who may do it is a rule that comes with the change. It is asked here, of the roles as they
//! are in the command that makes the change: of two who take each other's role in the same
//! instant one is too late.

use rill_protocol::{ClientId, RoomId, UserId};
use std::sync::Arc;

use super::{
    append::pend,
    entering::link_row,
    entry::{self, Draft},
    membership,
};
use crate::{
    StoreError,
    embedded::{keys, read::Read, stored, tx::Tx},
    engine::Direction,
    limits::{READ_ROWS_MAX, ROOM_INVITATIONS_MAX, ROOM_LINKS_MAX},
    model::{Change, Entry, LinkId, MemberAct, RoomLink, RoomRole, Rule, Setting, Sides},
    planted::{self, Bug},
    port::log::AppendRefused,
};

// One read sees all of a room's.
const _: () = assert!(ROOM_INVITATIONS_MAX < READ_ROWS_MAX && ROOM_LINKS_MAX < READ_ROWS_MAX);

type Outcome = Result<Result<Arc<Entry>, AppendRefused>, StoreError>;

/// Who asks for a change, and where.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) room: RoomId,
    pub(super) user: UserId,
    pub(super) client_id: ClientId,
}

pub(super) fn role(record: &stored::Room, user: UserId, membership: Option<&stored::Membership>) -> Option<RoomRole> {
    let membership = membership?;
    let is_group = record.kind == stored::RoomKind::Group;
    Some(match () {
        () if is_group && record.owner == user => RoomRole::Owner,
        () if is_group && membership.is_admin => RoomRole::Admin,
        () => RoomRole::Member,
    })
}

/// Whether somebody has to wait between two posts.
pub(super) fn is_slow_for(
    tx: &Tx<'_>,
    room: RoomId,
    user: UserId,
    head: &stored::RoomHead,
) -> Result<bool, StoreError> {
    if head.slow_mode_ms == 0 {
        return Ok(false);
    }
    let membership = tx.get(&keys::member(room, user))?;
    let record = tx.need(&keys::room(room))?;
    Ok(role(&record, user, membership.as_ref()).is_none_or(|role| role < RoomRole::Admin))
}

/// Whether a member may post now; notes that they do. How long they have waited is told by the
/// clock of who asks: the log's times never go back, so after a clock that was a day ahead they
/// would stand still for a day, and so would the room. A clock that went back keeps nobody waiting.
pub(super) fn may_post(
    tx: &mut Tx<'_>,
    room: RoomId,
    (user, now_ms): (UserId, u64),
    head: &stored::RoomHead,
    membership: Option<&stored::Membership>,
) -> Result<Result<(), AppendRefused>, StoreError> {
    if head.archived_ms.is_some() {
        return Ok(Err(AppendRefused::Archived));
    }
    if head.closed_by != 0 && !planted::is(Bug::ClosedChatOpen) {
        return Ok(Err(AppendRefused::Closed));
    }
    if membership.is_none() || !is_slow_for(tx, room, user, head)? {
        return Ok(Ok(()));
    }
    let last_ms = tx.get(&keys::last_post(room, user))?.map(|row| row.at_ms);
    let waited_ms = last_ms.and_then(|last_ms| now_ms.checked_sub(last_ms)).unwrap_or(u64::MAX);
    let slow_mode_ms = u64::from(head.slow_mode_ms);
    if waited_ms < slow_mode_ms {
        return Ok(Err(AppendRefused::TooSoon { wait_ms: slow_mode_ms - waited_ms }));
    }
    tx.put(keys::last_post(room, user), &stored::LastPost { at_ms: now_ms })?;
    Ok(Ok(()))
}

/// Makes a change of those that only some may make. Nothing is written where it is refused.
pub(super) fn govern(
    tx: &mut Tx<'_>,
    asked: Asked,
    change: &Change,
    actor: Option<stored::Membership>,
    head: &mut stored::RoomHead,
) -> Outcome {
    let record = tx.need(&keys::room(asked.room))?;
    let has_owner = tx.get(&keys::member(asked.room, record.owner))?.is_some();
    let actor = role(&record, asked.user, actor.as_ref());
    let sides =
        Sides { kind: record.kind.into(), access: record.access.into(), actor, target: None, is_own: false, has_owner };
    let room = Room { asked, record, head, sides };
    match change {
        Change::Set { setting, rule } => set(tx, room, setting, *rule),
        Change::Member { user, name, act, rule } => member(tx, room, (*user, name), *act, *rule),
        Change::Decline { name } => decline(tx, room, name),
        Change::MakeLink { link, rule } => make_link(tx, room, link, *rule),
        Change::RevokeLink { link, rule } => revoke_link(tx, room, *link, *rule),
        _ => Err(StoreError::Engine("a change that needs no rule".into())),
    }
}

/// A room that is being changed.
struct Room<'a> {
    asked: Asked,
    record: stored::Room,
    head: &'a mut stored::RoomHead,
    sides: Sides,
}

impl Room<'_> {
    fn write(&mut self, tx: &mut Tx<'_>, fact: stored::Fact, text: Option<Arc<str>>) -> Outcome {
        let Asked { room, user, client_id } = self.asked;
        entry::write(tx, room, self.head, Draft { author: user, client_id, fact, text, file: None }).map(Ok)
    }

    /// Who remembers the room is told of this row, also where only the head has changed.
    fn save(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        tx.put(keys::room(self.asked.room), &self.record)
    }

    fn pend(&self, tx: &mut Tx<'_>, user: UserId, fact: stored::Fact) -> Result<(), StoreError> {
        pend(tx, self.asked.room, self.head, user, fact)
    }
}

fn set(tx: &mut Tx<'_>, mut room: Room<'_>, setting: &Setting, Rule(rule): Rule) -> Outcome {
    if !rule(&room.sides) {
        return Ok(Err(AppendRefused::NotAllowed));
    }
    let (record, head) = (&mut room.record, &mut *room.head);
    let (is_changed, fact, text) = match setting {
        Setting::Name(name) => {
            let before = std::mem::replace(&mut record.name, name.to_string());
            (before != record.name, stored::Fact::Renamed, Some(Arc::clone(name)))
        }
        Setting::Topic(topic) => {
            let before = std::mem::replace(&mut record.topic, topic.to_string());
            (before != record.topic, stored::Fact::Topic, Some(Arc::clone(topic)))
        }
        Setting::Access(access) => {
            let before = std::mem::replace(&mut record.access, (*access).into());
            (before != record.access, stored::Fact::Access(record.access), None)
        }
        Setting::History(history) => {
            let before = std::mem::replace(&mut head.history, (*history).into());
            (before != head.history, stored::Fact::History(head.history), None)
        }
        Setting::SlowMode(ms) => {
            let before = std::mem::replace(&mut head.slow_mode_ms, *ms);
            (before != *ms, stored::Fact::SlowMode(*ms), None)
        }
        Setting::Archived(is_archived) => {
            let before = std::mem::replace(&mut head.archived_ms, is_archived.then_some(head.at_ms));
            (before.is_some() != *is_archived, stored::Fact::Archived(*is_archived), None)
        }
    };
    if !is_changed {
        return Ok(Err(AppendRefused::Unchanged));
    }
    room.save(tx)?;
    let written = room.write(tx, fact, text)?;
    if matches!(setting, Setting::Access(_)) {
        room.pend(tx, room.asked.user, fact)?;
    }
    Ok(written)
}

fn member(
    tx: &mut Tx<'_>,
    mut room: Room<'_>,
    (user, name): (UserId, &Arc<str>),
    act: MemberAct,
    Rule(rule): Rule,
) -> Outcome {
    let id = room.asked.room;
    // Whatever is not at hand of them is fetched at once.
    let (target, invitation) = (tx.get(&keys::member(id, user)), tx.get(&keys::room_invitation(id, user)));
    let banned = tx.get(&keys::ban(id, user));
    let (target, invitation, is_banned) = (target?, invitation?, banned?.is_some());
    room.sides.target = role(&room.record, user, target.as_ref());
    room.sides.is_own = match act {
        MemberAct::Uninvite => invitation.as_ref().is_some_and(|row| row.by == room.asked.user),
        _ => user == room.asked.user,
    };
    if !rule(&room.sides) && !planted::is(Bug::RoleNotAsked) {
        return Ok(Err(AppendRefused::NotAllowed));
    }
    let text = Some(Arc::clone(name));
    let noted = (room.asked.user, room.head.at_ms);
    match act {
        MemberAct::Invite if target.is_some() || invitation.is_some() => Ok(Err(AppendRefused::Unchanged)),
        MemberAct::Invite if is_banned => Ok(Err(AppendRefused::Banned)),
        MemberAct::Invite => {
            let open = tx.collect(&keys::room_invitations(id), Direction::Forward, READ_ROWS_MAX, |_, _| Ok(()))?;
            if open.len() >= ROOM_INVITATIONS_MAX {
                return Ok(Err(AppendRefused::TooManyOpen));
            }
            let (by, at_ms) = noted;
            tx.put(keys::room_invitation(id, user), &stored::RoomInvitation { by, at_ms })?;
            let written = room.write(tx, stored::Fact::Invited { user }, text)?;
            room.pend(tx, user, stored::Fact::Invited { user })?;
            Ok(written)
        }
        MemberAct::Uninvite if invitation.is_none() => Ok(Err(AppendRefused::Unchanged)),
        MemberAct::Uninvite => uninvite(tx, room, user, text),
        MemberAct::Remove => {
            let Some(target) = target else { return Ok(Err(AppendRefused::NoSuchMember)) };
            depart(tx, room, (user, target), stored::Fact::Removed { user }, text)
        }
        MemberAct::Ban if is_banned => Ok(Err(AppendRefused::Unchanged)),
        MemberAct::Ban => {
            let (by, at_ms) = noted;
            tx.put(keys::ban(id, user), &stored::Ban { by, at_ms })?;
            if invitation.is_some() {
                tx.delete(keys::room_invitation(id, user))?;
            }
            let fact = stored::Fact::Banned { user };
            match target {
                Some(target) => depart(tx, room, (user, target), fact, text),
                None => {
                    let written = room.write(tx, fact, text)?;
                    if invitation.is_some() {
                        room.pend(tx, user, stored::Fact::Uninvited { user })?;
                    }
                    Ok(written)
                }
            }
        }
        MemberAct::Unban if !is_banned => Ok(Err(AppendRefused::Unchanged)),
        MemberAct::Unban => {
            tx.delete(keys::ban(id, user))?;
            room.write(tx, stored::Fact::Unbanned { user }, text)
        }
        MemberAct::Promote | MemberAct::Demote => {
            let Some(mut target) = target else { return Ok(Err(AppendRefused::NoSuchMember)) };
            let is_admin = act == MemberAct::Promote;
            if target.is_admin == is_admin || room.sides.target == Some(RoomRole::Owner) {
                return Ok(Err(AppendRefused::Unchanged));
            }
            target.is_admin = is_admin;
            tx.put(keys::member(id, user), &target)?;
            let role = if is_admin { stored::RoomRole::Admin } else { stored::RoomRole::Member };
            room.write(tx, stored::Fact::Role { user, role }, text)
        }
        MemberAct::HandOver => {
            let Some(mut target) = target else { return Ok(Err(AppendRefused::NoSuchMember)) };
            let before = room.record.owner;
            if before == user {
                return Ok(Err(AppendRefused::Unchanged));
            }
            target.is_admin = false;
            tx.put(keys::member(id, user), &target)?;
            if let Some(former) = tx.get(&keys::member(id, before))? {
                tx.put(keys::member(id, before), &stored::Membership { is_admin: true, ..former })?;
            }
            room.record.owner = user;
            room.save(tx)?;
            room.write(tx, stored::Fact::Role { user, role: stored::RoomRole::Owner }, text)
        }
    }
}

/// The last entry that a member sees, by which they are none any more.
fn depart(
    tx: &mut Tx<'_>,
    mut room: Room<'_>,
    (user, target): (UserId, stored::Membership),
    fact: stored::Fact,
    text: Option<Arc<str>>,
) -> Outcome {
    room.head.members = room.head.members.saturating_sub(1);
    let written = room.write(tx, fact, text)?;
    membership::close(tx, room.asked.room, user, room.head.seq, target)?;
    room.pend(tx, user, fact)?;
    Ok(written)
}

fn uninvite(tx: &mut Tx<'_>, mut room: Room<'_>, user: UserId, text: Option<Arc<str>>) -> Outcome {
    tx.delete(keys::room_invitation(room.asked.room, user))?;
    let written = room.write(tx, stored::Fact::Uninvited { user }, text)?;
    room.pend(tx, user, stored::Fact::Uninvited { user })?;
    Ok(written)
}

fn decline(tx: &mut Tx<'_>, room: Room<'_>, name: &Arc<str>) -> Outcome {
    let user = room.asked.user;
    if tx.get(&keys::room_invitation(room.asked.room, user))?.is_none() {
        return Ok(Err(AppendRefused::Unchanged));
    }
    uninvite(tx, room, user, Some(Arc::clone(name)))
}

fn make_link(tx: &mut Tx<'_>, mut room: Room<'_>, link: &RoomLink, Rule(rule): Rule) -> Outcome {
    if !rule(&room.sides) {
        return Ok(Err(AppendRefused::NotAllowed));
    }
    let id = room.asked.room;
    let known = tx.collect(&keys::room_links(id), Direction::Forward, READ_ROWS_MAX, |key, row| {
        key.room()?;
        Ok((LinkId(key.take()?), row))
    })?;
    let now_ms = room.head.at_ms;
    let is_open = |row: &stored::RoomLink| now_ms < row.expires_ms && row.uses < row.uses_max;
    if known.iter().filter(|(_, row)| is_open(row)).count() >= ROOM_LINKS_MAX {
        return Ok(Err(AppendRefused::TooManyOpen));
    }
    for (spent, _) in known.iter().filter(|(_, row)| !is_open(row)) {
        tx.delete(keys::room_link(id, *spent))?;
    }
    tx.put(keys::room_link(id, link.id()), &link_row(link))?;
    room.write(tx, stored::Fact::LinkMade, None)
}

fn revoke_link(tx: &mut Tx<'_>, mut room: Room<'_>, link: LinkId, Rule(rule): Rule) -> Outcome {
    let key = keys::room_link(room.asked.room, link);
    let found = tx.get(&key)?;
    room.sides.is_own = found.as_ref().is_some_and(|row| row.creator == room.asked.user);
    if !rule(&room.sides) {
        return Ok(Err(AppendRefused::NotAllowed));
    }
    if found.is_none() {
        return Ok(Err(AppendRefused::BadLink));
    }
    tx.delete(key)?;
    room.write(tx, stored::Fact::LinkGone, None)
}
