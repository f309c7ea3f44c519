//! Files up and down through the whole server, beside the most that the transport carries.

use anyhow::{Context, ensure};
use rill_client::{
    Client, TransportKind,
    files::{Download, Upload},
};
use rill_protocol::{FileDigest, RoomId};
use serde::Serialize;
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::sleep};

use super::complete;
use crate::{
    args::files::FilesArgs,
    ceiling::{Ceiling, carry, disk},
    processes,
    publish::Finished,
    report::rounded,
    target::{Connected, Life, Target, Wish, close_all},
};

const MIB: f64 = (1 << 20) as f64;
/// How often the server's memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What is sent, in the directory of a pair; the ceiling knows it under this name.
const SOURCE: &str = "source";

/// Up and down.
#[derive(Clone, Copy, Debug, Serialize)]
struct Ways {
    up: f64,
    down: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Memory {
    /// The most while files were under way.
    rss_mib: f64,
    /// With the connection, before them.
    rss_before_mib: f64,
    rss_more_mib: f64,
}

/// One run of the server and one of the ceiling.
#[derive(Clone, Debug, Serialize)]
struct Pair {
    mib_per_s: Ways,
    ceiling_mib_per_s: Ways,
    ratio: Ways,
    /// Up, to a peer that drops what comes; over quinn alone.
    discarded_mib_per_s: Option<f64>,
    server: Memory,
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
struct Report {
    transport: String,
    mib: u64,
    transfers: usize,
    mib_per_s: Ways,
    ceiling_mib_per_s: Ways,
    ratio: Ways,
    /// Of the upload to bare quinn that drops what comes.
    discarded_ratio: Option<f64>,
    server: Memory,
    pairs: Vec<Pair>,
}

/// Measures the pairs of each transport, prints the reports.
pub(crate) fn run(args: &FilesArgs) -> anyhow::Result<Finished> {
    args.check()?;
    let reports = complete(args.workers, async {
        let mut reports = Vec::new();
        for kind in args.transports() {
            reports.push(transport(args, kind).await?);
        }
        Ok(reports)
    })?;
    match &reports[..] {
        [one] => Finished::with(one, true, ""),
        _ => Finished::with(&reports, true, ""),
    }
}

async fn transport(args: &FilesArgs, kind: TransportKind) -> anyhow::Result<Report> {
    let mut pairs = Vec::with_capacity(args.pairs);
    for number in 0..args.pairs {
        let parent = args.parent();
        let folder = tempfile::Builder::new().prefix("rill-bench-files").tempdir_in(&parent);
        let folder = folder.with_context(|| format!("{}", parent.display()))?;
        // Whoever is second finds a warmer machine: in turn.
        let (ours, ceiling) = if number.is_multiple_of(2) {
            let ours = of_server(args, kind, folder.path()).await?;
            (ours, of_ceiling(args, kind, folder.path()).await?)
        } else {
            let ceiling = of_ceiling(args, kind, folder.path()).await?;
            (of_server(args, kind, folder.path()).await?, ceiling)
        };
        let ((mib_per_s, server), (ceiling_mib_per_s, discarded_mib_per_s)) = (ours, ceiling);
        let ratio = Ways {
            up: rounded(mib_per_s.up / ceiling_mib_per_s.up),
            down: rounded(mib_per_s.down / ceiling_mib_per_s.down),
        };
        let pair = Pair { mib_per_s, ceiling_mib_per_s, ratio, discarded_mib_per_s, server };
        print(&format!("{kind}, pair {}", number + 1), &pair.mib_per_s, &pair.ceiling_mib_per_s, &pair.ratio, &server);
        pairs.push(pair);
    }
    let report = Report::of(args, kind, pairs);
    let Report { mib_per_s, ceiling_mib_per_s, ratio, server, discarded_ratio, .. } = &report;
    print(&format!("{kind}, median of {} pairs", args.pairs), mib_per_s, ceiling_mib_per_s, ratio, server);
    if let Some(ratio) = discarded_ratio {
        println!("  up, of bare quinn that drops what comes: {ratio:.2}");
    }
    Ok(report)
}

fn print(what: &str, ours: &Ways, ceiling: &Ways, ratio: &Ways, memory: &Memory) {
    println!(
        "{what}: up {:.0} MiB/s of {:.0} ({:.2}), down {:.0} of {:.0} ({:.2}); server {:.0} MiB, {:.0} more",
        ours.up, ceiling.up, ratio.up, ours.down, ceiling.down, ratio.down, memory.rss_mib, memory.rss_more_mib
    );
}

fn median(pairs: &[Pair], of: impl Fn(&Pair) -> f64) -> f64 {
    let mut values: Vec<f64> = pairs.iter().map(of).collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

impl Report {
    fn of(args: &FilesArgs, kind: TransportKind, pairs: Vec<Pair>) -> Self {
        let ways = |of: fn(&Pair) -> &Ways| Ways {
            up: median(&pairs, |pair| of(pair).up),
            down: median(&pairs, |pair| of(pair).down),
        };
        let discarded = pairs.iter().all(|pair| pair.discarded_mib_per_s.is_some());
        let of_discarded = |pair: &Pair| pair.mib_per_s.up / pair.discarded_mib_per_s.unwrap_or(f64::INFINITY);
        Self {
            transport: kind.to_string(),
            mib: args.mib,
            transfers: args.transfers,
            mib_per_s: ways(|pair| &pair.mib_per_s),
            ceiling_mib_per_s: ways(|pair| &pair.ceiling_mib_per_s),
            ratio: ways(|pair| &pair.ratio),
            discarded_ratio: discarded.then(|| rounded(median(&pairs, of_discarded))),
            server: Memory {
                rss_mib: median(&pairs, |pair| pair.server.rss_mib),
                rss_before_mib: median(&pairs, |pair| pair.server.rss_before_mib),
                rss_more_mib: median(&pairs, |pair| pair.server.rss_more_mib),
            },
            pairs,
        }
    }
}

/// What one user may send a second is a defence of the server, and no measure of it.
pub(super) fn no_limits() -> Vec<(&'static str, String)> {
    let limits = ["RILL_LIMITS_RECEIVE_KIB_PER_SECOND_PER_USER", "RILL_LIMITS_RECEIVE_KIB_PER_SECOND_PER_ADDRESS"];
    limits.map(|limit| (limit, "0".to_owned())).into()
}

fn rate(bytes: u64, took: Duration) -> f64 {
    rounded(bytes as f64 / MIB / took.as_secs_f64())
}

/// The files of one run, fresh each time: a server keeps the same bytes once.
fn fresh(folder: &Path, count: usize, bytes: u64) -> anyhow::Result<Vec<(PathBuf, blake3::Hash)>> {
    let made = (0..count).map(|number| {
        let path = folder.join(format!("file {number}"));
        disk::random(&path, bytes).map(|digest| (path, digest))
    });
    made.collect()
}

async fn of_server(args: &FilesArgs, kind: TransportKind, folder: &Path) -> anyhow::Result<(Ways, Memory)> {
    let files = fresh(folder, args.transfers, args.file_bytes())?;
    let wish = Wish { users: 1, rooms: 1, parent: Some(folder.to_owned()), ..Wish::default() };
    let mut target = Target::start(args.run.rill.as_deref(), &wish, no_limits(), Life::Once).await?;
    target.transfers_at_once = args.transfers;
    let users = target.connect(|_| kind).await?;
    let room = target.rooms(&users, 1).await?[0];
    let [Connected { client, events, .. }] = <[Connected; 1]>::try_from(users).ok().context("one user")?;
    // Nobody reads along: what counts is what the server says of the transfers.
    drop(events);
    let pid = target.pid().context("the server has no process")?;
    let bytes = args.file_bytes() * args.transfers as u64;
    let before = processes::rss_mib(pid)?;
    let (seqs, up, peak_up) = watched(pid, sent(&client, room, &files)).await?;
    let ((), down, peak_down) = watched(pid, fetched(&client, room, &files, seqs, folder)).await?;
    close_all(vec![client]).await;
    target.end().await?;
    let rss_mib = peak_up.max(peak_down);
    let memory =
        Memory { rss_mib: rounded(rss_mib), rss_before_mib: rounded(before), rss_more_mib: rounded(rss_mib - before) };
    files.iter().try_for_each(|(path, _)| fs::remove_file(path))?;
    Ok((Ways { up: rate(bytes, up), down: rate(bytes, down) }, memory))
}

/// What `work` comes to, how long it took, and the most memory that the server had.
async fn watched<T>(pid: u32, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<(T, Duration, f64)> {
    let mut work = std::pin::pin!(work);
    let (start, mut peak) = (Instant::now(), 0.0);
    loop {
        tokio::select! {
            done = &mut work => return Ok((done?, start.elapsed(), processes::rss_mib(pid)?.max(peak))),
            () = sleep(LOOK_EVERY) => peak = processes::rss_mib(pid)?.max(peak),
        }
    }
}

/// Until the server says of each that it is whole on its disk.
async fn sent(client: &Client, room: RoomId, files: &[(PathBuf, blake3::Hash)]) -> anyhow::Result<Vec<u64>> {
    let mut handles = Vec::new();
    for (path, _) in files {
        handles.push(client.upload(Upload::new(room, path)).await?);
    }
    let mut seqs = Vec::new();
    for handle in handles {
        seqs.push(handle.done().await?.seq);
    }
    Ok(seqs)
}

/// Until each is whole on this side's disk, and is what was sent.
async fn fetched(
    client: &Client,
    room: RoomId,
    files: &[(PathBuf, blake3::Hash)],
    seqs: Vec<u64>,
    folder: &Path,
) -> anyhow::Result<()> {
    let mut going = Vec::new();
    for ((_, digest), seq) in files.iter().zip(seqs) {
        let into = folder.join(format!("back {seq}"));
        let download = Download::new(room, seq, &into).digest(FileDigest(*digest.as_bytes()));
        going.push((into, client.download(download)));
    }
    for (into, handle) in going {
        handle.done().await?;
        fs::remove_file(into)?;
    }
    Ok(())
}

async fn of_ceiling(args: &FilesArgs, kind: TransportKind, folder: &Path) -> anyhow::Result<(Ways, Option<f64>)> {
    let bytes = args.file_bytes();
    let mut folders = Vec::new();
    for number in 0..args.transfers {
        let folder = folder.join(format!("ceiling {number}"));
        fs::create_dir(&folder)?;
        let digest = disk::random(&folder.join(SOURCE), bytes)?;
        folders.push((Ceiling::start(kind, &folder)?, folder, digest));
    }
    let all = bytes * args.transfers as u64;
    let each = |way: Way| {
        let mut work = JoinSet::new();
        for (peer, folder, digest) in &folders {
            let (to, folder, file) = (peer.address, folder.clone(), (bytes, *digest));
            work.spawn(async move {
                match way {
                    Way::Up => carry::up(kind, to, &folder, file).await,
                    Way::Down => carry::down(kind, to, &folder.join("back"), file).await,
                    Way::Discard => carry::discarded(kind, to, &folder, file.0).await,
                }
            });
        }
        slowest(work)
    };
    let (up, down) = (each(Way::Up).await?, each(Way::Down).await?);
    let discarded = if kind == TransportKind::Quic { Some(rate(all, each(Way::Discard).await?)) } else { None };
    for (peer, folder, _) in folders {
        drop(peer);
        fs::remove_dir_all(folder)?;
    }
    Ok((Ways { up: rate(all, up), down: rate(all, down) }, discarded))
}

#[derive(Clone, Copy)]
enum Way {
    Up,
    Down,
    Discard,
}

/// They begin together, so the last one ends the run.
async fn slowest(mut work: JoinSet<anyhow::Result<Duration>>) -> anyhow::Result<Duration> {
    let mut slowest = Duration::ZERO;
    while let Some(took) = work.join_next().await {
        slowest = slowest.max(took??);
    }
    ensure!(!slowest.is_zero(), "nothing was carried");
    Ok(slowest)
}
