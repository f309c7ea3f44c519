//! Who may do what in a group, by what they are in it. The store asks within the command that
//! does it, so it holds of the roles of that moment.
//!
//! In a private chat nobody runs anything: there all of this is refused.

use rill_storage::model::{Access, MemberAct, RoomKind, RoomRole, Rule, Setting, Sides};

/// What takes more than being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Its name, its topic, and how slow it is.
    Tend,
    /// To whom it is open, what new members see, whether it is archived.
    Settle,
    Invite,
    /// Takes an invitation or a link back.
    TakeBack,
    MakeLink,
    Remove,
    Unban,
    Promote,
    Demote,
    HandOver,
    /// As [`Self::HandOver`], by an administrator of the server: also where nobody owns the room.
    Adopt,
    /// Removes a message: one's own, in private chats too.
    Erase,
    /// The same by an administrator of the server, whatever the room.
    Moderate,
    /// Deletes the room.
    Delete,
    /// The same by an administrator of the server, who need be no member.
    Dissolve,
}

/// The table: the test below has every cell of it.
pub fn may(act: Act, sides: &Sides) -> bool {
    match act {
        Act::Moderate => return true,
        Act::Dissolve => return sides.kind == RoomKind::Group,
        Act::Erase if sides.is_own => return sides.actor.is_some(),
        _ => {}
    }
    let Sides { kind: RoomKind::Group, actor: Some(actor), target, is_own, .. } = *sides else { return false };
    let runs_it = actor >= RoomRole::Admin;
    let is_above = target.is_none_or(|target| actor > target);
    match act {
        Act::Tend | Act::MakeLink | Act::Unban | Act::Erase => runs_it,
        Act::Settle | Act::Delete => actor == RoomRole::Owner,
        Act::Invite => runs_it || sides.access == Access::Public,
        Act::TakeBack => runs_it || is_own,
        Act::Remove => runs_it && is_above && !is_own,
        // Nobody gives what is above their own.
        Act::Promote => runs_it && !is_own,
        Act::Demote => runs_it && target < Some(RoomRole::Owner),
        Act::HandOver => actor == RoomRole::Owner && !is_own,
        Act::Adopt => may(Act::HandOver, sides) || !sides.has_owner,
        Act::Moderate | Act::Dissolve => true,
    }
}

/// As the store asks it.
pub fn rule(act: Act) -> Rule {
    Rule(match act {
        Act::Tend => |sides| may(Act::Tend, sides),
        Act::Settle => |sides| may(Act::Settle, sides),
        Act::Invite => |sides| may(Act::Invite, sides),
        Act::TakeBack => |sides| may(Act::TakeBack, sides),
        Act::MakeLink => |sides| may(Act::MakeLink, sides),
        Act::Remove => |sides| may(Act::Remove, sides),
        Act::Unban => |sides| may(Act::Unban, sides),
        Act::Promote => |sides| may(Act::Promote, sides),
        Act::Demote => |sides| may(Act::Demote, sides),
        Act::HandOver => |sides| may(Act::HandOver, sides),
        Act::Adopt => |sides| may(Act::Adopt, sides),
        Act::Erase => |sides| may(Act::Erase, sides),
        Act::Moderate => |sides| may(Act::Moderate, sides),
        Act::Delete => |sides| may(Act::Delete, sides),
        Act::Dissolve => |sides| may(Act::Dissolve, sides),
    })
}

/// What a setting takes.
pub fn of_setting(setting: &Setting) -> Act {
    match setting {
        Setting::Name(_) | Setting::Topic(_) | Setting::SlowMode(_) => Act::Tend,
        Setting::Access(_) | Setting::History(_) | Setting::Archived(_) => Act::Settle,
    }
}

/// What doing something to somebody takes.
pub fn of_member(act: MemberAct) -> Act {
    match act {
        MemberAct::Invite => Act::Invite,
        MemberAct::Uninvite => Act::TakeBack,
        MemberAct::Remove | MemberAct::Ban => Act::Remove,
        MemberAct::Unban => Act::Unban,
        MemberAct::Promote => Act::Promote,
        MemberAct::Demote => Act::Demote,
        MemberAct::HandOver => Act::HandOver,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::UserId;

    const ROLES: [Option<RoomRole>; 4] = [None, Some(RoomRole::Member), Some(RoomRole::Admin), Some(RoomRole::Owner)];

    fn sides(actor: Option<RoomRole>, target: Option<RoomRole>) -> Sides {
        let (kind, access) = (RoomKind::Group, Access::Invited);
        Sides { kind, access, actor, target, is_own: false, has_owner: true }
    }

    /// A row is what an actor may, a column whom it is about: a stranger, a member, an admin, the
    /// owner.
    #[test]
    fn who_may_do_what_to_whom() {
        let none = "....";
        for (act, rows) in [
            (Act::Tend, [none, none, "xxxx", "xxxx"]),
            (Act::Settle, [none, none, none, "xxxx"]),
            (Act::Invite, [none, none, "xxxx", "xxxx"]),
            (Act::TakeBack, [none, none, "xxxx", "xxxx"]),
            (Act::MakeLink, [none, none, "xxxx", "xxxx"]),
            (Act::Remove, [none, none, "xx..", "xxx."]),
            (Act::Unban, [none, none, "xxxx", "xxxx"]),
            (Act::Promote, [none, none, "xxxx", "xxxx"]),
            (Act::Demote, [none, none, "xxx.", "xxx."]),
            (Act::HandOver, [none, none, none, "xxxx"]),
            (Act::Adopt, [none, none, none, "xxxx"]),
            (Act::Erase, [none, none, "xxxx", "xxxx"]),
            (Act::Moderate, ["xxxx", "xxxx", "xxxx", "xxxx"]),
            (Act::Delete, [none, none, none, "xxxx"]),
            (Act::Dissolve, ["xxxx", "xxxx", "xxxx", "xxxx"]),
        ] {
            for (actor, row) in ROLES.into_iter().zip(rows) {
                for (target, cell) in ROLES.into_iter().zip(row.chars()) {
                    let found = may(act, &sides(actor, target));
                    assert_eq!(found, cell == 'x', "{act:?} by {actor:?} to {target:?}");
                    assert_eq!((rule(act).0)(&sides(actor, target)), found, "{act:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_ones_own() {
        let own = |actor| Sides { is_own: true, ..sides(Some(actor), Some(actor)) };
        for role in [RoomRole::Member, RoomRole::Admin, RoomRole::Owner] {
            assert!(may(Act::TakeBack, &own(role)), "who made it takes it back");
            assert!(may(Act::Erase, &own(role)), "who wrote it removes it");
            for act in [Act::Remove, Act::Promote, Act::HandOver] {
                assert!(!may(act, &own(role)), "{act:?} of oneself by {role:?}");
            }
        }
        assert!(may(Act::Demote, &own(RoomRole::Admin)), "an admin steps down");
        assert!(!may(Act::Demote, &own(RoomRole::Owner)), "the owner hands over");
    }

    #[test]
    fn everybody_invites_where_everybody_joins() {
        let member = sides(Some(RoomRole::Member), None);
        assert!(may(Act::Invite, &Sides { access: Access::Public, ..member }));
        assert!(!may(Act::Invite, &Sides { access: Access::Public, actor: None, ..member }));
    }

    #[test]
    fn a_room_that_nobody_owns_is_adopted_by_a_member() {
        let ownerless = |actor, target| Sides { has_owner: false, ..sides(actor, target) };
        let member = Some(RoomRole::Member);
        assert!(may(Act::Adopt, &ownerless(member, member)));
        assert!(!may(Act::Adopt, &ownerless(None, member)));
        assert!(!may(Act::HandOver, &ownerless(member, member)));
    }

    #[test]
    fn nobody_runs_a_private_chat() {
        let (a, b) = (UserId([1; 16]), UserId([2; 16]));
        let deletes = [Act::Delete, Act::Dissolve];
        let runs = [Act::Tend, Act::Settle, Act::Invite, Act::TakeBack, Act::MakeLink, Act::Remove, Act::Adopt];
        for act in runs.into_iter().chain(deletes) {
            for actor in ROLES {
                let chat = Sides { kind: RoomKind::Private { a, b }, is_own: true, ..sides(actor, None) };
                assert!(!may(act, &chat), "{act:?}");
            }
        }
        let (of_both, chat) = (Some(RoomRole::Member), RoomKind::Private { a, b });
        for (actor, is_own, expected) in [(of_both, true, true), (of_both, false, false), (None, true, false)] {
            let sides = Sides { kind: chat, is_own, ..sides(actor, None) };
            assert_eq!(may(Act::Erase, &sides), expected, "{actor:?} {is_own}");
            assert!(may(Act::Moderate, &sides));
        }
    }
}
