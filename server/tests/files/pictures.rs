//! Avatars and emoji without a server around them, cut short between any two steps: the sweep
//! leaves what a row names, and nothing else.

use bytes::Bytes;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use rill_protocol::{ClientId, RoomId, UserId};
use rill_server::{
    domain::DomainError,
    files::service::{Cursors, FileError, Files},
    runtime::Clock as _,
};
use rill_storage::model::{Avatar, ContentKey, Reference};
use std::{
    future::{Future, pending, poll_fn},
    io::Cursor,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
    time::Duration,
};
use tokio::sync::{Notify, oneshot};

use crate::{
    between::{Between, Call, wrapped},
    meanwhile::Event,
    server::fresh,
    stopped::{Bare, MINUTE_MS},
};

fn image(seed: u8) -> Bytes {
    let mut bytes = Cursor::new(Vec::new());
    let pixels = RgbImage::from_fn(40, 30, |x, y| Rgb([x as u8 ^ seed, y as u8, seed]));
    DynamicImage::ImageRgb8(pixels).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner().into()
}

/// Goes on for so many polls, then is dropped where it stands: what it has asked for is done, and
/// nothing behind it.
async fn cut_after<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    let (mut left, mut work) = (polls, pin!(work));
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        work.as_mut().poll(context).map(Some)
    })
    .await
}

/// Goes on until something is so, and stands still there; returns false if it never was.
async fn comes_to(work: &mut Pin<&mut impl Future>, is_so: impl AsyncFn() -> bool) -> bool {
    while !is_so().await {
        if poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await {
            return false;
        }
        tokio::task::yield_now().await;
    }
    true
}

impl Bare {
    async fn sweeps(&self) {
        // What was asked for and not waited for is done first: the store does one write after the other.
        let (unknown, nobodys) = (ContentKey([9; 32]), Reference::UserAvatar(UserId([9; 16])));
        assert!(!self.store.contents.release(unknown, nobodys).await.unwrap());
        for _ in 0..3 {
            self.clock.ahead_ms.fetch_add(11 * MINUTE_MS, Ordering::Relaxed);
            self.files.sweep(&mut Cursors::default()).await.unwrap();
        }
    }

    async fn of_user(&self) -> Avatar {
        self.store.users.profile(self.user).await.unwrap().unwrap().avatar
    }

    async fn of_room(&self) -> Avatar {
        self.store.rooms.get(self.room).await.unwrap().unwrap().avatar
    }

    /// Everything that is named can be read; how many files that is.
    async fn is_whole(&self) -> usize {
        let mut files = 0;
        for (avatar, reference) in [
            (self.of_user().await, Reference::UserAvatar(self.user)),
            (self.of_room().await, Reference::RoomAvatar(self.room)),
        ] {
            for is_small in [false, true] {
                if let Some(found) = self.files.read_avatar(&avatar, is_small).await.unwrap() {
                    assert!(image::load_from_memory(&found.bytes).is_ok());
                    files += 1;
                }
            }
            if let Some(picture) = avatar.picture {
                let references = self.store.contents.references(picture.content, 10).await.unwrap();
                assert_eq!(references, [reference]);
            }
        }
        for emoji in self.store.emoji.set().await.unwrap().emoji {
            self.files.read_emoji(&emoji).await.unwrap();
            files += 1;
        }
        files
    }

    /// Everything that is named can be read, and nothing else is there.
    async fn is_tidy(&self) {
        let files = self.is_whole().await;
        let due = async |ms| self.store.contents.due(ms, None, 100).await.unwrap();
        // What went is looked for once more, much later.
        assert_eq!((due(u64::MAX).await.pending.len(), due(self.clock.now_ms()).await.spent.len()), (0, 0));
        assert_eq!(self.blob_files(), files);
    }
}

#[tokio::test]
async fn a_stop_between_any_two_steps_leaves_the_old_picture_or_the_new_one() {
    let bare = Bare::new().await;
    let (mut cut, mut done) = (0, 0);
    for polls in 1..400 {
        let seed = polls as u8;
        let before = bare.of_user().await;
        let whole = cut_after(polls, bare.files.set_user_avatar(bare.user, Some(image(seed)))).await;
        bare.sweeps().await;
        bare.is_tidy().await;
        match whole {
            Some(set) => {
                assert_eq!(set.unwrap(), bare.of_user().await);
                done += 1;
            }
            None => {
                cut += 1;
                assert!(bare.of_user().await == before || bare.of_user().await.version > before.version);
            }
        }
        if done == 3 {
            break;
        }
    }
    assert!(cut > 5 && done == 3, "{cut} were cut short, {done} were done");
}

/// Users, rooms and emoji, whole and cut short, with sweeps beside them, in any order.
#[tokio::test]
async fn whatever_comes_between_what_is_named_stays_and_nothing_else() {
    let bare = Bare::new().await;
    let mut dice = blake3::Hasher::new_keyed(&fresh()).finalize_xof();
    let mut roll = |sides: u8| {
        let mut byte = [0];
        dice.fill(&mut byte);
        byte[0] % sides
    };
    for _ in 0..80 {
        let (what, seed, name) = (roll(6), roll(250), format!("emoji_{}", roll(3)));
        let polls = if roll(3) == 0 { usize::MAX } else { usize::from(roll(60)) + 1 };
        let who = (bare.user, false);
        let work = async {
            let given = (what % 2 == 0).then(|| image(seed));
            match (what, given) {
                (0 | 1, given) => drop(bare.files.set_user_avatar(bare.user, given).await),
                (2 | 3, given) => {
                    drop(bare.files.set_room_avatar(who, bare.room, ClientId(fresh()), given).await);
                }
                (_, Some(given)) => drop(bare.files.add_emoji(who, &name, given).await),
                (_, None) => drop(bare.files.remove_emoji(who, &name).await),
            }
        };
        let other = async {
            if roll(2) == 0 {
                bare.files.sweep(&mut Cursors::default()).await.unwrap();
            }
        };
        tokio::join!(cut_after(polls, work), other);
        if roll(4) == 0 {
            bare.sweeps().await;
            bare.is_tidy().await;
        }
    }
    bare.sweeps().await;
    bare.is_tidy().await;
}

#[tokio::test]
async fn of_two_who_set_it_at_once_one_is_seen_and_the_other_leaves_nothing() {
    let bare = Bare::new().await;
    for round in 0..5 {
        let set = |seed| bare.files.set_user_avatar(bare.user, Some(image(seed)));
        let (one, other) = tokio::join!(set(2 * round), set(2 * round + 1));
        let (one, other, now) = (one.unwrap(), other.unwrap(), bare.of_user().await);
        assert!(one == now || other == now);
        assert!(one.version != other.version);
        bare.sweeps().await;
        bare.is_tidy().await;
    }
}

/// Something happens behind one of the calls.
struct Once {
    behind: usize,
    calls: AtomicUsize,
    event: Mutex<Option<Event>>,
}

impl Once {
    fn new(behind: usize, event: Event) -> Arc<Self> {
        Arc::new(Self { behind, calls: AtomicUsize::new(0), event: Mutex::new(Some(event)) })
    }

    fn take(&self) -> Option<Event> {
        self.event.lock().unwrap().take()
    }

    fn has_begun(&self) -> bool {
        self.event.lock().unwrap().is_none()
    }
}

impl Between for Once {
    async fn before(&self, _: Call) {}

    async fn after(&self, _: Call) {
        let is_now = self.calls.fetch_add(1, Ordering::Relaxed) + 1 == self.behind;
        if let Some(event) = is_now.then(|| self.take()).flatten() {
            event.await;
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Whose {
    User,
    Room,
    Emoji,
}

async fn set(files: Arc<Files>, (user, room): (UserId, RoomId), whose: Whose, seed: u8) -> Result<(), FileError> {
    match whose {
        Whose::User => files.set_user_avatar(user, Some(image(seed))).await.map(drop),
        Whose::Room => {
            let once = ClientId(fresh());
            files.set_room_avatar((user, false), room, once, Some(image(seed))).await.map(drop)
        }
        Whose::Emoji => files.add_emoji((user, false), "sleepy", image(seed)).await.map(drop),
    }
}

/// Somebody who sets a picture sleeps between two steps for longer than a claim holds, and wakes up
/// between two steps of a sweep.
#[tokio::test]
async fn who_sleeps_for_too_long_names_nothing_that_is_gone() {
    let bare = Bare::new().await;
    for whose in [Whose::User, Whose::Room, Whose::Emoji] {
        let (mut sleeps, mut refused, mut seed) = (0, 0, 0_u8);
        'sleeps: for asleep_behind in 1.. {
            for awake_behind in 1.. {
                seed = seed.wrapping_add(1);
                let (wake, woken) = oneshot::channel::<()>();
                let sleep = Once::new(asleep_behind, Box::pin(async { drop(woken.await) }));
                let files = bare.beside(wrapped(bare.store.clone(), sleep.clone()));
                let setting = tokio::spawn(set(files, (bare.user, bare.room), whose, seed));
                while !sleep.has_begun() && !setting.is_finished() {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                if !sleep.has_begun() {
                    setting.await.unwrap().unwrap();
                    break 'sleeps;
                }
                sleeps += 1;
                bare.clock.ahead_ms.fetch_add(11 * MINUTE_MS, Ordering::Relaxed);
                let (told, outcome) = oneshot::channel();
                let waking = Once::new(
                    awake_behind,
                    Box::pin(async move {
                        wake.send(()).unwrap();
                        drop(told.send(setting.await.unwrap()));
                    }),
                );
                let sweeping = bare.beside(wrapped(bare.store.clone(), waking.clone()));
                sweeping.sweep(&mut Cursors::default()).await.unwrap();
                let late = waking.take();
                let is_behind_all = late.is_some();
                if let Some(wakes) = late {
                    wakes.await;
                }
                match outcome.await.unwrap() {
                    Ok(()) => {}
                    Err(FileError::Domain(DomainError::Busy)) => refused += 1,
                    Err(other) => panic!("{whose:?}, {asleep_behind}, {awake_behind}: {other}"),
                }
                bare.sweeps().await;
                bare.is_tidy().await;
                bare.files.remove_emoji((bare.user, false), "sleepy").await.unwrap();
                if is_behind_all {
                    break;
                }
            }
        }
        assert!(sleeps > 5 && refused > 0, "{whose:?}: {sleeps} slept, of whom {refused} had to come again");
        bare.files.remove_emoji((bare.user, false), "sleepy").await.unwrap();
    }
}

/// A store with a step before and behind every call.
struct Steps;

impl Between for Steps {
    async fn before(&self, _: Call) {
        tokio::task::yield_now().await;
    }

    async fn after(&self, _: Call) {
        tokio::task::yield_now().await;
    }
}

/// The second stops before it lets go of the first one's picture, and the first anywhere behind that.
#[tokio::test]
async fn a_picture_that_is_replaced_before_it_is_confirmed_goes() {
    let bare = Bare::new().await;
    let files = bare.beside(wrapped(bare.store.clone(), Arc::new(Steps)));
    let mut cut = 0;
    for polls in 1.. {
        let version = bare.of_user().await.version;
        let (first, outcome) = {
            let mut one = pin!(files.set_user_avatar(bare.user, Some(image(1))));
            assert!(comes_to(&mut one, async || bare.of_user().await.version > version).await);
            let first = bare.of_user().await;
            {
                let mut other = pin!(files.set_user_avatar(bare.user, Some(image(2))));
                assert!(comes_to(&mut other, async || bare.of_user().await.version > first.version).await);
            }
            (first, cut_after(polls, one).await)
        };
        bare.sweeps().await;
        bare.is_tidy().await;
        assert!(bare.of_user().await.version > first.version);
        // Who was told of it before finds nothing, and no damage.
        let gone = bare.files.read_avatar(&first, false).await;
        assert!(matches!(gone, Err(FileError::NoSuchFile)), "{gone:?}");
        match outcome {
            Some(set) => {
                assert_eq!(set.unwrap(), first);
                break;
            }
            None => cut += 1,
        }
    }
    assert!(cut > 3, "{cut} were cut short");
}

/// Something happens before one of the calls, and nothing behind it.
struct Last {
    number: usize,
    calls: AtomicUsize,
    event: Mutex<Option<Event>>,
    is_over: Notify,
}

impl Between for Last {
    async fn before(&self, _: Call) {
        if self.calls.fetch_add(1, Ordering::Relaxed) + 1 == self.number {
            let event = self.event.lock().unwrap().take();
            event.expect("it comes once").await;
        }
    }

    async fn after(&self, _: Call) {
        if self.calls.load(Ordering::Relaxed) == self.number {
            self.is_over.notify_one();
            pending::<()>().await;
        }
    }
}

/// Somebody takes a picture away between two steps of a sweep that looks after it, and both stop.
#[tokio::test]
async fn a_picture_that_goes_while_a_sweep_looks_is_not_kept() {
    let bare = Bare::new().await;
    let (user, reference) = (bare.user, Reference::UserAvatar(bare.user));
    let mut cut = 0;
    for number in 1.. {
        let avatar = bare.files.set_user_avatar(user, Some(image(1))).await.unwrap();
        let content = avatar.picture.unwrap().content;
        // Somebody was about to before, and thought better of it.
        let now_ms = bare.clock.now_ms();
        assert!(bare.store.contents.doubt(content, reference, now_ms).await.unwrap());
        let store = bare.store.clone();
        let goes = async move {
            assert!(store.contents.doubt(content, reference, now_ms + MINUTE_MS).await.unwrap());
            let set = store.users.set_avatar(user, None, avatar.version, now_ms).await.unwrap().unwrap();
            assert_eq!(set.picture, None);
        };
        let last = Arc::new(Last {
            number,
            calls: AtomicUsize::new(0),
            event: Mutex::new(Some(Box::pin(goes))),
            is_over: Notify::new(),
        });
        let files = bare.beside(wrapped(bare.store.clone(), last.clone()));
        let mut cursors = Cursors::default();
        let is_whole = tokio::select! {
            swept = files.sweep(&mut cursors) => swept.is_ok(),
            () = last.is_over.notified() => false,
        };
        bare.sweeps().await;
        bare.is_tidy().await;
        if is_whole {
            break;
        }
        cut += 1;
    }
    assert!(cut > 2, "{cut} were cut short");
}

/// Somebody who sets a picture sleeps for longer than a claim holds, and stops soon after they wake up.
#[tokio::test]
async fn who_has_slept_for_too_long_and_stops_has_named_nothing_that_is_gone() {
    let bare = Bare::new().await;
    for whose in [Whose::User, Whose::Room, Whose::Emoji] {
        let mut cut = 0;
        'sleeps: for asleep_behind in 1.. {
            for polls in 1.. {
                let (wake, woken) = oneshot::channel::<()>();
                let sleep = Once::new(asleep_behind, Box::pin(async { drop(woken.await) }));
                let files = bare.beside(wrapped(bare.store.clone(), sleep.clone()));
                let outcome = {
                    let mut setting = pin!(set(files, (bare.user, bare.room), whose, 1));
                    if !comes_to(&mut setting, async || sleep.has_begun()).await {
                        break 'sleeps;
                    }
                    bare.sweeps().await;
                    wake.send(()).unwrap();
                    cut_after(polls, setting).await
                };
                bare.sweeps().await;
                bare.is_whole().await;
                bare.files.remove_emoji((bare.user, false), "sleepy").await.unwrap();
                match outcome {
                    Some(Ok(()) | Err(FileError::Domain(DomainError::Busy))) => break,
                    Some(Err(other)) => panic!("{whose:?}, {asleep_behind}, {polls}: {other}"),
                    None => cut += 1,
                }
            }
        }
        assert!(cut > 1, "{whose:?}: {cut} were cut short");
        bare.files.remove_emoji((bare.user, false), "sleepy").await.unwrap();
        // What they wrote when nobody waited for it any more goes when it is looked for once more.
        bare.sweep_after(61 * MINUTE_MS).await;
        bare.is_tidy().await;
    }
}
