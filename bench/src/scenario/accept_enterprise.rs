//! The enterprise's acceptance list, all of it at once: many clients, posts, files, and what
//! they cost the server; beside a run of few clients with as many posts and files.

use rill_client::files::{Download, Throttle, Upload};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tokio::time::sleep_until;

use super::{complete, files::no_limits};
use crate::{
    args::accept::{Crowd, EnterpriseArgs},
    ceiling::disk,
    enterprise::report::{EnterpriseReport, Seen},
    publish::Finished,
    pulse::View,
    talk::{Gathered, Talk},
    target::{Life, Target, Wish},
    traffic::{Going, Way},
};

/// Above 32 the bytes travel also if the server knows them.
const FILE_MIB: u64 = 33;
/// Talk and files get going before anything counts.
const WARM_UP: Duration = Duration::from_secs(3);
/// For the last deliveries.
const DRAIN: Duration = Duration::from_secs(20);

/// Runs the scenario, prints its report.
pub(crate) fn run(args: &EnterpriseArgs) -> anyhow::Result<Finished> {
    args.check()?;
    args.link.lay()?;
    let report = complete(args.workers, async {
        let few = with(args, args.few()).await?;
        EnterpriseReport::new(args, few, with(args, args.all()).await?)
    })?;
    report.print();
    Finished::with(&report, report.passed(), "the enterprise is not served; the verdicts above say how")
}

/// One run, on a server of its own.
async fn with(args: &EnterpriseArgs, crowd: Crowd) -> anyhow::Result<Seen> {
    let folder = tempfile::Builder::new().prefix("rill-bench-enterprise").tempdir()?;
    let wish = Wish { users: crowd.users, rooms: crowd.rooms, ..Wish::default() };
    let mut target = Target::start(args.run.rill.as_deref(), &wish, no_limits(), Life::Once).await?;
    let talk = Talk {
        users: crowd.users,
        rooms: crowd.rooms,
        speakers: crowd.speakers,
        rate: args.rate,
        in_unison: false,
        warm_up: WARM_UP,
        counted: Duration::from_secs(crowd.seconds),
        drain: DRAIN,
        text_bytes: args.text_bytes,
    };
    let source = folder.path().join("up");
    disk::random(&source, FILE_MIB << 20)?;
    let view = View::on_stderr(args.run.output.quiet);
    let gathered = talk.gather(&mut target, |_| args.transport, view).await?;
    let files = begin_files(args, crowd, &gathered, folder.path()).await?;
    let talking = gathered.begin().await?;
    let (counted_start, counted) = (talking.counted_start, talk.counted);
    let rate = async {
        sleep_until(counted_start.into()).await;
        let rate = files.mib_per_s((counted_start + counted).saturating_duration_since(Instant::now())).await;
        files.end().await.map(|()| rate)
    };
    let (mut talked, files_mib_per_s) = tokio::try_join!(talking.finish(), rate)?;
    talked.goodbye().await?;
    target.end().await?;
    Ok(Seen { crowd, talked, files_mib_per_s })
}

/// One goes up and one comes down again and again, each with somebody who does not speak.
async fn begin_files(args: &EnterpriseArgs, crowd: Crowd, gathered: &Gathered, folder: &Path) -> anyhow::Result<Going> {
    let (sender, receiver) = (crowd.users - 1, crowd.users - 2);
    let room_of = |user: usize| gathered.rooms[user % crowd.rooms];
    let source = folder.join("up");
    let first = gathered.clients[receiver].upload(Upload::new(room_of(receiver), &source)).await?;
    let seq = first.done().await?.seq;
    let throttle = Throttle::new(args.files_mib_per_s << 20);
    let mut going = Going::new();
    let upload = Upload::new(room_of(sender), &source).throttle(throttle.clone());
    going.carry(gathered.clients[sender].clone(), Way::Up(upload));
    let download = Download::new(room_of(receiver), seq, folder.join("down")).throttle(throttle);
    going.carry(gathered.clients[receiver].clone(), Way::Down(download));
    Ok(going)
}
