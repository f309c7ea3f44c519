//! Values of the kinds that speak of what people say of themselves, and how they are found.

use rill_protocol::{
    U53,
    message::{
        Activity, Availability, FindPeople, FoundPerson, GetProfile, OwnSettings, PeoplePage, PresenceDetail,
        PresenceDetails, Profile, ProfileAnswer, RoomOnline, SetActivity, SetBlock, SetProfile, SetStatus, Typing,
        UserInfo, UserNames,
    },
};

use crate::{
    message_samples::{CHINESE, EMOJI, room, u53, user},
    messages::line,
};

fn profile(name: &str) -> Profile {
    Profile {
        user: user(1),
        username: "user1".to_owned(),
        name: name.to_owned(),
        language: "zh-CN".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
    }
}

fn nothing_said() -> PresenceDetail {
    PresenceDetail {
        user: user(9),
        availability: Availability::Available,
        emoji: String::new(),
        text: String::new(),
        until_ms: u53(0),
        seen_ms: u53(0),
    }
}

/// All of them.
pub(crate) fn lines() -> Vec<String> {
    let at_ms = u53(1_790_000_000_123);
    let busy = PresenceDetail {
        user: user(1),
        availability: Availability::DoNotDisturb,
        emoji: "🌴".to_owned(),
        text: CHINESE.to_owned(),
        until_ms: at_ms,
        seen_ms: U53::MAX,
    };
    let later = PresenceDetail { availability: Availability::Other(70_000), ..nothing_said() };
    let own = OwnSettings {
        chosen_name: "李明".to_owned(),
        is_listed: true,
        shows_seen: false,
        do_not_disturb: true,
        emoji: "🌴".to_owned(),
        text: EMOJI.to_owned(),
        until_ms: at_ms,
        blocked: vec![user(2), user(3)],
    };
    let found =
        |first, name: &str| FoundPerson { user: user(first), username: format!("user{first}"), name: name.to_owned() };
    vec![
        line("none", &PresenceDetails { people: vec![] }),
        line("busy, and nothing any more", &PresenceDetails { people: vec![busy, nothing_said()] }),
        line("of a later version", &PresenceDetails { people: vec![later] }),
        line("nobody", &RoomOnline { room: room(0), online: 0 }),
        line("many", &RoomOnline { room: room(3), online: 70_000 }),
        line("writes", &Typing { room: room(3), user: user(1), is_typing: true }),
        line("has stopped", &Typing { room: room(3), user: user(0), is_typing: false }),
        line("idle", &SetActivity { request: 7, activity: Activity::Idle }),
        line("of a later version", &SetActivity { request: u32::MAX, activity: Activity::Other(9) }),
        line(
            "all",
            &SetStatus {
                request: 7,
                do_not_disturb: true,
                emoji: "🌴".to_owned(),
                text: CHINESE.to_owned(),
                until_ms: at_ms,
            },
        ),
        line(
            "nothing any more",
            &SetStatus {
                request: 8,
                do_not_disturb: false,
                emoji: String::new(),
                text: String::new(),
                until_ms: u53(0),
            },
        ),
        line(
            "all",
            &SetProfile {
                request: 7,
                chosen_name: "李明".to_owned(),
                language: "zh-CN".to_owned(),
                time_zone: "Asia/Shanghai".to_owned(),
                is_listed: true,
                shows_seen: false,
            },
        ),
        line("first page", &FindPeople { request: 7, text: "lm".to_owned(), after: None, limit: 20 }),
        line("next page", &FindPeople { request: 8, text: String::new(), after: Some(user(1)), limit: 50 }),
        line("none", &PeoplePage { request: 7, people: vec![], more: false }),
        line("some", &PeoplePage { request: 7, people: vec![found(1, "李明"), found(9, EMOJI)], more: true }),
        line("somebody", &GetProfile { request: 7, user: user(1) }),
        line("somebody else's", &ProfileAnswer { request: 7, profile: profile("user1"), own: None }),
        line("one's own, unasked", &ProfileAnswer { request: 0, profile: profile("李明"), own: Some(own) }),
        line("one more", &SetBlock { request: 7, user: user(1), is_blocked: true }),
        line("one", &UserNames { users: vec![UserInfo { id: user(1), name: "李明".to_owned() }] }),
    ]
}
