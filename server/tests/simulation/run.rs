//! One seed from its beginning to the verdict, on one thread and in its own time.

use rill_server::{cluster::Logins as _, files::service::Cursors};
use rill_storage::{
    Store, StoreError,
    planted::{self, Bug},
};
use std::{sync::Arc, time::Duration};
use tokio::{runtime::Builder, time::sleep};

use crate::{
    device::{Device, Handle, Order, Standing},
    dice::Dice,
    groups, judge, operation, panics, pictures, talks,
    trace::Trace,
    witness::FilesLived,
    world::{Lives, World},
};

const OPERATIONS_MIN: u64 = 300;
const DEVICES: usize = 8;
/// In the simulation's own time: longer than anything that a device waits for.
const REST_MAX: Duration = Duration::from_secs(300);
const REST_POLL: Duration = Duration::from_millis(200);

/// What became of a seed.
pub(crate) struct Outcome {
    pub(crate) violation: Option<String>,
    /// Of everything that happened.
    pub(crate) hash: u64,
    /// Empty unless it was asked for.
    pub(crate) lines: Vec<String>,
    pub(crate) lived: Lived,
}

/// What there was in a life.
#[derive(Clone, Copy, Default)]
pub(crate) struct Lived {
    pub(crate) files: FilesLived,
    pub(crate) pictures: pictures::Lived,
    pub(crate) groups: groups::Lived,
    pub(crate) talks: talks::Lived,
}

/// Runs a seed on so many nodes, with a bug if one is to be found.
pub(crate) fn run(seed: u64, nodes: usize, bug: Option<Bug>, trace_is_kept: bool) -> Outcome {
    panics::watch();
    planted::plant(bug);
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let trace = Trace::new(trace_is_kept);
    let (mut violation, trace, lived) = runtime.block_on(live(seed, nodes, trace));
    drop(runtime);
    planted::plant(None);
    if let Some(panic) = panics::take() {
        violation = Some(format!("a panic: {panic}"));
    }
    Outcome { violation, hash: trace.hash(), lines: trace.lines(), lived }
}

async fn live(seed: u64, nodes: usize, trace: Trace) -> (Option<String>, Trace, Lived) {
    let mut dice = Dice::new(seed);
    let lives =
        Lives { pictures: pictures::are_in(seed, nodes), groups: groups::are_in(seed), talks: talks::are_in(seed) };
    let world = match World::new(&mut dice, trace, nodes, lives).await {
        Ok(world) => world,
        Err(error) => {
            let violation = Some(format!("the world does not begin: {error}"));
            return (violation, Trace::new(false), Lived::default());
        }
    };
    // Every user has a device, some have two.
    let devices: Vec<Handle> = (0..DEVICES)
        .map(|number| Device::start(&world, &world.users[number % world.users.len()], number, dice.split()))
        .collect();
    let mut dice_of_groups = world.has_groups.then(|| groups::dice(seed));
    let mut dice_of_pictures = world.has_pictures.then(|| pictures::dice(seed));
    let mut dice_of_talks = world.has_talks().then(|| talks::dice(seed));
    for _ in 0..OPERATIONS_MIN + dice.below(60) {
        operation::perform(&world, &devices, &mut dice).await;
        if let Some(dice) = &mut dice_of_pictures {
            pictures::perform(&world, dice).await;
        }
        if let Some(dice) = &mut dice_of_groups {
            groups::perform(&world, dice).await;
        }
        if let Some(dice) = &mut dice_of_talks {
            talks::perform(&world, &devices, dice).await;
        }
        if world.witness.violation().is_some() || panics::is_any() {
            break;
        }
    }
    if world.witness.violation().is_none()
        && let Err(error) = end(&world, &devices, (dice_of_pictures.as_mut(), dice_of_talks.as_mut())).await
    {
        world.witness.violated(format!("the store fails though its disk does not: {error}"));
    }
    let violation = world.witness.violation();
    world.tell(format_args!("the end: {violation:?}"));
    for device in &devices {
        device.order(Order::Go);
    }
    world.abandon();
    drop(devices);
    world.tasks.idle().await;
    let lived = Lived {
        files: world.witness.files.lock().lived,
        pictures: world.witness.pictures.lock().lived(),
        groups: *world.witness.groups.lock(),
        talks: world.witness.talks.lock().lived,
    };
    let trace = Arc::into_inner(world).map(|world| world.witness.into_trace());
    (violation, trace.unwrap_or_else(|| Trace::new(false)), lived)
}

/// Hardships end; everybody comes to rest; what is there is judged.
async fn end(
    world: &Arc<World>,
    devices: &[Handle],
    (dice_of_pictures, dice_of_talks): (Option<&mut Dice>, Option<&mut Dice>),
) -> Result<(), StoreError> {
    world.tell(format_args!("-- rest"));
    world.heal().await?;
    rest(world, devices).await?;
    // Who came when it was all over would be told of everything as they come.
    if let Some(dice) = dice_of_pictures {
        pictures::once_more(world, dice).await;
    }
    if let Some(dice) = dice_of_talks {
        talks::once_more(world, devices, dice).await;
    }
    tidied(world).await?;
    // What was settled in the end is heard of too.
    let standings = rest(world, devices).await?;
    for device in devices {
        device.order(Order::Go);
    }
    gone(world).await;
    world.stop_all().await;
    judge::everything(world, &standings).await
}

/// Everybody comes to rest; what they have then.
async fn rest(world: &Arc<World>, devices: &[Handle]) -> Result<Vec<(String, Standing)>, StoreError> {
    let (mut standings, mut missing) = (Vec::new(), None);
    let rested = tokio::time::timeout(REST_MAX, async {
        loop {
            standings.clear();
            for device in devices {
                device.barrier.lock().set(false);
                if let Some(standing) = device.standing().await {
                    standings.push((device.name.clone(), standing));
                }
            }
            missing = unrest(world, &standings).await?;
            if panics::is_any() || world.witness.violation().is_some() || missing.is_none() {
                return Ok::<_, StoreError>(());
            }
            sleep(REST_POLL).await;
        }
    });
    match rested.await {
        Ok(rested) => rested?,
        Err(_) => {
            let stand: Vec<_> = standings
                .iter()
                .map(|(name, standing)| {
                    let haves: Vec<u64> = standing.tails.values().map(|tail| tail.have()).collect();
                    format!(
                        "{name} online {} wants {} has {haves:?} shows {:?}",
                        standing.is_online,
                        standing.wants,
                        standing.shows.values().collect::<Vec<_>>()
                    )
                })
                .collect();
            world.witness.violated(format!("no rest comes: {}: {stand:?}", missing.unwrap_or_default()));
        }
    }
    Ok(standings)
}

/// What is missing until every device is online, wants nothing, and stands at the head of every room.
async fn unrest(world: &World, standings: &[(String, Standing)]) -> Result<Option<String>, StoreError> {
    let Some(server) = world.server() else { return Ok(Some("there is no server".into())) };
    let store = &server.services.store;
    for (name, standing) in standings {
        if !standing.is_online || standing.wants > 0 {
            return Ok(Some(format!("{name} is not at rest")));
        }
        for user in &world.users {
            // Everybody has a device, so everybody is shown to be there, wherever they are; but for
            // those who want to hear nothing of who looks.
            let is_hidden = world.has_talks() && store.people.blocks(user.id, standing.user).await?;
            // A node that was not told of a block shows what it knew until somebody connects again.
            let may_be_old = world.shared.is_some() && world.witness.talks.lock().has_blocked((user.id, standing.user));
            if standing.shows.get(&user.id) != Some(&!is_hidden) && !may_be_old {
                return Ok(Some(format!("{name} is to see {}: {}", user.name, !is_hidden)));
            }
        }
        for room in world.all_rooms() {
            let membership = store.rooms.membership(room, standing.user).await?;
            let is_in = membership.is_some_and(|membership| membership.is_active());
            let head = store.log.head(room).await?.map(|head| (head.epoch, head.seq)).filter(|_| is_in);
            if head != standing.tails.get(&room).map(|tail| (tail.epoch, tail.have())) {
                return Ok(Some(format!("{name} is to have {room} up to {head:?}")));
            }
        }
    }
    if world.has_pictures && !pictures::are_told(store, standings).await? {
        return Ok(Some("somebody looks otherwise than is told".into()));
    }
    if !talks::are_told(world, &server, standings).await? {
        return Ok(Some("more has arrived in a chat than is told".into()));
    }
    let is_unrest = standings.is_empty() || serves_the_ended(world, store).await?;
    Ok(is_unrest.then(|| "a login that has ended is served".into()))
}

/// Whether a server has a connection of a login that has ended.
async fn serves_the_ended(world: &World, store: &Store) -> Result<bool, StoreError> {
    for server in world.servers() {
        for login in server.services.live.all() {
            let mut stands = false;
            for user in &world.users {
                stands |= store.sessions.get(user.id, login).await?.is_some();
            }
            if !stands {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Days pass: what a stop left of files is found.
async fn tidied(world: &World) -> Result<(), StoreError> {
    for days in 1..5 {
        world.watch.jump(days * 30 * 3_600_000);
        let Some(server) = world.server() else { return Ok(()) };
        let Some(files) = server.services.files.clone() else { return Ok(()) };
        let swept = files.sweep(&mut Cursors::default()).await;
        swept.map_err(|error| StoreError::Engine(format!("files are not tidied up: {error}")))?;
    }
    Ok(())
}

/// When everybody has gone, the server keeps nothing of them.
async fn gone(world: &World) {
    // A connection that nobody listens to is noticed by its silence.
    for _ in 0..90 {
        sleep(Duration::from_secs(1)).await;
        if world.servers().iter().all(|server| server.is_empty(world)) {
            return;
        }
    }
    world.witness.violated("something is left of sessions that are over");
}
