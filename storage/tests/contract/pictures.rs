//! Pictures of users and rooms, and the set of custom emoji.

use crate::stage::{Kind, START_MS, account, change, client, contract, digest, room, user};
use parking_lot::Mutex;
use rill_storage::{
    blobs::BlobName,
    limits::EMOJI_MAX,
    model::{
        Avatar, Change, ContentKey, Emoji, EmojiId, Fact, NewEntry, Offer, Picture, PictureFormat, Reference,
        Rendering, Replay,
    },
    port::{Added, AppendRefused, ChangeObserver, Changed},
};
use std::{mem::take, sync::Arc};

fn picture(number: u8) -> Picture {
    Picture {
        content: ContentKey([number; 32]),
        blob: BlobName([number; 32]),
        large: Rendering { format: PictureFormat::Jpeg, size: 9_000 },
        small: Some(Rendering { format: PictureFormat::Png, size: 700 }),
    }
}

fn emoji(number: u16) -> Emoji {
    let mut id = [7; 16];
    id[..2].copy_from_slice(&number.to_be_bytes());
    Emoji {
        id: EmojiId(id),
        name: format!("emoji_{number}"),
        picture: Picture { small: None, ..picture(number as u8) },
        width: 128,
        height: 32,
        animated: number == 2,
        source: digest("an image"),
        added_by: user(1),
        added_ms: START_MS,
        version: 0,
    }
}

#[derive(Default)]
struct Witness(Mutex<Vec<Changed>>);

impl ChangeObserver for Witness {
    fn changed(&self, changed: Changed) {
        self.0.lock().push(changed);
    }
}

async fn a_users_avatar_is_set_by_who_knows_the_one_before(kind: Kind) {
    let stage = kind.open();
    let users = &stage.store.users;
    let set = async |picture, replaces, at_ms| users.set_avatar(user(1), picture, replaces, at_ms).await.unwrap();
    assert_eq!(set(Some(picture(1)), 0, START_MS).await, None, "there is no such user");
    assert_eq!(users.profile(user(1)).await.unwrap(), None);
    assert!(users.create(account(1)).await.unwrap());
    let profile = users.profile(user(1)).await.unwrap().unwrap();
    assert_eq!((profile.name, profile.avatar), (account(1).name, Avatar::default()));

    let witness = Arc::<Witness>::default();
    stage.store.changes.observe(witness.clone());
    let told = || take(&mut *witness.0.lock());
    assert_eq!(set(None, 0, START_MS).await, Some(Avatar::default()), "nothing is taken away");
    assert_eq!(told(), []);
    let first = Avatar { version: START_MS, picture: Some(picture(1)) };
    assert_eq!(set(Some(picture(1)), 0, START_MS).await, Some(first));
    assert_eq!(told(), [Changed::User(user(1))]);
    assert_eq!(set(Some(picture(1)), 0, START_MS + 9).await, Some(first), "once more");
    assert_eq!(set(Some(picture(2)), 0, START_MS + 9).await, Some(first), "who knows none");
    assert_eq!(told(), []);
    // Versions rise also where time stands still or goes back.
    let second = Avatar { version: START_MS + 1, picture: Some(picture(2)) };
    assert_eq!(set(Some(picture(2)), START_MS, START_MS - 7).await, Some(second));
    let none = Avatar { version: START_MS + 20, picture: None };
    assert_eq!(set(None, START_MS + 1, START_MS + 20).await, Some(none));
    assert_eq!(users.profile(user(1)).await.unwrap().unwrap().avatar, none);
    // An account that changes keeps it.
    assert!(users.set_role(user(1), rill_storage::model::Role::Administrator).await.unwrap());
    assert_eq!(users.profile(user(1)).await.unwrap().unwrap().avatar, none);
}

async fn a_rooms_avatar_is_an_entry_of_its_log(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let avatar = async || stage.store.rooms.get(room(1)).await.unwrap().unwrap().avatar;
    assert_eq!(avatar().await, Avatar::default());
    let new = |author, number, picture, replaces| change(author, number, Change::Avatar { picture, replaces });
    assert_eq!(stage.append(1, new(2, 1, Some(picture(1)), 0)).await.unwrap_err(), AppendRefused::NotAMember);
    assert_eq!(stage.append(1, new(1, 2, None, 0)).await.unwrap_err(), AppendRefused::Unchanged);
    assert_eq!(stage.append(2, new(1, 2, None, 0)).await.unwrap_err(), AppendRefused::NoSuchRoom);

    let made = stage.appended(1, new(1, 3, Some(picture(1)), 0)).await;
    assert_eq!((made.entry.seq, made.entry.fact), (3, Fact::Avatar { version: START_MS, is_set: true }));
    assert_eq!(made.entry.posts, 0, "nobody has said anything");
    assert_eq!(avatar().await, Avatar { version: START_MS, picture: Some(picture(1)) });
    let again = stage.appended(1, new(1, 3, Some(picture(1)), 0)).await;
    assert_eq!((again.replay, &again.entry), (Replay::Same, &made.entry));
    assert_eq!(stage.append(1, new(1, 4, Some(picture(2)), 0)).await.unwrap_err(), AppendRefused::Unchanged);

    let other = NewEntry { at_ms: START_MS + 5, ..new(1, 5, Some(picture(2)), START_MS) };
    let made = stage.appended(1, other).await;
    assert_eq!(made.entry.fact, Fact::Avatar { version: START_MS + 5, is_set: true });
    let made = stage.appended(1, new(1, 6, None, START_MS + 5)).await;
    assert_eq!(made.entry.fact, Fact::Avatar { version: START_MS + 6, is_set: false });
    assert_eq!(avatar().await, Avatar { version: START_MS + 6, picture: None });
    let entries = stage.store.log.entries(room(1), 2, 10, 1_000).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [3, 4, 5]);
    assert!(entries.iter().all(|entry| entry.author == user(1)) && entries[0].client_id == client(3));
}

async fn an_emoji_is_there_until_its_own_removal(kind: Kind) {
    let stage = kind.open();
    let sets = &stage.store.emoji;
    assert_eq!(sets.set().await.unwrap(), Default::default());
    assert_eq!(sets.version().await.unwrap(), 0);
    let witness = Arc::<Witness>::default();
    stage.store.changes.observe(witness.clone());
    let told = || take(&mut *witness.0.lock());

    let one = Emoji { version: START_MS, ..emoji(1) };
    assert_eq!(sets.add(emoji(1)).await.unwrap(), Added::Done(one.clone()));
    assert_eq!(told(), [Changed::Emoji]);
    assert_eq!(sets.add(emoji(1)).await.unwrap(), Added::Done(one.clone()), "once more");
    let alike = Emoji { picture: picture(9), ..emoji(1) };
    assert_eq!(sets.add(alike).await.unwrap(), Added::Taken(one.clone()));
    assert_eq!(told(), []);
    let two = Emoji { version: START_MS + 1, ..emoji(2) };
    assert_eq!(sets.add(emoji(2)).await.unwrap(), Added::Done(two.clone()));
    let set = sets.set().await.unwrap();
    assert_eq!((set.version, &set.emoji), (START_MS + 1, &vec![one.clone(), two.clone()]));
    assert_eq!(sets.version().await.unwrap(), set.version);

    assert!(!sets.remove(one.id, ContentKey([9; 32]), START_MS + 8).await.unwrap(), "another of that name");
    assert!(sets.remove(one.id, one.picture.content, START_MS + 8).await.unwrap());
    assert!(!sets.remove(one.id, one.picture.content, START_MS + 9).await.unwrap(), "once more");
    let set = sets.set().await.unwrap();
    assert_eq!((set.version, set.emoji), (START_MS + 8, vec![two]));
    assert_eq!(sets.version().await.unwrap(), set.version);
}

async fn there_are_no_more_emoji_than_may_be(kind: Kind) {
    let stage = kind.open();
    let sets = &stage.store.emoji;
    for number in 0..EMOJI_MAX as u16 {
        assert!(matches!(sets.add(emoji(number)).await.unwrap(), Added::Done(_)), "{number}");
    }
    assert_eq!(sets.add(emoji(1_000)).await.unwrap(), Added::Full);
    let set = sets.set().await.unwrap();
    assert_eq!(set.emoji.len(), EMOJI_MAX);
    assert_eq!(set.version, START_MS + EMOJI_MAX as u64 - 1);
    assert!(sets.remove(emoji(3).id, emoji(3).picture.content, START_MS).await.unwrap());
    assert!(matches!(sets.add(emoji(1_000)).await.unwrap(), Added::Done(_)));
}

/// What a picture that is about to be replaced passes through.
async fn a_reference_that_is_doubted_is_found_by_whoever_tidies_up(kind: Kind) {
    let stage = kind.open();
    let contents = &stage.store.contents;
    let (key, reference) = (ContentKey([3; 32]), Reference::UserAvatar(user(1)));
    assert!(!contents.doubt(key, reference, 5).await.unwrap(), "nothing is there");
    let offer = Offer { blob: BlobName([3; 32]), size: 10, facts: Vec::new() };
    contents.claim(key, offer, reference, 10, 0).await.unwrap();
    assert!(contents.confirm(key, reference).await.unwrap());
    let due = async || contents.due(u64::MAX, None, 10).await.unwrap().pending.len();
    assert_eq!(due().await, 0);
    for _ in 0..2 {
        assert!(contents.doubt(key, reference, 20).await.unwrap());
        assert_eq!(due().await, 1);
    }
    assert_eq!(contents.due(19, None, 10).await.unwrap().pending, []);
    assert!(contents.references(key, 10).await.unwrap().is_empty());
    assert!(contents.get(key).await.unwrap().is_some(), "it is held as before");
    assert!(contents.confirm(key, reference).await.unwrap());
    assert_eq!((due().await, contents.references(key, 10).await.unwrap()), (0, vec![reference]));
    assert!(contents.doubt(key, reference, 30).await.unwrap());
    assert!(contents.release(key, reference).await.unwrap());
    assert_eq!(contents.get(key).await.unwrap(), None);
    assert!(!contents.doubt(key, reference, 40).await.unwrap());
}

/// Who made it pending is late, and somebody else has doubted it since: then it is theirs.
async fn a_late_word_confirms_nothing_that_was_doubted_since(kind: Kind) {
    let stage = kind.open();
    let contents = &stage.store.contents;
    let (key, reference) = (ContentKey([3; 32]), Reference::UserAvatar(user(1)));
    assert!(!contents.confirm_until(key, reference, 10).await.unwrap(), "nothing is there");
    let offer = Offer { blob: BlobName([3; 32]), size: 10, facts: Vec::new() };
    let pending = async || {
        let due = contents.due(u64::MAX, None, 10).await.unwrap().pending;
        due.into_iter().map(|due| due.until_ms).collect::<Vec<_>>()
    };
    contents.claim(key, offer, reference, 10, 0).await.unwrap();
    // However late or early the clock of who doubts it is.
    for (doubted_ms, until_ms) in [(20, 20), (20, 21), (5, 22)] {
        assert!(contents.doubt(key, reference, doubted_ms).await.unwrap());
        assert_eq!(pending().await, [until_ms]);
        assert!(contents.confirm_until(key, reference, 10).await.unwrap(), "it is there");
        assert_eq!((pending().await, contents.references(key, 10).await.unwrap()), (vec![until_ms], vec![]));
    }
    assert!(contents.confirm_until(key, reference, 22).await.unwrap());
    for _ in 0..2 {
        assert_eq!((pending().await, contents.references(key, 10).await.unwrap()), (vec![], vec![reference]));
        assert!(contents.confirm_until(key, reference, 22).await.unwrap(), "once more");
    }
    assert!(contents.doubt(key, reference, 30).await.unwrap());
    assert!(contents.expire(key, reference, 30).await.unwrap());
    assert!(!contents.confirm_until(key, reference, 30).await.unwrap());
}

/// Who tidies up has looked, and what refers becomes true, or gets more time, before the word.
async fn only_what_is_still_due_expires(kind: Kind) {
    let stage = kind.open();
    let contents = &stage.store.contents;
    let (key, reference) = (ContentKey([3; 32]), Reference::UserAvatar(user(1)));
    assert!(!contents.expire(key, reference, u64::MAX).await.unwrap(), "nothing is there");
    let offer = Offer { blob: BlobName([3; 32]), size: 10, facts: Vec::new() };
    contents.claim(key, offer, reference, 10, 0).await.unwrap();
    assert!(!contents.expire(key, reference, 9).await.unwrap());
    contents.refer(key, reference, 20).await.unwrap();
    assert!(!contents.expire(key, reference, 19).await.unwrap(), "it got more time");
    assert!(contents.confirm(key, reference).await.unwrap());
    assert!(!contents.expire(key, reference, u64::MAX).await.unwrap(), "it is true");
    assert_eq!(contents.references(key, 10).await.unwrap(), [reference]);
    assert!(contents.doubt(key, reference, 30).await.unwrap());
    assert!(contents.expire(key, reference, 30).await.unwrap());
    assert_eq!(contents.get(key).await.unwrap(), None);
    assert!(!contents.confirm(key, reference).await.unwrap(), "who comes too late hears so");
    assert!(!contents.expire(key, reference, 30).await.unwrap(), "once more");
}

contract! {
    a_users_avatar_is_set_by_who_knows_the_one_before
    a_rooms_avatar_is_an_entry_of_its_log
    an_emoji_is_there_until_its_own_removal
    there_are_no_more_emoji_than_may_be
    a_reference_that_is_doubted_is_found_by_whoever_tidies_up
    a_late_word_confirms_nothing_that_was_doubted_since
    only_what_is_still_due_expires
}
