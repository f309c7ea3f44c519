//! Those who run a room: roles, removal, bans, invitations, links and settings, as every store
//! makes them true. Who may do what is the caller's rule; here it is asked of the roles that hold.

use crate::stage::{Kind, START_MS, Stage, change, contract, digest, new_room, post, room, user};
use rill_protocol::UserId;
use rill_storage::{
    limits::{ROOM_INVITATIONS_MAX, ROOM_LINKS_MAX},
    model::{
        Access, Body, Change, Fact, HistoryFrom, LinkId, MemberAct, NewRoom, RoomKind, RoomLink, RoomRole, RoomSetup,
        Rule, Setting, Sides,
    },
    port::AppendRefused,
};

/// Whoever runs the room may do everything to those below them, and to themselves.
fn sane(sides: &Sides) -> bool {
    let is_above = sides.target.is_none_or(|target| sides.actor > Some(target));
    sides.actor >= Some(RoomRole::Admin) && (is_above || sides.is_own)
}

fn act(author: u64, client: u64, act: MemberAct, target: u64) -> rill_storage::model::NewEntry {
    let name = format!("user{target}").into();
    change(author, client, Change::Member { user: user(target), name, act, rule: Rule(sane) })
}

fn set(author: u64, client: u64, setting: Setting) -> rill_storage::model::NewEntry {
    change(author, client, Change::Set { setting, rule: Rule(sane) })
}

fn link(secret: &str, expires_ms: u64, uses_max: u32) -> RoomLink {
    RoomLink { secret: digest(secret), creator: user(1), created_ms: START_MS, expires_ms, uses_max, uses: 0 }
}

fn make_link(author: u64, client: u64, link: RoomLink) -> rill_storage::model::NewEntry {
    change(author, client, Change::MakeLink { link, rule: Rule(sane) })
}

async fn with_members(kind: Kind, others: u64) -> Stage {
    let stage = kind.open();
    stage.make_room(1).await;
    for number in 2..=1 + others {
        stage.appended(1, change(number, 1, Change::Join)).await;
    }
    stage
}

async fn role(stage: &Stage, number: u64) -> Option<RoomRole> {
    let sight = stage.store.rooms.room_for(user(number), room(1)).await.unwrap().unwrap();
    sight.part.role_of(&sight.membership?)
}

async fn invite_only(stage: &Stage) {
    stage.appended(1, set(1, 900, Setting::Access(Access::Invited))).await;
}

async fn roles_are_given_taken_and_handed_over(kind: Kind) {
    let stage = with_members(kind, 2).await;
    assert_eq!(role(&stage, 1).await, Some(RoomRole::Owner));
    let promoted = stage.appended(1, act(1, 10, MemberAct::Promote, 2)).await.entry;
    assert_eq!(promoted.fact, Fact::Role { user: user(2), role: RoomRole::Admin });
    assert_eq!(promoted.body, Body::Text("user2".into()));
    assert_eq!(role(&stage, 2).await, Some(RoomRole::Admin));
    assert_eq!(stage.append(1, act(1, 11, MemberAct::Promote, 2)).await.unwrap_err(), AppendRefused::Unchanged);
    assert_eq!(stage.append(1, act(2, 10, MemberAct::Demote, 1)).await.unwrap_err(), AppendRefused::NotAllowed);
    assert_eq!(stage.append(1, act(3, 10, MemberAct::Promote, 3)).await.unwrap_err(), AppendRefused::NotAllowed);
    assert_eq!(stage.append(1, act(9, 10, MemberAct::Remove, 3)).await.unwrap_err(), AppendRefused::NotAMember);
    assert_eq!(stage.append(1, act(1, 12, MemberAct::HandOver, 9)).await.unwrap_err(), AppendRefused::NoSuchMember);

    let handed = stage.appended(1, act(1, 13, MemberAct::HandOver, 2)).await.entry;
    assert_eq!(handed.fact, Fact::Role { user: user(2), role: RoomRole::Owner });
    assert_eq!((role(&stage, 1).await, role(&stage, 2).await), (Some(RoomRole::Admin), Some(RoomRole::Owner)));
    stage.appended(1, act(2, 14, MemberAct::Demote, 1)).await;
    assert_eq!(role(&stage, 1).await, Some(RoomRole::Member));
    // Roles do not outlast a membership.
    stage.appended(1, act(2, 15, MemberAct::Promote, 3)).await;
    stage.appended(1, change(3, 16, Change::Leave)).await;
    stage.appended(1, change(3, 17, Change::Join)).await;
    assert_eq!(role(&stage, 3).await, Some(RoomRole::Member));
}

async fn two_admins_who_demote_each_other_leave_one(kind: Kind) {
    let stage = with_members(kind, 2).await;
    for (client, admin) in [(20, 2), (21, 3)] {
        stage.appended(1, act(1, client, MemberAct::Promote, admin)).await;
    }
    fn admins(sides: &Sides) -> bool {
        sides.actor >= Some(RoomRole::Admin) && sides.target < Some(RoomRole::Owner)
    }
    let demote = |author: u64, target: u64| {
        let (name, act) = ("admin".into(), MemberAct::Demote);
        let entry = change(author, 30, Change::Member { user: user(target), name, act, rule: Rule(admins) });
        stage.store.log.append(room(1), entry)
    };
    let (first, second) = (demote(2, 3), demote(3, 2));
    let (first, second) = tokio::join!(first, second);
    let outcomes = [first.unwrap(), second.unwrap()];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "one is too late");
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Err(AppendRefused::NotAllowed))));
    let mut roles = [role(&stage, 2).await, role(&stage, 3).await];
    roles.sort();
    assert_eq!(roles, [Some(RoomRole::Member), Some(RoomRole::Admin)]);
    assert_eq!(role(&stage, 1).await, Some(RoomRole::Owner));
}

async fn two_who_hand_over_at_once_leave_one_owner(kind: Kind) {
    let stage = with_members(kind, 2).await;
    let hand = |client, target| stage.store.log.append(room(1), act(1, client, MemberAct::HandOver, target));
    let (first, second) = (hand(40, 2), hand(41, 3));
    let (first, second) = tokio::join!(first, second);
    let made = [first.unwrap(), second.unwrap()].into_iter().filter(Result::is_ok).count();
    // Who has handed it over is an admin, whom the rule lets do nothing to the owner, and all to members.
    assert!(made >= 1);
    let mut owners = 0;
    for number in 1..=3 {
        owners += usize::from(role(&stage, number).await == Some(RoomRole::Owner));
    }
    assert_eq!(owners, 1);
}

async fn a_removed_member_sees_their_removal_last(kind: Kind) {
    let stage = with_members(kind, 1).await;
    let removed = stage.appended(1, act(1, 10, MemberAct::Remove, 2)).await.entry;
    assert_eq!((removed.fact, removed.fact.leaver(removed.author)), (Fact::Removed { user: user(2) }, Some(user(2))));
    let found = stage.store.rooms.membership(room(1), user(2)).await.unwrap().unwrap();
    assert_eq!(found.ranges.last().unwrap().until, Some(removed.seq + 1));
    assert_eq!(stage.store.rooms.get(room(1)).await.unwrap().unwrap().members, 1);
    let due = stage.store.rooms.pending(100).await.unwrap();
    let due: Vec<_> = due.iter().map(|due| (due.seq, due.user, due.fact)).collect();
    assert!(due.contains(&(removed.seq, user(2), Fact::Removed { user: user(2) })), "{due:?}");
    assert_eq!(stage.append(1, post(2, 11, "still here?")).await.unwrap_err(), AppendRefused::NotAMember);
    assert_eq!(stage.append(1, act(1, 12, MemberAct::Remove, 2)).await.unwrap_err(), AppendRefused::NoSuchMember);
}

async fn what_is_queued_behind_a_removal_is_refused(kind: Kind) {
    let stage = with_members(kind, 1).await;
    stage.appended(1, act(1, 9, MemberAct::Promote, 2)).await;
    // In one batch, as far as a store makes batches.
    let log = &stage.store.log;
    let removal = log.append(room(1), act(1, 10, MemberAct::Remove, 2));
    let posted = log.append(room(1), post(2, 11, "too late"));
    let renamed = log.append(room(1), set(2, 12, Setting::Name("mine".into())));
    let promoted = log.append(room(1), act(2, 13, MemberAct::Promote, 1));
    let (removal, posted, renamed, promoted) = tokio::join!(removal, posted, renamed, promoted);
    assert!(removal.unwrap().is_ok());
    for late in [posted, renamed, promoted] {
        assert_eq!(late.unwrap().unwrap_err(), AppendRefused::NotAMember);
    }
    assert_eq!(stage.store.rooms.get(room(1)).await.unwrap().unwrap().name, "房间 1");
}

async fn the_banned_do_not_come_back_until_they_may(kind: Kind) {
    let stage = with_members(kind, 1).await;
    stage.appended(1, make_link(1, 9, link("way", START_MS + 10, 5))).await;
    stage.appended(1, act(1, 10, MemberAct::Ban, 2)).await;
    let by_link = Change::JoinByLink(digest("way"));
    assert_eq!(stage.append(1, change(2, 11, Change::Join)).await.unwrap_err(), AppendRefused::Banned);
    assert_eq!(stage.append(1, change(2, 12, by_link)).await.unwrap_err(), AppendRefused::Banned);
    assert_eq!(stage.append(1, act(1, 13, MemberAct::Invite, 2)).await.unwrap_err(), AppendRefused::Banned);
    let banned = stage.store.doors.banned(room(1), None, 10).await.unwrap();
    assert!(banned.iter().map(|noted| (noted.user, noted.by)).eq([(user(2), user(1))]));
    // Somebody who was never here, and is invited.
    stage.appended(1, act(1, 14, MemberAct::Invite, 3)).await;
    let banned = stage.appended(1, act(1, 15, MemberAct::Ban, 3)).await.entry;
    assert_eq!(stage.store.doors.invitation(room(1), user(3)).await.unwrap(), None);
    let due = stage.store.rooms.pending(100).await.unwrap();
    assert!(due.iter().any(|due| (due.seq, due.fact) == (banned.seq, Fact::Uninvited { user: user(3) })));
    stage.appended(1, act(1, 16, MemberAct::Unban, 2)).await;
    stage.appended(1, change(2, 17, Change::Join)).await;
    assert_eq!(stage.append(1, act(1, 18, MemberAct::Unban, 2)).await.unwrap_err(), AppendRefused::Unchanged);
    assert_eq!(stage.store.rooms.get(room(1)).await.unwrap().unwrap().members, 2);
}

async fn a_room_by_invitation_opens_to_the_invited_once(kind: Kind) {
    let stage = with_members(kind, 0).await;
    invite_only(&stage).await;
    assert_eq!(stage.append(1, change(2, 1, Change::Join)).await.unwrap_err(), AppendRefused::NoSuchRoom);
    let invited = stage.appended(1, act(1, 10, MemberAct::Invite, 2)).await.entry;
    assert_eq!((invited.fact, invited.body.clone()), (Fact::Invited { user: user(2) }, Body::Text("user2".into())));
    assert_eq!(stage.append(1, act(1, 11, MemberAct::Invite, 2)).await.unwrap_err(), AppendRefused::Unchanged);
    assert_eq!(stage.store.doors.invitation(room(1), user(2)).await.unwrap().map(|noted| noted.by), Some(user(1)));
    stage.appended(1, change(2, 2, Change::Join)).await;
    assert_eq!(stage.store.doors.invitation(room(1), user(2)).await.unwrap(), None, "it is used");
    stage.appended(1, change(2, 3, Change::Leave)).await;
    assert_eq!(stage.append(1, change(2, 4, Change::Join)).await.unwrap_err(), AppendRefused::NoSuchRoom);

    // Declined, and taken back.
    let decline = |number, client| change(number, client, Change::Decline { name: "somebody".into() });
    stage.appended(1, act(1, 12, MemberAct::Invite, 3)).await;
    let declined = stage.appended(1, decline(3, 1)).await.entry;
    assert_eq!((declined.fact, declined.author), (Fact::Uninvited { user: user(3) }, user(3)));
    assert_eq!(stage.append(1, decline(3, 2)).await.unwrap_err(), AppendRefused::Unchanged);
    stage.appended(1, act(1, 13, MemberAct::Invite, 4)).await;
    stage.appended(1, act(1, 14, MemberAct::Uninvite, 4)).await;
    for number in [3, 4] {
        assert_eq!(stage.append(1, change(number, 9, Change::Join)).await.unwrap_err(), AppendRefused::NoSuchRoom);
    }
    assert_eq!(stage.store.doors.invited(room(1), None, 10).await.unwrap(), []);
}

async fn invitations_and_links_are_bounded(kind: Kind) {
    let stage = with_members(kind, 0).await;
    let invites: Vec<_> = (0..ROOM_INVITATIONS_MAX as u64 + 1)
        .map(|number| stage.store.log.append(room(1), act(1, 1_000 + number, MemberAct::Invite, 10 + number)))
        .collect();
    let mut refused = Vec::new();
    for invite in invites {
        refused.extend(invite.await.unwrap().err());
    }
    assert_eq!(refused, [AppendRefused::TooManyOpen]);
    assert_eq!(stage.store.doors.invited(room(1), None, 3).await.unwrap().len(), 3);
    for number in 0..ROOM_LINKS_MAX as u64 {
        stage.appended(1, make_link(1, 5_000 + number, link(&number.to_string(), START_MS + 10 + number, 1))).await;
    }
    let one_more = || link("one more", START_MS + 10_000, 1);
    assert_eq!(stage.append(1, make_link(1, 6_000, one_more())).await.unwrap_err(), AppendRefused::TooManyOpen);
    let mut later = make_link(1, 6_001, one_more());
    later.at_ms = START_MS + 12;
    stage.appended(1, later).await;
    assert_eq!(stage.store.doors.links(room(1)).await.unwrap().len(), ROOM_LINKS_MAX - 2, "three had expired");
}

async fn links_let_in_as_often_and_as_long_as_they_say(kind: Kind) {
    let stage = with_members(kind, 0).await;
    invite_only(&stage).await;
    stage.appended(1, make_link(1, 10, link("twice", START_MS + 10, 2))).await;
    stage.appended(1, make_link(1, 11, link("late", START_MS + 10, 5))).await;
    let by = |number, secret| change(number, 1, Change::JoinByLink(digest(secret)));
    let joins: Vec<_> = (2..=5).map(|number| stage.store.log.append(room(1), by(number, "twice"))).collect();
    let mut outcomes = Vec::new();
    for join in joins {
        outcomes.push(join.await.unwrap().err());
    }
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_none()).count(), 2, "two of four who come at once");
    assert!(outcomes.iter().flatten().all(|refused| *refused == AppendRefused::BadLink));
    assert_eq!(stage.store.doors.link(room(1), digest("twice")).await.unwrap().unwrap().uses, 2);
    let mut late = by(6, "late");
    late.at_ms = START_MS + 10;
    assert_eq!(stage.append(1, late).await.unwrap_err(), AppendRefused::BadLink);
    let stranger = change(7, 1, Change::JoinByLink(digest("guessed")));
    assert_eq!(stage.append(1, stranger).await.unwrap_err(), AppendRefused::BadLink);

    let revoke = |client, id| change(1, client, Change::RevokeLink { link: id, rule: Rule(sane) });
    let id = LinkId::of(digest("late"));
    stage.appended(1, revoke(20, id)).await;
    assert_eq!(stage.append(1, revoke(21, id)).await.unwrap_err(), AppendRefused::BadLink);
    assert_eq!(stage.store.doors.link(room(1), digest("late")).await.unwrap(), None);
}

async fn the_owner_leaves_last(kind: Kind) {
    let stage = with_members(kind, 1).await;
    assert_eq!(stage.append(1, change(1, 10, Change::Leave)).await.unwrap_err(), AppendRefused::OwnerStays);
    stage.appended(1, change(2, 10, Change::Leave)).await;
    stage.appended(1, change(1, 11, Change::Leave)).await;
    // An empty room is owned by whoever comes first.
    stage.appended(1, change(2, 11, Change::Join)).await;
    stage.appended(1, change(1, 12, Change::Join)).await;
    assert_eq!((role(&stage, 2).await, role(&stage, 1).await), (Some(RoomRole::Owner), Some(RoomRole::Member)));
}

async fn settings_are_entries_and_hold(kind: Kind) {
    let stage = with_members(kind, 1).await;
    let check = async |client, setting: Setting, fact, body| {
        let made = stage.appended(1, set(1, client, setting.clone())).await.entry;
        assert_eq!((made.fact, made.body.clone()), (fact, body));
        assert_eq!(stage.append(1, set(1, client + 50, setting)).await.unwrap_err(), AppendRefused::Unchanged);
    };
    let text = |text: &str| Body::Text(text.into());
    check(10, Setting::Name("新名".into()), Fact::Renamed, text("新名")).await;
    check(11, Setting::Topic("话题".into()), Fact::Topic, text("话题")).await;
    check(12, Setting::Access(Access::Invited), Fact::Access(Access::Invited), Body::None).await;
    check(13, Setting::History(HistoryFrom::Joining), Fact::History(HistoryFrom::Joining), Body::None).await;
    check(14, Setting::SlowMode(5_000), Fact::SlowMode(5_000), Body::None).await;
    check(15, Setting::Archived(true), Fact::Archived(true), Body::None).await;
    let found = stage.store.rooms.get(room(1)).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.topic.as_str(), found.access), ("新名", "话题", Access::Invited));
    assert_eq!((found.history, found.slow_mode_ms), (HistoryFrom::Joining, 5_000));
    assert_eq!(found.archived_ms, Some(START_MS));
    assert_eq!(stage.append(1, post(1, 30, "x")).await.unwrap_err(), AppendRefused::Archived);
    stage.appended(1, set(1, 31, Setting::Archived(false))).await;
    stage.appended(1, post(1, 32, "x")).await;
    assert_eq!(stage.append(1, set(2, 33, Setting::SlowMode(0))).await.unwrap_err(), AppendRefused::NotAllowed);
}

async fn new_members_see_the_log_from_where_the_room_says(kind: Kind) {
    let stage = with_members(kind, 1).await;
    stage.appended(1, set(1, 10, Setting::History(HistoryFrom::Joining))).await;
    let joined = stage.appended(1, change(3, 1, Change::Join)).await.entry.seq;
    let from =
        async |number| stage.store.rooms.membership(room(1), user(number)).await.unwrap().unwrap().ranges[0].from;
    assert_eq!((from(3).await, from(2).await), (joined, 1));
    stage.appended(1, set(1, 11, Setting::History(HistoryFrom::Start))).await;
    stage.appended(1, change(4, 1, Change::Join)).await;
    assert_eq!(from(4).await, 1);
}

async fn in_a_slow_room_members_wait_and_admins_do_not(kind: Kind) {
    let stage = with_members(kind, 2).await;
    stage.appended(1, set(1, 10, Setting::SlowMode(1_000))).await;
    stage.appended(1, act(1, 11, MemberAct::Promote, 3)).await;
    let at = |author, client, at_ms| rill_storage::model::NewEntry { at_ms, ..post(author, client, "x") };
    stage.appended(1, at(2, 20, START_MS + 100)).await;
    let early = stage.append(1, at(2, 21, START_MS + 400)).await.unwrap_err();
    assert_eq!(early, AppendRefused::TooSoon { wait_ms: 700 });
    // A retry of what was posted is one.
    stage.appended(1, at(2, 20, START_MS + 500)).await;
    for (author, client) in [(1, 30), (1, 31), (3, 30), (3, 31)] {
        stage.appended(1, at(author, client, START_MS + 500)).await;
    }
    stage.appended(1, at(2, 21, START_MS + 1_100)).await;
    // A clock that was a day ahead, and is right again.
    const DAY_MS: u64 = 86_400_000;
    stage.appended(1, at(1, 40, START_MS + DAY_MS)).await;
    stage.appended(1, at(2, 40, START_MS + DAY_MS)).await;
    stage.appended(1, at(2, 41, START_MS + 2_200)).await;
    let early = stage.append(1, at(2, 42, START_MS + 2_300)).await.unwrap_err();
    assert_eq!(early, AppendRefused::TooSoon { wait_ms: 900 });
    let (client_id, text) = (crate::stage::client(50), "y".into());
    let one = rill_storage::model::NewPost { client_id, digest: digest("y"), text, mentions: Default::default() };
    let two = rill_storage::model::NewPost { client_id: crate::stage::client(51), ..one.clone() };
    let batch = |author, posts| rill_storage::model::NewBatch { author: user(author), at_ms: START_MS + 9_000, posts };
    let log = &stage.store.log;
    let refused = log.append_batch(room(1), batch(2, vec![one.clone(), two.clone()])).await.unwrap().unwrap_err();
    assert_eq!(refused, AppendRefused::OneAtATime);
    assert_eq!(log.append_batch(room(1), batch(2, vec![one.clone()])).await.unwrap().unwrap().len(), 1);
    assert_eq!(log.append_batch(room(1), batch(3, vec![one, two])).await.unwrap().unwrap().len(), 2);
}

fn private_chat() -> NewRoom {
    let (a, b) = (user(1), user(2));
    let setup = RoomSetup {
        kind: RoomKind::Private { a, b },
        access: Access::Invited,
        members: vec![b],
        ..RoomSetup::default()
    };
    NewRoom { setup, ..new_room(1) }
}

async fn a_private_chat_has_two_members_from_its_beginning_to_its_end(kind: Kind) {
    let stage = kind.open();
    let made = stage.store.rooms.create(private_chat()).await.unwrap();
    assert_eq!(made.entry.seq, 2);
    let members = stage.store.rooms.members(room(1), None, 10).await.unwrap();
    assert!(members.iter().map(|member| member.user).eq([user(1), user(2)]));
    let due = stage.store.rooms.pending(10).await.unwrap();
    let due: Vec<(u64, UserId, Fact)> = due.iter().map(|due| (due.seq, due.user, due.fact)).collect();
    assert_eq!(due, [(2, user(1), Fact::Created), (3, user(2), Fact::Joined)]);
    assert_eq!((role(&stage, 1).await, role(&stage, 2).await), (Some(RoomRole::Member), Some(RoomRole::Member)));
    assert_eq!(stage.append(1, change(3, 1, Change::Join)).await.unwrap_err(), AppendRefused::NoSuchRoom);
    assert_eq!(stage.append(1, change(1, 1, Change::Leave)).await.unwrap_err(), AppendRefused::OwnerStays);
    assert_eq!(stage.append(1, act(1, 2, MemberAct::Remove, 2)).await.unwrap_err(), AppendRefused::NotAllowed);

    let close = async |by, is_closed| stage.store.rooms.close(room(1), user(by), is_closed).await.unwrap();
    assert!(close(1, true).await && close(2, true).await && !close(3, true).await);
    assert!(close(1, false).await);
    assert_eq!(stage.append(1, post(1, 5, "x")).await.unwrap_err(), AppendRefused::Closed, "the other has closed it");
    assert!(stage.store.rooms.get(room(1)).await.unwrap().unwrap().is_closed);
    assert!(close(2, false).await && close(2, false).await);
    stage.appended(1, post(1, 5, "x")).await;
}

async fn a_room_is_listed_or_not(kind: Kind) {
    let stage = kind.open();
    for number in 1..=3 {
        stage.make_room(number).await;
        stage.store.directory.announce(room(number), START_MS + number).await.unwrap();
    }
    for _ in 0..2 {
        stage.store.directory.withdraw(room(2)).await.unwrap();
        stage.store.directory.withdraw(room(9)).await.unwrap();
    }
    assert_eq!(stage.store.directory.page(None, 10).await.unwrap(), [room(3), room(1)]);
    stage.store.directory.announce(room(2), START_MS + 2).await.unwrap();
    assert_eq!(stage.store.directory.page(None, 10).await.unwrap(), [room(3), room(2), room(1)]);
}

contract! {
    roles_are_given_taken_and_handed_over
    two_admins_who_demote_each_other_leave_one
    two_who_hand_over_at_once_leave_one_owner
    a_removed_member_sees_their_removal_last
    what_is_queued_behind_a_removal_is_refused
    the_banned_do_not_come_back_until_they_may
    a_room_by_invitation_opens_to_the_invited_once
    invitations_and_links_are_bounded
    links_let_in_as_often_and_as_long_as_they_say
    the_owner_leaves_last
    settings_are_entries_and_hold
    new_members_see_the_log_from_where_the_room_says
    in_a_slow_room_members_wait_and_admins_do_not
    a_private_chat_has_two_members_from_its_beginning_to_its_end
    a_room_is_listed_or_not
}
