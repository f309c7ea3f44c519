//! What happens: one operation after the other, by weight. An operation more is a
//! variant, a line in the table and an arm.

use bytes::Bytes;
use rill_protocol::{
    RoomId, UserId,
    message::{FileVariant, LaneClass},
};
use rill_server::{domain::visible::visible, files::service::Cursors};
use rill_storage::{
    blobs::simulated as bucket,
    embedded::simulated::Fault,
    model::{Anchor, Body, Message},
};
use std::time::Duration;
use tokio::time::sleep;

use crate::{
    device::{Handle, Order},
    dice::Dice,
    server::Server,
    talks,
    witness::{Seen, Shown, kind, text_of},
    world::World,
};

const PAGE_MESSAGES: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Post,
    PostLong,
    PostBurst,
    PostBatch,
    Hurry,
    Repeat,
    RepeatOtherwise,
    Join,
    Leave,
    View,
    Resume,
    ReopenLane,
    Page,
    Drop,
    Vanish,
    Move,
    Sleep,
    Hold,
    Revoke,
    Late,
    Prompt,
    Fault,
    Crash,
    Restart,
    BackUp,
    Restore,
    Jump,
    Look,
    Wait,
    Send,
    Fetch,
    Tidy,
    Bucket,
}

/// How often each happens, beside the others.
const TABLE: &[(u64, Operation)] = &[
    (90, Operation::Post),
    (12, Operation::PostLong),
    (6, Operation::PostBurst),
    (8, Operation::PostBatch),
    (6, Operation::Hurry),
    (10, Operation::Repeat),
    (4, Operation::RepeatOtherwise),
    (16, Operation::Join),
    (9, Operation::Leave),
    (16, Operation::View),
    (10, Operation::Resume),
    (8, Operation::ReopenLane),
    (8, Operation::Page),
    (6, Operation::Drop),
    (4, Operation::Vanish),
    (6, Operation::Move),
    (8, Operation::Sleep),
    (8, Operation::Hold),
    (2, Operation::Revoke),
    (6, Operation::Late),
    (3, Operation::Prompt),
    (3, Operation::Fault),
    (2, Operation::Crash),
    (2, Operation::Restart),
    (4, Operation::BackUp),
    (2, Operation::Restore),
    (2, Operation::Jump),
    (12, Operation::Look),
    (4, Operation::Wait),
    (9, Operation::Send),
    (8, Operation::Fetch),
    (4, Operation::Tidy),
    (2, Operation::Bucket),
];

/// A text that only this post has.
pub(crate) fn text(dice: &mut Dice, bytes: usize) -> String {
    let mut text = format!("{:016x}", dice.next());
    text.extend(std::iter::repeat_n('x', bytes.saturating_sub(text.len())));
    text
}

fn any(dice: &mut Dice) -> Operation {
    let mut at = dice.below(TABLE.iter().map(|(weight, _)| weight).sum());
    for (weight, operation) in TABLE {
        if at < *weight {
            return *operation;
        }
        at -= weight;
    }
    Operation::Wait
}

/// Of a file: few bytes, or more than a chunk; often what others send too.
pub(crate) fn content(dice: &mut Dice) -> Bytes {
    let bytes = dice.one_of(&[0, 10, 3_000, 20_000, 65_536, 65_537, 150_000]);
    let first = if dice.one_in(2) { dice.below(2) } else { dice.next() };
    let fill = first.to_le_bytes().into_iter().cycle().zip(0_usize..);
    fill.take(bytes).map(|(byte, at)| byte ^ (at / 65_536) as u8).collect()
}

/// What a stop left of files is looked for.
async fn tidy(world: &World) {
    if let Some(server) = world.server()
        && let Some(files) = &server.services.files
        && let Err(error) = files.sweep(&mut Cursors::default()).await
    {
        world.tell(format_args!("nothing is tidied up: {error}"));
    }
}

/// The place of files is away for a while, or what it says is lost.
fn bucket(world: &World, dice: &mut Dice) {
    let (place, time) = (world.place.clone(), dice.between(50, 4_000));
    place.set_fault(dice.one_of(&[bucket::Fault::Refuses, bucket::Fault::LosesAnswers]));
    world.tasks.spawn(async move {
        sleep(Duration::from_millis(time)).await;
        place.set_fault(bucket::Fault::None);
    });
}

/// Lets something happen, and a moment pass.
pub(crate) async fn perform(world: &World, devices: &[Handle], dice: &mut Dice) {
    let operation = any(dice);
    let device = &devices[dice.below(devices.len() as u64) as usize];
    let room = dice.one_of(&world.rooms);
    let class = dice.one_of(&[LaneClass::InView, LaneClass::Others]);
    let ms = |ms| Duration::from_millis(ms);
    world.tell(format_args!("-- {operation:?} {}", device.name));
    match operation {
        Operation::Fault | Operation::BackUp | Operation::Restore if world.shared.is_some() => {
            between_nodes(world, dice);
        }
        Operation::Post => order(device, Order::Post(room, text(dice, 20))),
        Operation::PostLong => {
            let bytes = dice.between(4_000, 16_000) as usize;
            order(device, Order::Post(room, text(dice, bytes)));
        }
        Operation::PostBurst => {
            for _ in 0..dice.between(3, 8) {
                let bytes = if dice.one_in(3) { 15_000 } else { 30 };
                order(device, Order::Post(room, text(dice, bytes)));
            }
        }
        Operation::PostBatch => {
            let texts = (0..dice.between(2, 5)).map(|_| text(dice, 24)).collect();
            order(device, Order::PostBatch(room, texts));
        }
        Operation::Hurry => order(device, Order::Hurry),
        Operation::Repeat => order(device, Order::Repeat { same: true }),
        Operation::RepeatOtherwise => order(device, Order::Repeat { same: false }),
        Operation::Join => order(device, Order::Join(room)),
        Operation::Leave => order(device, Order::Leave(room)),
        Operation::View => order(device, Order::View(if dice.one_in(5) { None } else { Some(room) })),
        Operation::Resume => order(device, Order::Resume(room)),
        Operation::ReopenLane => order(device, Order::ReopenLane(class)),
        Operation::Page => order(device, Order::Page(room, dice.below(200))),
        Operation::Drop => order(device, Order::Drop),
        Operation::Vanish => order(device, Order::Vanish),
        Operation::Move => order(device, Order::Move),
        Operation::Sleep => {
            let time = if dice.one_in(6) { dice.between(20_000, 50_000) } else { dice.between(10, 3_000) };
            order(device, Order::Sleep(ms(time)));
        }
        Operation::Hold => hold(world, device, dice),
        Operation::Revoke => {
            if let Some(server) = world.server() {
                revoke(&server, world, dice).await;
            }
        }
        Operation::Late => {
            world.mood.set(dice.one_of(&[0, 5, 60]), dice.one_of(&[0, 20, 400]), dice.one_of(&[0, 10, 120]));
        }
        Operation::Prompt => world.mood.set(0, 0, 0),
        Operation::Fault => fault(world, dice).await,
        Operation::Crash => {
            world.crash(dice);
            sleep(ms(dice.between(100, 3_000))).await;
            started(world).await;
        }
        Operation::Restart => {
            world.stop().await;
            sleep(ms(dice.between(1, 1_000))).await;
            started(world).await;
        }
        Operation::BackUp => world.back_up(),
        Operation::Restore => {
            if let Err(error) = world.restore().await {
                world.witness.violated(format!("the backup cannot be put back: {error}"));
            }
        }
        Operation::Jump => world.watch.jump(dice.below(48 * 3_600_000) as i64 - 24 * 3_600_000),
        Operation::Look => {
            // Often enough somebody comes or goes meanwhile.
            match dice.below(4) {
                0 => order(device, Order::Join(room)),
                1 => order(device, Order::Leave(room)),
                _ => {}
            }
            look(world, dice).await;
        }
        Operation::Wait => sleep(ms(dice.between(500, 9_000))).await,
        Operation::Send => order(device, Order::Send(room, content(dice))),
        Operation::Fetch => {
            let files = world.witness.files.lock().of_room(room);
            if !files.is_empty() {
                order(device, Order::Fetch(room, dice.one_of(&files)));
            }
        }
        Operation::Tidy => tidy(world).await,
        Operation::Bucket => bucket(world, dice),
    }
    let pause = match dice.below(10) {
        0..5 => 0,
        5..9 => dice.below(40),
        _ => dice.below(400),
    };
    if pause == 0 {
        tokio::task::yield_now().await;
    } else {
        sleep(ms(pause)).await;
    }
}

fn order(device: &Handle, order: Order) {
    device.order(order);
}

/// The bus between nodes loses, delays and repeats, or is away from one of them for a while.
fn between_nodes(world: &World, dice: &mut Dice) {
    let Some(shared) = &world.shared else { return };
    match dice.below(4) {
        0 => shared.weather.set(0, 0, 0),
        1 | 2 => shared.weather.set(dice.one_of(&[0, 20, 90]), dice.one_of(&[0, 30]), dice.one_of(&[0, 5, 800])),
        _ => {
            let Some(server) = world.server() else { return };
            let time = if dice.one_in(5) { dice.between(40_000, 70_000) } else { dice.between(100, 8_000) };
            server.cut(true);
            world.tasks.spawn(async move {
                sleep(Duration::from_millis(time)).await;
                server.cut(false);
            });
        }
    }
}

/// Nothing comes through for a while.
fn hold(world: &World, device: &Handle, dice: &mut Dice) {
    let time = if dice.one_in(5) { dice.between(30_000, 60_000) } else { dice.between(50, 5_000) };
    let barrier = device.barrier.lock().clone();
    barrier.set(true);
    world.tasks.spawn(async move {
        sleep(Duration::from_millis(time)).await;
        barrier.set(false);
    });
}

async fn revoke(server: &Server, world: &World, dice: &mut Dice) {
    let user = world.users[dice.below(world.users.len() as u64) as usize].id;
    if let Ok(sessions) = server.services.store.sessions.list(user).await
        && !sessions.is_empty()
    {
        let session = sessions[dice.below(sessions.len() as u64) as usize].id;
        server.revoke(user, session).await;
    }
}

/// The disk does something wrong. After what a store cannot get over, the operator
/// starts the server again.
async fn fault(world: &World, dice: &mut Dice) {
    let fault = dice.one_of(&[Fault::FailsToRead, Fault::IsFull, Fault::FailsToTake, Fault::FailsToFlush]);
    world.tell(format_args!("the disk: {fault:?}"));
    world.disk.set_fault(fault);
    sleep(Duration::from_millis(dice.between(50, 3_000))).await;
    if matches!(fault, Fault::FailsToTake | Fault::FailsToFlush) {
        world.crash(dice);
        started(world).await;
    }
    world.disk.set_fault(Fault::None);
}

async fn started(world: &World) {
    if let Err(error) = world.start().await {
        world.witness.violated(format!("the server does not start: {error}"));
    }
}

/// Marks and heads, rooms and their pages as readers see them.
async fn look(world: &World, dice: &mut Dice) {
    let Some(server) = world.server() else { return };
    let user = world.users[dice.below(world.users.len() as u64) as usize].id;
    let store = &server.services.store;
    for room in world.all_rooms() {
        let (Ok(Some(head)), Ok(membership)) = (store.log.head(room).await, store.rooms.membership(room, user).await)
        else {
            continue;
        };
        let mark = membership.map_or(0, |membership| membership.mark_seq);
        world.witness.stands(room, user, mark, head.epoch, head.seq);
    }
    // The second time while much of it is remembered.
    for _ in 0..2 {
        for room in world.all_rooms() {
            for user in world.users.iter().map(|user| user.id) {
                if let Some(shared) = &world.shared {
                    let quiet = shared.weather.quiet();
                    // A store that cannot be read shows nothing.
                    let _ = shared.freshness.look(&world.witness, &shared.store, &server, (user, room), quiet).await;
                }
            }
        }
    }
    for room in world.all_rooms() {
        for user in world.users.iter().map(|user| user.id) {
            page(world, &server, user, room).await;
        }
        newest_file(world, &server, user, room).await;
    }
}

/// The newest file of a room, as somebody may read it: nothing of it, if they may not see its
/// message before and after.
async fn newest_file(world: &World, server: &Server, user: UserId, room: RoomId) {
    let Some(seq) = world.witness.files.lock().of_room(room).last().copied() else { return };
    let Some(files) = &server.services.files else { return };
    let store = &server.services.store;
    let asked = world.witness.talks.lock().now();
    let Ok(before) = store.rooms.membership(room, user).await else { return };
    let may = before.is_some_and(|it| it.is_active() && visible(&it, seq, seq));
    let Ok(readable) = files.open(user, room, seq, FileVariant::Original).await else { return };
    let Ok(after) = store.rooms.membership(room, user).await else { return };
    if !may && !after.is_some_and(|it| it.is_active() && visible(&it, seq, seq)) {
        world.witness.violated(format!("the file {seq} is open to somebody who may not see it"));
    }
    let Ok(mut stream) = readable.read(0..readable.available).await else { return };
    let mut bytes = Vec::new();
    while let Ok(Some(piece)) = stream.next().await {
        bytes.extend_from_slice(&piece);
    }
    if !bytes.is_empty() {
        world.witness.file_was_read(user, (room, seq), (&bytes, asked));
    }
}

/// The newest messages, as somebody may see them.
async fn page(world: &World, server: &Server, user: UserId, room: RoomId) {
    let (newest, asked) = (Anchor::Before(u64::MAX), world.witness.talks.lock().now());
    let Ok(page) = server.services.domain.messages.page(user, room, newest, PAGE_MESSAGES).await else { return };
    for message in page.messages {
        let Message { seq, at_ms, author, client_id, fact, ref body, .. } = message;
        let shown = Shown { kind: kind(fact), at_ms, author, client_id, text: text_of(body) };
        let seen = if *body == Body::Erased { Seen::Erased } else { Seen::Entry(shown.print()) };
        world.witness.saw(user, room, page.head.epoch, seq, seen);
        talks::showed(world, (room, seq), seen, asked);
    }
}
