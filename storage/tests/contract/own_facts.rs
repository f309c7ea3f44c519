//! What a user's own log knows beside rooms: the latest of each key.

use crate::stage::{Kind, START_MS, Stage, account, client, contract, room, user};
use rill_storage::{
    limits::{Bounds, DRAFT_BYTES_MAX, DRAFTS_MAX, SETTINGS_MAX},
    model::{
        NewSetting, Notify, RoomSettings, RoomSettingsChange, UserChange,
        UserChange::{Draft, Setting},
        UserFact, UserKey,
    },
    port::SetRefused,
};
use std::sync::Arc;

async fn opened(kind: Kind, bounds: Bounds, rooms: u64) -> Stage {
    let stage = kind.open_with(bounds);
    stage.store.users.create(account(1)).await.unwrap();
    for number in 1..=rooms {
        let (room, fact) = (room(number), UserFact::RoomAdded(room(number)));
        stage.store.user_log.append(user(1), (room, 2), fact, START_MS).await.unwrap();
    }
    stage
}

async fn asked(stage: &Stage, request: Option<u64>, change: UserChange) -> Result<Option<u64>, SetRefused> {
    let new = NewSetting { client_id: request.map(client), at_ms: START_MS, change };
    stage.store.user_log.set(user(1), new).await.unwrap().map(|made| made.map(|entry| entry.seq))
}

async fn set(stage: &Stage, change: UserChange) -> Option<u64> {
    asked(stage, None, change).await.unwrap()
}

fn draft(number: u64, text: &str) -> UserChange {
    Draft { room: room(number), text: (!text.is_empty()).then(|| text.into()) }
}

fn wanted(number: u64, change: RoomSettingsChange) -> UserChange {
    UserChange::RoomSettings { room: room(number), change }
}

async fn draft_of(stage: &Stage, number: u64) -> Option<Arc<str>> {
    match stage.store.user_log.get(user(1), UserKey::Draft(room(number))).await.unwrap() {
        Some(UserFact::Draft { text, .. }) => text,
        None => None,
        other => panic!("{other:?}"),
    }
}

/// What the snapshot says beside rooms.
async fn known(stage: &Stage) -> Vec<(u64, UserFact)> {
    let (_, entries) = stage.store.user_log.snapshot(user(1)).await.unwrap().unwrap();
    let known = entries.into_iter().filter(|entry| !matches!(entry.fact, UserFact::RoomAdded(_)));
    known.map(|entry| (entry.seq, entry.fact)).collect()
}

async fn entries(stage: &Stage, after: u64) -> Vec<(u64, UserFact)> {
    let entries = stage.store.user_log.entries(user(1), after, 100).await.unwrap().unwrap();
    entries.into_iter().map(|entry| (entry.seq, entry.fact)).collect()
}

fn setting(number: u16, value: &[u8]) -> UserChange {
    Setting { number, value: value.to_vec() }
}

fn said(number: u16, value: &[u8]) -> UserFact {
    UserFact::Setting { number, value: value.to_vec() }
}

async fn of_a_key_the_latest_counts_and_what_is_so_already_is_no_entry(kind: Kind) {
    let stage = opened(kind, Bounds::default(), 1).await;
    assert_eq!(set(&stage, draft(1, "half a")).await, Some(2));
    assert_eq!(set(&stage, draft(1, "half a")).await, None);
    assert_eq!(set(&stage, setting(9, &[1])).await, Some(3));
    assert_eq!(set(&stage, setting(9, &[1])).await, None);
    assert_eq!(set(&stage, setting(8, &[])).await, None, "as it is for everybody");
    assert_eq!(set(&stage, draft(1, "half a thought")).await, Some(4));
    assert_eq!(set(&stage, setting(7, &[1, 2])).await, Some(5));
    assert_eq!(set(&stage, setting(7, &[3])).await, Some(6));

    let text = || UserFact::Draft { room: room(1), text: Some("half a thought".into()) };
    let expected = [(2, UserFact::Past), (3, said(9, &[1])), (4, text()), (5, UserFact::Past), (6, said(7, &[3]))];
    assert_eq!(entries(&stage, 1).await, expected);
    assert_eq!(known(&stage).await, [(3, said(9, &[1])), (4, text()), (6, said(7, &[3]))]);

    // What is gone is told as an entry and not in a snapshot.
    assert_eq!(set(&stage, draft(1, "")).await, Some(7));
    assert_eq!(set(&stage, setting(7, &[])).await, Some(8));
    let gone = UserFact::Draft { room: room(1), text: None };
    assert_eq!(entries(&stage, 6).await, [(7, gone), (8, said(7, &[]))]);
    assert_eq!(known(&stage).await, [(3, said(9, &[1]))]);
    assert_eq!(stage.store.user_log.get(user(1), UserKey::Setting(7)).await.unwrap(), Some(said(7, &[])));
    assert_eq!(stage.store.user_log.get(user(1), UserKey::Setting(5)).await.unwrap(), None);
}

async fn settings_of_a_room_change_one_by_one(kind: Kind) {
    let stage = opened(kind, Bounds::default(), 1).await;
    let nothing = RoomSettingsChange::default();
    assert_eq!(set(&stage, wanted(1, nothing)).await, None);
    assert_eq!(set(&stage, wanted(1, RoomSettingsChange { notify: Some(Notify::All), ..nothing })).await, None);
    assert_eq!(set(&stage, wanted(1, RoomSettingsChange { is_pinned: Some(true), ..nothing })).await, Some(2));
    assert_eq!(set(&stage, wanted(1, RoomSettingsChange { notify: Some(Notify::Mentions), ..nothing })).await, Some(3));
    let settings = RoomSettings { notify: Notify::Mentions, is_pinned: true, is_archived: false };
    assert_eq!(known(&stage).await, [(3, UserFact::RoomSettings { room: room(1), settings })]);
    assert_eq!(set(&stage, wanted(1, RoomSettingsChange { is_archived: Some(false), ..nothing })).await, None);
}

async fn a_request_that_comes_again_sets_nothing_anew(kind: Kind) {
    let stage = opened(kind, Bounds::default(), 1).await;
    assert_eq!(asked(&stage, Some(1), draft(1, "one")).await, Ok(Some(2)));
    assert_eq!(asked(&stage, Some(1), draft(1, "one")).await, Ok(None));
    assert_eq!(asked(&stage, Some(1), draft(1, "other")).await, Ok(None));
    assert_eq!(draft_of(&stage, 1).await.as_deref(), Some("one"));
    assert_eq!(asked(&stage, Some(2), draft(1, "other")).await, Ok(Some(3)));
}

async fn a_long_draft_lies_apart_and_is_whole(kind: Kind) {
    let stage = opened(kind, Bounds::default(), 1).await;
    let long = "溪".repeat(DRAFT_BYTES_MAX / 3);
    for text in [long.as_str(), "short", &long[3..], "", &long, &long[30..]] {
        assert!(set(&stage, draft(1, text)).await.is_some());
        let expected = (!text.is_empty()).then_some(text);
        assert_eq!(draft_of(&stage, 1).await.as_deref(), expected);
        let found = known(&stage).await;
        assert_eq!(found.len(), usize::from(expected.is_some()));
        assert!(
            found.iter().all(|(_, fact)| matches!(fact, UserFact::Draft { text: Some(kept), .. } if **kept == *text))
        );
    }
    let new = NewSetting { client_id: None, at_ms: START_MS, change: draft(1, &"x".repeat(DRAFT_BYTES_MAX + 1)) };
    assert!(stage.store.user_log.set(user(1), new).await.is_err());
    assert_eq!(draft_of(&stage, 1).await.as_deref(), Some(&long[30..]));
}

async fn what_is_known_of_a_room_goes_with_it(kind: Kind) {
    let stage = opened(kind, Bounds::default(), 2).await;
    let pinned = RoomSettingsChange { is_pinned: Some(true), ..RoomSettingsChange::default() };
    for number in [1, 2] {
        set(&stage, draft(number, &"x".repeat(DRAFT_BYTES_MAX))).await;
        set(&stage, wanted(number, pinned)).await;
    }
    let removed = UserFact::RoomRemoved(room(1));
    stage.store.user_log.append(user(1), (room(1), 9), removed, START_MS).await.unwrap().unwrap();
    assert_eq!(asked(&stage, None, draft(1, "x")).await, Err(SetRefused::NotInRoom));
    assert_eq!(asked(&stage, None, wanted(1, pinned)).await, Err(SetRefused::NotInRoom));
    assert_eq!(asked(&stage, None, draft(3, "x")).await, Err(SetRefused::NotInRoom));
    assert_eq!(known(&stage).await.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [5, 6]);
    // Whoever comes back begins anew.
    let added = UserFact::RoomAdded(room(1));
    stage.store.user_log.append(user(1), (room(1), 10), added, START_MS).await.unwrap().unwrap();
    assert_eq!(draft_of(&stage, 1).await, None);
    assert!(set(&stage, draft(1, "new")).await.is_some());
}

async fn an_invitation_is_as_its_latest_cause_says(kind: Kind) {
    let stage = opened(kind, Bounds::default(), 0).await;
    let log = &stage.store.user_log;
    let tell =
        async |cause, fact| log.append(user(1), (room(1), cause), fact, START_MS).await.unwrap().map(|entry| entry.seq);
    let invited = |by| UserFact::Invited { room: room(1), by: user(by) };
    let gone = || UserFact::InvitationGone(room(1));
    assert_eq!(tell(5, invited(2)).await, Some(1));
    assert_eq!(tell(5, invited(2)).await, None, "a repeated cause");
    assert_eq!(tell(7, gone()).await, Some(2));
    assert_eq!(tell(5, invited(2)).await, None, "older news");
    assert_eq!(known(&stage).await, []);
    assert_eq!(tell(9, invited(3)).await, Some(3));
    assert_eq!(known(&stage).await, [(3, invited(3))]);
    assert_eq!(entries(&stage, 0).await, [(1, UserFact::Past), (2, UserFact::Past), (3, invited(3))]);
}

async fn of_each_kind_there_is_a_bound_that_what_is_gone_does_not_fill(kind: Kind) {
    let stage = opened(kind, Bounds::default(), DRAFTS_MAX as u64 + 1).await;
    for number in 1..=DRAFTS_MAX as u64 {
        set(&stage, draft(number, "x")).await.unwrap();
    }
    let one_more = DRAFTS_MAX as u64 + 1;
    assert_eq!(asked(&stage, None, draft(one_more, "x")).await, Err(SetRefused::TooMany));
    set(&stage, draft(1, "changed")).await.unwrap();
    set(&stage, draft(1, "")).await.unwrap();
    set(&stage, draft(one_more, "x")).await.unwrap();
    assert_eq!(asked(&stage, None, draft(1, "x")).await, Err(SetRefused::TooMany));
    for number in 0..SETTINGS_MAX as u16 {
        set(&stage, Setting { number, value: vec![1] }).await.unwrap();
    }
    assert_eq!(asked(&stage, None, Setting { number: 999, value: vec![1] }).await, Err(SetRefused::TooMany));
}

async fn what_is_gone_is_forgotten_with_its_entry(kind: Kind) {
    let stage = opened(kind, Bounds { user_log_tail_entries_max: 3, ..Bounds::default() }, 1).await;
    set(&stage, setting(9, &[1])).await;
    set(&stage, setting(8, &[1])).await;
    set(&stage, setting(9, &[])).await;
    for value in 0..4 {
        set(&stage, setting(7, &[value])).await;
    }
    let log = &stage.store.user_log;
    assert_eq!(log.get(user(1), UserKey::Setting(9)).await.unwrap(), None);
    assert_eq!(log.get(user(1), UserKey::Setting(8)).await.unwrap(), Some(said(8, &[1])));
    assert_eq!(known(&stage).await, [(3, said(8, &[1])), (8, said(7, &[3]))]);
}

async fn nobody_sets_anything_of_a_user_who_is_not(kind: Kind) {
    let stage = kind.open();
    assert_eq!(asked(&stage, None, setting(1, &[1])).await, Err(SetRefused::NoSuchUser));
    assert_eq!(stage.store.user_log.get(user(1), UserKey::Setting(1)).await.unwrap(), None);
}

contract! {
    of_a_key_the_latest_counts_and_what_is_so_already_is_no_entry
    settings_of_a_room_change_one_by_one
    a_request_that_comes_again_sets_nothing_anew
    a_long_draft_lies_apart_and_is_whole
    what_is_known_of_a_room_goes_with_it
    an_invitation_is_as_its_latest_cause_says
    of_each_kind_there_is_a_bound_that_what_is_gone_does_not_fill
    what_is_gone_is_forgotten_with_its_entry
    nobody_sets_anything_of_a_user_who_is_not
}
