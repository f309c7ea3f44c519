//! All attacks at once, each at its own rate, from one thread of their own, which by default comes
//! behind all others: attackers have machines of their own, and what they cost this one
//! is not to be taken for what the server costs the chat.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::{runtime, sync::Semaphore, task::JoinSet, time::sleep_until};

use super::attacker::Attacker;
use crate::{args::SPREAD, processes};

/// For rounds that are under way when the attacks end: none waits for an answer any more, and each
/// still says what it came to.
const GRACE: Duration = Duration::from_secs(10);

/// How late an attack may begin, in how many steps.
const PHASE_MAX: Duration = Duration::from_secs(1);
const PHASES: usize = 1_000;

/// Attacks between `start` and `until`; the thread ends soon after.
pub(crate) fn begin(
    attackers: &[Arc<Attacker>],
    start: Instant,
    until: Instant,
    nice: u8,
) -> anyhow::Result<thread::JoinHandle<()>> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    attackers.iter().for_each(|attacker| attacker.begin(until));
    let attackers = attackers.to_vec();
    let assault = async move {
        sleep_until(start.into()).await;
        let mut all = JoinSet::new();
        attackers.into_iter().for_each(|attacker| drop(all.spawn(attack(attacker))));
        all.join_all().await;
    };
    Ok(thread::Builder::new().name("attackers".to_owned()).spawn(move || {
        processes::yield_to_other_threads(nice);
        runtime.block_on(assault);
        runtime.shutdown_timeout(GRACE);
    })?)
}

/// Round after round. The first begins at a moment of its own: those who attack do not
/// keep step, and forty rounds at once twice a second would measure the machine's peak.
async fn attack(attacker: Arc<Attacker>) {
    let every = Duration::from_millis(attacker.attack.every_ms).div_f64(attacker.ground.attack_rate);
    let phase = every.min(PHASE_MAX).mul_f64(f64::from(attacker.dice().below(PHASES) as u32) / PHASES as f64);
    attacker.pause(phase).await;
    let places = Arc::new(Semaphore::new(attacker.attack.at_once));
    let mut rounds = JoinSet::new();
    let mut turn = attacker.dice().below(SPREAD.len());
    loop {
        let Some(Ok(place)) = attacker.within(Duration::MAX / 4, places.clone().acquire_owned()).await else { break };
        let (attacker_of_round, kind) = (attacker.clone(), SPREAD[turn % SPREAD.len()]);
        turn += 1;
        rounds.spawn(async move {
            let _place = place;
            if let Err(answer) = (attacker_of_round.attack.round)(attacker_of_round.clone(), kind).await {
                attacker_of_round.heard(&answer);
            }
        });
        while rounds.try_join_next().is_some() {}
        if !attacker.pause(every).await {
            break;
        }
    }
    let _ = tokio::time::timeout(GRACE, rounds.join_all()).await;
}
