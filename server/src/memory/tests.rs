//! What is told without asking, and what ends that.

use rill_protocol::{RoomId, UserId};
use rill_storage::{
    model::{Avatar, Card, Profile, Status},
    port::changes::Changed,
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

use super::places::{Fact, Hearing, Key, Places};
use crate::limits::{
    REMEMBERED_FACTS_MAX, REMEMBERED_MEMBERS_MAX, REMEMBERED_NAME_MS, REMEMBERED_PLACES_MAX, REMEMBERED_ROOM_MS,
};

fn user(number: u32) -> Changed {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    Changed::User(UserId(id))
}

fn own(place: Changed) -> Key {
    Key { place, member: None }
}

fn name(name: &str) -> Fact {
    Fact::Profile(Arc::new(Profile {
        name: name.to_owned(),
        username: name.to_owned(),
        is_disabled: false,
        avatar: Avatar::default(),
        card_version: 0,
        card: Card::default(),
        status: Status::default(),
        seen_ms: None,
    }))
}

/// Asks and is answered at once.
fn fetch(places: &mut Places, key: Key, now: Instant) -> Hearing {
    let (asked, hearing) = places.ask(key, now);
    places.learn(asked, name("ann"), now);
    hearing
}

#[test]
fn what_is_heard_of_is_told_until_it_changes_or_grows_old() {
    let (mut places, now) = (Places::new(false), Instant::now());
    let check = |place, age_ms| {
        let key = own(place);
        let wanted = Hearing { more: Some(place), less: Vec::new() };
        assert_eq!(fetch(&mut Places::new(false), key, now), wanted);
        let mut places = Places::new(false);
        fetch(&mut places, key, now);
        assert!(places.recall(key, now).is_none(), "nobody hears what changes it");
        places.heard(place);
        assert!(places.recall(key, now).is_none(), "it was asked for before it was heard of");
        assert_eq!(fetch(&mut places, key, now), Hearing::default());
        let old = now + Duration::from_millis(age_ms);
        assert!(places.recall(key, old - Duration::from_millis(1)).is_some());
        assert!(places.recall(key, old).is_none(), "it is too old");
        fetch(&mut places, key, old);
        assert!(places.recall(key, old).is_some());
        places.changed(place);
        assert!(places.recall(key, old).is_none());
    };
    check(user(1), REMEMBERED_NAME_MS);
    check(Changed::Room(RoomId([1; 16])), REMEMBERED_ROOM_MS);
    assert!(places.recall(own(user(1)), now).is_none());
}

#[test]
fn an_answer_counts_under_the_stamp_of_its_question() {
    let now = Instant::now();
    let key = own(user(1));
    type Doubt = fn(&mut Places);
    let doubts: [(&str, Doubt); 3] = [
        ("it changed", |places| places.changed(user(1))),
        ("hints begin anew", |places| places.heard(user(1))),
        ("hints come no more, and do again", |places| {
            assert_eq!(places.deaf(), [user(1)]);
            drop(places.ask(own(user(1)), Instant::now()));
            places.heard(user(1));
        }),
    ];
    for (what, doubt) in doubts {
        let mut places = Places::new(false);
        fetch(&mut places, key, now);
        places.heard(user(1));
        let (asked, _) = places.ask(key, now);
        doubt(&mut places);
        places.learn(asked, name("ann"), now);
        assert!(places.recall(key, now).is_none(), "{what}");
        fetch(&mut places, key, now);
        assert!(places.recall(key, now).is_some(), "{what}");
        doubt(&mut places);
        assert!(places.recall(key, now).is_none(), "{what}");
    }
}

#[test]
fn who_is_alone_hears_everything_and_nothing_grows_old() {
    let (mut places, now) = (Places::new(true), Instant::now());
    fetch(&mut places, own(user(1)), now);
    assert!(places.recall(own(user(1)), now + Duration::from_secs(1_000_000)).is_some());
    let (asked, _) = places.ask(own(user(1)), now);
    places.changed(user(1));
    places.learn(asked, name("before"), now);
    assert!(places.recall(own(user(1)), now).is_none());
}

#[test]
fn what_was_not_used_for_long_makes_room() {
    let (mut places, now) = (Places::new(false), Instant::now());
    let count = u32::try_from(REMEMBERED_PLACES_MAX).unwrap();
    for number in 0..count {
        fetch(&mut places, own(user(number)), now);
        places.recall(own(user(number)), now);
        places.recall(own(user(0)), now);
    }
    let Hearing { more, less } = fetch(&mut places, own(user(count)), now);
    assert_eq!((more, less.len()), (Some(user(count)), REMEMBERED_PLACES_MAX / 2 + 1));
    assert!(!less.contains(&user(0)) && less.contains(&user(1)));
    assert_eq!(places.deaf().len(), REMEMBERED_PLACES_MAX / 2);
}

#[test]
fn the_members_of_a_room_and_of_all_are_bounded() {
    let (mut places, now) = (Places::new(true), Instant::now());
    let facts = |places: &Places| places.facts();
    for room in 0..=(REMEMBERED_FACTS_MAX / REMEMBERED_MEMBERS_MAX) as u32 {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&room.to_be_bytes());
        for member in 0..=REMEMBERED_MEMBERS_MAX as u32 {
            let Changed::User(member) = user(member) else { unreachable!("a user") };
            fetch(&mut places, Key { place: Changed::Room(RoomId(id)), member: Some(member) }, now);
        }
        assert_eq!(facts(&places) % REMEMBERED_MEMBERS_MAX, (room as usize + 1) % REMEMBERED_MEMBERS_MAX);
    }
    assert!(facts(&places) <= REMEMBERED_FACTS_MAX);
}
