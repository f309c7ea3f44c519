//! The server is killed under load, again and again, and everything is checked.

use anyhow::{Context, bail};
use rill_protocol::RoomId;
use rustix::process::Signal;
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{
    runtime,
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::interruptible;
use crate::{
    args::{
        SPREAD,
        chaos::{ChaosArgs, KillSignal},
    },
    chaos::{
        audit::{Evidence, Findings, audit},
        listener::{self, Heard, Listener},
        outage::Outages,
        plan::Plan,
        report::{ChaosReport, Parts, Seen},
        speaker::{self, Speaker, Told},
    },
    hostile::dice::Dice,
    target::{Connected, Life, Target, Wish},
};

/// From the last connection to the first message, and to the first kill.
const BREATH: Duration = Duration::from_millis(500);
/// For posting to work again after a kill.
const PATIENCE: Duration = Duration::from_secs(60);
/// For the last acks and the last deliveries.
const DRAIN: Duration = Duration::from_secs(60);
/// When all is there: what comes now comes twice.
const AFTERWARDS: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Runs the scenario, prints and writes its report. Whether every promise was kept.
pub(crate) fn run(args: &ChaosArgs) -> anyhow::Result<bool> {
    args.check()?;
    let runtime = runtime::Builder::new_multi_thread().worker_threads(args.workers).enable_all().build()?;
    let report = runtime.block_on(interruptible(measure(args)))?;
    report.print();
    if let Some(path) = &args.json {
        report.write(path)?;
    }
    Ok(report.broken().is_empty())
}

/// Everybody, at work.
struct Crowd {
    speaking: JoinSet<anyhow::Result<Told>>,
    listening: JoinSet<anyhow::Result<Heard>>,
    /// How far each user was given their room.
    reached: Vec<Arc<AtomicU64>>,
    quiet: watch::Sender<bool>,
    gone: watch::Sender<bool>,
}

async fn measure(args: &ChaosArgs) -> anyhow::Result<ChaosReport> {
    let wish = Wish { users: args.users(), rooms: args.rooms, messages: args.messages, engine: args.engine };
    let mut target = Target::start(args.rill.as_deref(), &wish, Vec::new(), Life::Again).await?;
    let outboxes = tempfile::Builder::new().prefix("rill-bench").tempdir()?;
    let outbox = |user: usize| (user < args.speakers).then(|| outboxes.path().join(format!("{user}.json")));
    let users = target.connect_with(|user| SPREAD[args.transport(user)], outbox).await?;
    let rooms = target.rooms(&users, args.rooms).await?;
    let clients: Vec<_> = users.iter().map(|user| user.client.clone()).collect();

    let plan = Arc::new(Plan { start: Instant::now() + BREATH, rate: args.rate, speakers: args.speakers });
    let outages = Arc::new(Outages::new(args.users()));
    let mut crowd = Crowd::gather(args, users, &rooms, &plan, &outages);
    let mut parts = Parts::default();
    let mut bad_ends = 0;
    let mut dice = Dice::new(args.seed, "chaos");
    crowd.while_it_works(sleep(2 * BREATH)).await?;
    for _ in 0..args.kills {
        let pause = Duration::from_millis(dice.below(usize::try_from(args.pause_ms)?) as u64);
        crowd.while_it_works(sleep(pause)).await?;
        let kill = kill(&mut target, args.signal, &outages, &mut parts);
        let ended_well = crowd.while_it_works(kill).await??;
        bad_ends += u64::from(!ended_well);
        let over = crowd.while_it_works(timeout(PATIENCE, outages.over())).await?;
        over.map_err(|_| anyhow::anyhow!("nobody could post again within {PATIENCE:?}"))?;
    }
    crowd.while_it_works(sleep(2 * BREATH)).await?;
    let (told, mut heard) = crowd.disperse(args).await?;

    let mut findings = Findings::default();
    let acked: u64 = told.iter().map(|told| told.acked.len() as u64).sum();
    let delivered = heard.iter().map(|heard| heard.held.given.len() as u64).sum();
    let (gaps, epochs_changed) =
        heard.iter().fold((0, 0), |(gaps, epochs), heard| (gaps + heard.gaps, epochs + heard.epochs_changed));
    for (room, id) in rooms.iter().enumerate() {
        let is_here = |user: usize| user % args.rooms == room;
        let anew = target.anew(room, SPREAD[room % SPREAD.len()]).await?;
        let evidence = Evidence {
            prepared: (args.messages + (args.rooms - 1 - room) as u32) / args.rooms as u32,
            log: listener::read(&anew.client, *id, 0, u64::MAX).await?,
            acked: told.iter().filter(|told| is_here(told.user)).flat_map(|told| told.acked.clone()).collect(),
            held: heard.extract_if(.., |heard| is_here(heard.user)).map(|heard| heard.held).collect(),
        };
        anew.client.close().await;
        findings += audit(&evidence, |number| plan.speaker(number));
    }
    let mut closing = JoinSet::new();
    clients.into_iter().for_each(|client| drop(closing.spawn(async move { client.close().await })));
    closing.join_all().await;
    target.end().await?;

    let mut latency_us = speaker::latency_us()?;
    for told in &told {
        latency_us.add(&told.latency_us)?;
    }
    Ok(ChaosReport::new(
        args,
        Seen {
            outages: outages.outages(),
            speakers_back: outages.back_after(0..args.speakers),
            listeners_back: outages.back_after(args.speakers..args.users()),
            parts,
            findings,
            acked,
            delivered,
            refused: told.iter().map(|told| told.refused).sum(),
            gaps,
            epochs_changed,
            latency_us,
            bad_ends,
        },
    ))
}

/// Ends the server and starts it again at once, as a service manager does that does not
/// wait. Whether it ended as it was asked to.
async fn kill(target: &mut Target, signal: KillSignal, outages: &Outages, parts: &mut Parts) -> anyhow::Result<bool> {
    let killed = Instant::now();
    outages.killed(killed);
    let status = target
        .end_by(match signal {
            KillSignal::Kill => Signal::KILL,
            KillSignal::Term => Signal::TERM,
        })
        .await?;
    parts.ending.push(killed.elapsed());
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    outages.restarting(u64::try_from(since_1970.as_millis())?);
    let started = Instant::now();
    target.start_again().await?;
    parts.starting.push(started.elapsed());
    Ok(signal == KillSignal::Kill || status.success())
}

impl Crowd {
    fn gather(
        args: &ChaosArgs,
        users: Vec<Connected>,
        rooms: &[RoomId],
        plan: &Arc<Plan>,
        outages: &Arc<Outages>,
    ) -> Self {
        let (quiet, quieted) = watch::channel(false);
        let (gone, going) = watch::channel(false);
        let (mut speaking, mut listening, mut reached) = (JoinSet::new(), JoinSet::new(), Vec::new());
        for Connected { number: user, client, events } in users {
            let room = rooms[user % rooms.len()];
            if user < args.speakers {
                let speaker = Speaker { user, transport: args.transport(user), room, client: client.clone() };
                speaking.spawn(speaker.run(plan.clone(), outages.clone(), quieted.clone()));
            }
            let at = Arc::<AtomicU64>::default();
            reached.push(at.clone());
            let listener = Listener { user, room, client, events, reached: at };
            listening.spawn(listener.run(outages.clone(), going.clone()));
        }
        Self { speaking, listening, reached, quiet, gone }
    }

    /// Does `work`, and fails as soon as one of the crowd has to give up.
    async fn while_it_works<T>(&mut self, work: impl Future<Output = T>) -> anyhow::Result<T> {
        tokio::select! {
            done = work => Ok(done),
            Some(ended) = self.speaking.join_next() => {
                ended??;
                bail!("a speaker ended early");
            }
            Some(ended) = self.listening.join_next() => {
                ended??;
                bail!("a listener ended early");
            }
        }
    }

    /// Ends in order: nobody speaks any more, every ack is in, everybody was given what was
    /// acked, and a little later nothing more has come.
    async fn disperse(mut self, args: &ChaosArgs) -> anyhow::Result<(Vec<Told>, Vec<Heard>)> {
        self.quiet.send_replace(true);
        let mut told: Vec<Told> = Vec::with_capacity(args.speakers);
        let hear_out = async {
            while let Some(speaker) = self.speaking.join_next().await {
                told.push(speaker??);
            }
            anyhow::Ok(())
        };
        timeout(DRAIN, hear_out).await.context("some posts were not answered")??;
        let mut ends = vec![0; args.rooms];
        for told in &told {
            let end = &mut ends[told.user % args.rooms];
            *end = told.acked.iter().map(|acked| acked.seq).fold(*end, u64::max);
        }
        let deadline = Instant::now() + DRAIN;
        let is_behind = |(user, at): (usize, &Arc<AtomicU64>)| at.load(Ordering::Relaxed) < ends[user % args.rooms];
        // Whoever is behind at the deadline is found by the audit.
        while self.reached.iter().enumerate().any(is_behind) && Instant::now() < deadline {
            sleep(LOOK_EVERY).await;
        }
        sleep(AFTERWARDS).await;
        self.gone.send_replace(true);
        let mut heard = Vec::with_capacity(args.users());
        while let Some(listener) = self.listening.join_next().await {
            heard.push(listener??);
        }
        Ok((told, heard))
    }
}
