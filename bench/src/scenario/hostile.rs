//! A chat goes on while everything that can be done to its server is done to it.

use anyhow::{Context, bail};
use rill_client::{Client, TransportKind, http::Api};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, sleep_until, timeout},
};
use url::Url;

use super::complete;
use crate::{
    args::{HostileArgs, ServerArgs},
    hostile::{
        assault,
        attacker::{Attacker, PASSWORD},
        attacks::{ALL, WITNESS},
        counters,
        ground::Ground,
    },
    hostile_report::{HostileReport, Seen},
    load::{Progress, User},
    processes::{self, Snapshot},
    publish::Finished,
    schedule::Schedule,
    tally::{Tally, Totals},
    target::{Target, close_all},
};

/// From the last connection to the first message.
const BREATH: Duration = Duration::from_millis(500);
/// The chat talks before anything counts.
const WARM_UP: Duration = Duration::from_secs(3);
/// For the last deliveries behind the end.
const DRAIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// For a login and a connection when all is over.
const ALIVE_PATIENCE: Duration = Duration::from_secs(60);
const TEXT_BYTES: usize = 100;
/// Where the chat comes from, and who reads the counters.
const FRIEND: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The phases of the chat.
const ATTACKED: usize = 1;
const AFTER: usize = 2;

/// Runs the scenario, prints its report. Whether every verdict is good.
pub(crate) fn run(args: &HostileArgs) -> anyhow::Result<Finished> {
    if args.list {
        ALL.iter().for_each(|attack| println!("{:24} {}", attack.name, attack.what));
        return Ok(Finished::without_report());
    }
    args.check()?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    Finished::with(&report, report.passed(), "the chat did not stand it; the verdicts above say how")
}

/// The attackers that were asked for, each with an account if it needs one.
async fn attackers(args: &HostileArgs, ground: &Arc<Ground>) -> anyhow::Result<Vec<Arc<Attacker>>> {
    for name in &args.only {
        if !ALL.iter().any(|attack| attack.name == name) {
            bail!("there is no attack {name}: see --list");
        }
    }
    let mut attackers = Vec::new();
    for (number, attack) in ALL.iter().enumerate() {
        if !args.only.is_empty() && !args.only.iter().any(|name| name == attack.name) {
            continue;
        }
        let attacker = Arc::new(Attacker::new(u8::try_from(number)?, attack, ground.clone()));
        if attack.account {
            attacker.register().await?;
        }
        attackers.push(attacker);
    }
    Ok(attackers)
}

async fn measure(args: &HostileArgs) -> anyhow::Result<HostileReport> {
    let server = ServerArgs { rill: args.run.rill.clone(), target: None, accounts: None, danger_accept_any: false };
    let mut target = Target::prepare(&server, args.users, args.rooms).await?;
    let ground = Arc::new(target.ground(args.seed, args.attack_rate)?);
    let pid = target.pid().context("the server has no process")?;
    let attackers = attackers(args, &ground).await?;
    let api = Api::new(&Url::parse(&format!("http://{}", ground.http))?, &rill_client::Trust::hashes_only())?;
    api.register(WITNESS, PASSWORD, "rill-bench").await.context("the witness cannot register")?;

    let users = target.connect(|number| args.transport_of(number)).await?;
    let rooms = target.rooms(&users, args.rooms).await?;
    let phases = [args.undisturbed_seconds, args.seconds, args.after_seconds].map(Duration::from_secs);
    let start = Instant::now() + BREATH;
    let spans = (WARM_UP, &phases[..]);
    let schedule = Arc::new(Schedule::new(start, args.rate, (args.users, args.rooms), spans, TEXT_BYTES));
    let progress = Arc::new(Progress::new(&schedule)?);
    let (stop, stopped) = watch::channel(false);
    let mut talking = JoinSet::new();
    let mut clients = Vec::with_capacity(users.len());
    for user in users {
        clients.push(user.client.clone());
        let room = rooms[schedule.room(user.number)];
        user.client.view(Some(room)).await?;
        talking.spawn(User::new(user, room).run(Arc::clone(&schedule), Arc::clone(&progress), stopped.clone()));
    }

    sleep_until(schedule.counted_start().into()).await;
    let undisturbed = Snapshot::take(Some(pid))?;
    watched(&mut talking, schedule.phase_start(ATTACKED), pid).await?;
    let undisturbed = undisturbed.until_now()?;
    let counted_before = counters::refusals(FRIEND, &ground).await;
    let attacked = Snapshot::take(Some(pid))?;
    let until = schedule.phase_start(AFTER);
    let assault = assault::begin(&attackers, schedule.phase_start(ATTACKED), until, args.attackers_nice)?;
    let peak_mib = watched(&mut talking, until, pid).await?;
    let attacked = attacked.until_now()?;
    let deadline = schedule.end() + DRAIN;
    watched(&mut talking, schedule.end(), pid).await?;
    while Instant::now() < deadline && !progress.is_complete(&schedule) {
        watched(&mut talking, Instant::now() + LOOK_EVERY, pid).await?;
    }
    finished(assault).await?;
    let rss_after_mib = processes::rss_mib(pid)?;
    stop.send_replace(true);
    let mut tallies: Vec<Tally> = Vec::with_capacity(args.users);
    while let Some(tally) = talking.join_next().await {
        tallies.push(tally??);
    }
    let totals = Totals::of(&schedule, &tallies, &progress.timing)?;
    let counted = counters::refusals(FRIEND, &ground).await;
    let counted = counted_before.zip(counted).map(|(before, after)| counters::since(&before, &after));
    let alive = alive(&mut target).await;
    close_all(clients).await;
    let ended = target.end().await;
    let books = attackers.iter().map(|attacker| attacker.book()).collect();
    let alive = alive.and(ended.context("the server's own end"));
    let seen = Seen { totals, undisturbed, attacked, peak_mib, rss_after_mib, counted, books, alive };
    Ok(HostileReport::new(args, seen))
}

/// Watches the chat and the server's memory until `deadline`: the most that it took.
async fn watched(talking: &mut JoinSet<anyhow::Result<Tally>>, deadline: Instant, pid: u32) -> anyhow::Result<f64> {
    let mut peak_mib: f64 = 0.0;
    while Instant::now() < deadline {
        peak_mib = peak_mib.max(processes::rss_mib(pid).context("the server is gone")?);
        tokio::select! {
            Some(ended) = talking.join_next() => {
                ended?.context("a user of the chat gave up")?;
                bail!("a user of the chat ended early");
            }
            () = sleep_until((Instant::now() + LOOK_EVERY).min(deadline).into()) => {}
        }
    }
    Ok(peak_mib)
}

/// Waits for the attackers' thread without holding up the chat's.
async fn finished(assault: thread::JoinHandle<()>) -> anyhow::Result<()> {
    while !assault.is_finished() {
        sleep(LOOK_EVERY).await;
    }
    assault.join().map_err(|_| anyhow::anyhow!("the attackers panicked"))
}

/// Whether the process runs, and serves somebody who comes anew: the owner of the account
/// whose password was guessed.
async fn alive(target: &mut Target) -> anyhow::Result<()> {
    if !target.is_alive() {
        bail!("the process has ended");
    }
    for transport in [TransportKind::Quic, TransportKind::WebTransport, TransportKind::WebSocket] {
        let config = target.login(transport, WITNESS, PASSWORD)?;
        let online = async {
            let (client, _events) = Client::connect(config).await?;
            client.online().await?;
            client.close().await;
            Ok::<(), rill_client::Error>(())
        };
        timeout(ALIVE_PATIENCE, online)
            .await
            .unwrap_or(Err(rill_client::Error::Closed))
            .with_context(|| format!("a new login by {transport}"))?;
    }
    Ok(())
}
