//! What people say of themselves, to whom it is shown, and how they are found.

use rill_protocol::{
    Code, Frame, Kind, UserId, codec,
    limits::{CLIENT_FRAME_BODY_BYTES_MAX, STATUS_CHARS_MAX},
    message::*,
};

use crate::{
    peer::Peer,
    world::{Person, World},
};

async fn watch(peer: &mut Peer, users: &[UserId]) {
    let request = peer.request();
    peer.control.send(&WatchPresence { request, users: users.to_vec() }).await;
    peer.control.expect::<Done>().await;
}

/// The next detail of the only one who is watched.
async fn detail(peer: &mut Peer) -> PresenceDetail {
    let mut told: PresenceDetails = peer.control.expect().await;
    assert_eq!(told.people.len(), 1);
    told.people.remove(0)
}

async fn set_profile(peer: &mut Peer, change: impl FnOnce(&mut SetProfile)) -> Result<ProfileAnswer, Failed> {
    let mut body = SetProfile {
        request: peer.request(),
        chosen_name: String::new(),
        language: String::new(),
        time_zone: String::new(),
        is_listed: true,
        shows_seen: true,
    };
    change(&mut body);
    let request = body.request;
    peer.control.send(&body).await;
    loop {
        let frame = peer.control.next().await.unwrap().unwrap();
        if let Some(Ok(answer)) = frame.decode_if::<ProfileAnswer>()
            && answer.request == request
        {
            return Ok(answer);
        }
        if let Some(failed) = frame.decode_if::<Failed>() {
            return Err(failed.unwrap());
        }
    }
}

fn status(peer: &mut Peer, text: &str) -> SetStatus {
    let request = peer.request();
    let (emoji, text) = ("🌴".to_owned(), text.to_owned());
    SetStatus { request, do_not_disturb: true, emoji, text, until_ms: Default::default() }
}

async fn set_status(peer: &mut Peer, text: &str) -> Result<Done, Failed> {
    let body = status(peer, text);
    peer.ask(&body).await
}

async fn set_activity(peer: &mut Peer, activity: Activity) {
    let request = peer.request();
    let _: Done = peer.ask(&SetActivity { request, activity }).await.unwrap();
}

async fn found(peer: &mut Peer, text: &str, after: Option<UserId>, limit: u32) -> (Vec<String>, bool) {
    let request = peer.request();
    let page: PeoplePage = peer.ask(&FindPeople { request, text: text.into(), after, limit }).await.unwrap();
    (page.people.into_iter().map(|person| person.name).collect(), page.more)
}

#[tokio::test]
async fn of_several_devices_the_one_in_use_counts() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mut a = world.attached(&ann).await;
    let mut phone = world.attached(&bob).await;
    watch(&mut a, &[bob.identity.user]).await;
    set_activity(&mut phone, Activity::Idle).await;
    assert_eq!(detail(&mut a).await.availability, Availability::Idle);
    // Another one comes, which is in use.
    let mut desk = world.attached(&bob).await;
    assert_eq!(detail(&mut a).await.availability, Availability::Available);
    set_activity(&mut desk, Activity::Idle).await;
    assert_eq!(detail(&mut a).await.availability, Availability::Idle);
    set_activity(&mut desk, Activity::Active).await;
    assert_eq!(detail(&mut a).await.availability, Availability::Available);
    desk.client.close(Code::Normal, "");
    assert_eq!(detail(&mut a).await.availability, Availability::Idle);
    let request = phone.request();
    let refused = phone.ask::<_, Done>(&SetActivity { request, activity: Activity::Other(7) }).await.unwrap_err();
    assert_eq!(refused.code, Code::Unsupported.number());
}

#[tokio::test]
async fn what_somebody_says_of_the_moment_is_shown_to_watchers_and_own_devices_and_is_bounded() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mut a = world.attached(&ann).await;
    let (mut phone, mut desk) = (world.attached(&bob).await, world.attached(&bob).await);
    watch(&mut a, &[bob.identity.user]).await;
    set_status(&mut phone, "on leave").await.unwrap();
    let shown = detail(&mut a).await;
    assert_eq!(
        (shown.availability, shown.emoji.as_str(), shown.text.as_str()),
        (Availability::DoNotDisturb, "🌴", "on leave")
    );
    let own: ProfileAnswer = desk.control.expect().await;
    assert_eq!((own.request, own.own.unwrap().text.as_str()), (0, "on leave"));
    // Who comes later is shown it too.
    let mut late = world.attached(&ann).await;
    watch(&mut late, &[bob.identity.user]).await;
    assert_eq!(detail(&mut late).await, shown);

    for text in [&"x".repeat(STATUS_CHARS_MAX + 1), &"x".repeat(30_000), "two\nlines", "\u{202e}back"] {
        let refused = set_status(&mut phone, text).await.unwrap_err();
        assert_eq!(refused.code, Code::BadStatus.number());
        assert!(refused.detail.len() < 200);
    }
    // One of a megabyte is a frame that nobody may send.
    let huge = status(&mut phone, &"x".repeat(1 << 20));
    assert!(codec::frame(&huge).len() > CLIENT_FRAME_BODY_BYTES_MAX);
    phone.control.send(&huge).await;
    assert_eq!(phone.closed().await.code, Some(Code::FrameTooLong.number()));
    let request = desk.request();
    let gone = SetStatus {
        request,
        do_not_disturb: false,
        emoji: String::new(),
        text: String::new(),
        until_ms: Default::default(),
    };
    let _: Done = desk.ask(&gone).await.unwrap();
    let shown = detail(&mut a).await;
    assert_eq!((shown.availability, shown.text.as_str()), (Availability::Available, ""));
}

#[tokio::test]
async fn when_somebody_was_there_last_is_shown_unless_they_hide_it() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mut a = world.attached(&ann).await;
    watch(&mut a, &[bob.identity.user]).await;
    let before_ms = world.services.clock.now_ms();
    let b = world.attached(&bob).await;
    b.client.close(Code::Normal, "");
    let seen_ms = detail(&mut a).await.seen_ms.get();
    assert!(seen_ms >= before_ms && seen_ms <= world.services.clock.now_ms());
    let mut b = world.attached(&bob).await;
    set_profile(&mut b, |profile| profile.shows_seen = false).await.unwrap();
    assert_eq!(detail(&mut a).await.seen_ms.get(), 0);
}

#[tokio::test]
async fn a_name_that_is_shown_is_told_and_is_nobody_elses() {
    let world = World::new();
    let (ann, bob) = (world.person("Alice").await, world.person("bob").await);
    let room = world.room(&bob, "room").await;
    let (mut a, mut b) = (world.attached(&ann).await, world.attached(&bob).await);
    watch(&mut a, &[bob.identity.user]).await;
    let answer = set_profile(&mut b, |profile| {
        profile.chosen_name = " 李明 ".into();
        profile.language = "zh-CN".into();
        profile.time_zone = "Asia/Shanghai".into();
    });
    let ProfileAnswer { profile, own, .. } = answer.await.unwrap();
    assert_eq!((profile.name.as_str(), profile.username.as_str(), profile.language.as_str()), ("李明", "bob", "zh-CN"));
    assert_eq!(own.unwrap().chosen_name, "李明");
    let told: UserNames = a.control.expect().await;
    assert_eq!(told.users, [UserInfo { id: bob.identity.user, name: "李明".into() }]);
    // Everywhere it is the name.
    let request = a.request();
    let users: Users = a.ask(&GetUsers { request, users: vec![bob.identity.user] }).await.unwrap();
    assert_eq!(users.users[0].name, "李明");
    let request = b.request();
    let page: MemberPage = b.ask(&ListMembers { request, room, after: None, limit: 5 }).await.unwrap();
    assert_eq!(page.members[0].name, "李明");
    let request = a.request();
    let other: ProfileAnswer = a.ask(&GetProfile { request, user: bob.identity.user }).await.unwrap();
    assert_eq!((other.profile.time_zone.as_str(), other.own), ("Asia/Shanghai", None));
    let request = a.request();
    let nobody = a.ask::<_, ProfileAnswer>(&GetProfile { request, user: UserId([9; 16]) }).await.unwrap_err();
    assert_eq!(nobody.code, Code::NoSuchUser.number());

    for (name, code) in [
        ("alice", Code::LooksTaken),
        ("AIice", Code::LooksTaken),
        ("Al ice", Code::LooksTaken),
        ("a\u{200b}b", Code::BadDisplayName),
        ("a\u{202e}b", Code::BadDisplayName),
        (&*"字".repeat(65), Code::BadDisplayName),
    ] {
        let refused = set_profile(&mut b, |profile| profile.chosen_name = name.into()).await.unwrap_err();
        assert_eq!(refused.code, code.number(), "{name:?}");
    }
    for change in [|p: &mut SetProfile| p.language = "中文".into(), |p: &mut SetProfile| p.time_zone = "../etc".into()]
    {
        assert_eq!(set_profile(&mut b, change).await.unwrap_err().code, Code::BadSetting.number());
    }
    let own = set_profile(&mut b, |profile| profile.chosen_name = "BOB".into()).await.unwrap();
    assert_eq!(own.profile.name, "BOB", "one's own username in another case is one's own");
}

#[tokio::test]
async fn people_are_found_by_name_and_pinyin_unless_they_hide() {
    let world = World::new();
    let mut people: Vec<Person> = Vec::new();
    for name in ["ann", "李明", "王芳", "anton"] {
        people.push(world.person(name).await);
    }
    let (mut a, mut li) = (world.attached(&people[0]).await, world.attached(&people[1]).await);
    assert_eq!(found(&mut a, "lm", None, 10).await, (vec!["李明".into()], false));
    assert_eq!(found(&mut a, "LiMing", None, 10).await.0, ["李明"]);
    assert_eq!(found(&mut a, "an", None, 10).await.0, ["anton"], "without oneself");
    assert_eq!(found(&mut a, "", None, 2).await, (vec!["anton".into(), "李明".into()], true));
    assert_eq!(found(&mut a, "", Some(people[1].identity.user), 2).await, (vec!["王芳".into()], false));
    assert_eq!(found(&mut a, &"x".repeat(5_000), None, 2).await, (vec![], false));
    // Whoever comes, goes by another name, or hides, is found so at once.
    world.person("lima").await;
    assert_eq!(found(&mut a, "lim", None, 10).await.0, ["lima", "李明"]);
    set_profile(&mut li, |profile| profile.chosen_name = "Zoe".into()).await.unwrap();
    assert_eq!(found(&mut a, "zo", None, 10).await.0, ["Zoe"]);
    assert_eq!(found(&mut a, "lm", None, 10).await.0, ["Zoe"], "by the username too");
    set_profile(&mut li, |profile| profile.is_listed = false).await.unwrap();
    assert_eq!(found(&mut a, "lm", None, 10).await.0, Vec::<String>::new());
    set_profile(&mut li, |_| {}).await.unwrap();
    assert_eq!(found(&mut a, "lm", None, 10).await.0, ["李明"]);
}

/// What a client of before this has always seen.
#[tokio::test]
async fn of_people_who_say_nothing_nothing_is_told() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let mut a = world.attached(&ann).await;
    watch(&mut a, &[bob.identity.user]).await;
    let _b = world.attached(&bob).await;
    let kinds = [Kind::PresenceDetails, Kind::UserNames, Kind::ProfileAnswer];
    let heard = a.control.heard().await;
    assert!(heard.iter().all(|frame: &Frame| !kinds.iter().any(|kind| frame.known() == Some(*kind))), "{heard:?}");
}

async fn set_block(peer: &mut Peer, user: UserId, is_blocked: bool) -> Result<Done, Failed> {
    let request = peer.request();
    peer.ask(&SetBlock { request, user, is_blocked }).await
}

#[tokio::test]
async fn the_blocked_see_somebody_as_away_and_are_told_nothing() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let room = world.room(&ann, "room").await;
    world.join(&bob, room).await;
    let (mut a, mut other) = (world.attached(&ann).await, world.attached(&ann).await);
    let mut b = world.attached(&bob).await;
    set_status(&mut a, "here").await.unwrap();
    watch(&mut b, &[ann.identity.user]).await;
    assert_eq!(b.control.expect::<Presence>().await.slots[0].state, PresenceState::Online);
    assert_eq!(detail(&mut b).await.text, "here");
    set_block(&mut a, bob.identity.user, true).await.unwrap();
    // Once more changes nothing, and a device that comes later knows it as well.
    set_block(&mut a, bob.identity.user, true).await.unwrap();
    loop {
        let own: ProfileAnswer = other.control.expect().await;
        if own.own.unwrap().blocked == [bob.identity.user] {
            break;
        }
    }
    // As if she had gone.
    let gone: Presence = b.control.expect().await;
    assert_eq!((gone.slots[0].user, gone.slots[0].state), (ann.identity.user, PresenceState::Offline));
    assert_eq!((detail(&mut b).await.text.as_str(), detail_is_nothing(&mut b, ann.identity.user).await), ("", true));
    let members = async |peer: &mut Peer| {
        let request = peer.request();
        let page: MemberPage = peer.ask(&ListMembers { request, room, after: None, limit: 5 }).await.unwrap();
        page.members.into_iter().filter(|member| member.online).map(|member| member.name).collect::<Vec<_>>()
    };
    assert_eq!(members(&mut b).await, ["bob"]);
    assert_eq!(members(&mut a).await.len(), 2, "she sees him as ever");
    // What she does from now on is not shown either, nor to whoever watches anew.
    set_status(&mut a, "still here").await.unwrap();
    let mut b2 = world.attached(&bob).await;
    watch(&mut b2, &[ann.identity.user]).await;
    assert_eq!(b2.control.expect::<Presence>().await.slots[0].state, PresenceState::Offline);
    assert!(b2.control.heard().await.iter().all(|frame| frame.known() != Some(Kind::PresenceDetails)));
    assert!(b.control.heard().await.iter().all(|frame| frame.known() != Some(Kind::PresenceDetails)));

    set_block(&mut a, bob.identity.user, false).await.unwrap();
    assert_eq!(b2.control.expect::<Presence>().await.slots[0].state, PresenceState::Online);
    assert_eq!(detail(&mut b2).await.text, "still here");
    for (user, code) in [(ann.identity.user, Code::Oneself), (UserId([9; 16]), Code::NoSuchUser)] {
        assert_eq!(set_block(&mut a, user, true).await.unwrap_err().code, code.number());
    }
}

/// Whether the profile of somebody says nothing to whom they block but what it said before.
async fn detail_is_nothing(peer: &mut Peer, user: UserId) -> bool {
    let request = peer.request();
    let answer: ProfileAnswer = peer.ask(&GetProfile { request, user }).await.unwrap();
    answer.own.is_none()
}

/// The server died between the two calls of a block.
#[tokio::test]
async fn a_block_that_was_cut_short_is_finished_when_they_connect() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let people = &world.store().people;
    people.block(ann.identity.user, bob.identity.user, 1).await.unwrap();
    assert!(world.services.domain.people.blockers(bob.identity.user).await.unwrap().is_empty());
    let _a = world.attached(&ann).await;
    assert!(world.services.domain.people.blockers(bob.identity.user).await.unwrap().contains(&ann.identity.user));
    assert!(people.untold(ann.identity.user).await.unwrap().is_empty());
}

/// The same of who blocked somebody from one device and not any more from another.
#[tokio::test]
async fn what_is_left_of_a_block_that_is_over_goes_when_the_other_one_connects() {
    let world = World::new();
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    let (ann, user) = (ann.identity.user, bob.identity.user);
    world.store().people.set_blocked_by(user, ann, Some(1)).await.unwrap();
    assert!(world.services.domain.people.blockers(user).await.unwrap().contains(&ann));
    let _b = world.attached(&bob).await;
    assert!(world.services.domain.people.blockers(user).await.unwrap().is_empty());
}
