//! How long a client that may use any transport takes until it stands on the WebSocket, on a link
//! that drops all UDP: from the first try on, and where UDP stops in the middle of a session.
//! For comparison, how long it takes with UDP.

use anyhow::{Context, bail};
use rill_client::{Client, Event, Events, State, TransportKind};
use serde::Serialize;
use std::time::{Duration, Instant};
use tokio::time::timeout;

use super::complete;
use crate::{
    args::impaired::FallbackArgs,
    chaos::report::Spread,
    link::{self, Link},
    publish::Finished,
    target::{Life, Target, Wish},
};

const WORKERS: usize = 1;
/// For a session to stand.
const PATIENCE: Duration = Duration::from_secs(60);

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
struct Report {
    transport: String,
    times: u32,
    /// From the call to a session that stands: over the first transport, and over the WebSocket
    /// while UDP is dropped.
    first_ms: Spread,
    fallback_ms: Spread,
    /// From the moment when UDP stopped under a session that stood, to the session on the WebSocket.
    moved_ms: Spread,
}

/// Runs the scenario, prints its report.
pub(crate) fn run(args: &FallbackArgs) -> anyhow::Result<Finished> {
    args.check()?;
    let link = link::lay(&args.link)?;
    let report = complete(WORKERS, measure(args, link))?;
    let Report { transport, times, first_ms, fallback_ms, moved_ms } = &report;
    println!("{transport}, {times} times: a session stands after {} ms ({} at most)", first_ms.p50, first_ms.max);
    println!("  without UDP on the WebSocket after {} ms ({} at most)", fallback_ms.p50, fallback_ms.max);
    println!("  where UDP stops under a session, after {} ms ({} at most)", moved_ms.p50, moved_ms.max);
    Finished::with(&report, true, "")
}

async fn measure(args: &FallbackArgs, link: &Link) -> anyhow::Result<Report> {
    // Each comes with rights of their own: nobody is known to the server from before.
    let wish = Wish { users: 2 * args.times as usize, rooms: 1, ..Wish::default() };
    let mut target = Target::start(args.run.rill.as_deref(), &wish, Vec::new(), Life::Once).await?;
    let mut users = target.set_aside(0).into_iter();
    let (mut first, mut fallback, mut moved) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..args.times {
        link.drop_udp(false);
        let mut there = begin(&target, users.next(), args.transport).await?;
        first.push(there.stands_on(args.transport).await?);
        let began = Instant::now();
        link.drop_udp(true);
        there.stands_on(TransportKind::WebSocket).await?;
        moved.push(began.elapsed());
        there.client.close().await;
        let mut without = begin(&target, users.next(), args.transport).await?;
        fallback.push(without.stands_on(TransportKind::WebSocket).await?);
        without.client.close().await;
    }
    target.end().await?;
    Ok(Report {
        transport: args.transport.to_string(),
        times: args.times,
        first_ms: Spread::of(first),
        fallback_ms: Spread::of(fallback),
        moved_ms: Spread::of(moved),
    })
}

struct There {
    began: Instant,
    client: Client,
    events: Events,
}

async fn begin(
    target: &Target,
    user: Option<(usize, rill_client::Credentials)>,
    transport: TransportKind,
) -> anyhow::Result<There> {
    let config = target.falling_back(user.context("nobody is left")?.1, transport, TransportKind::WebSocket);
    let began = Instant::now();
    let (client, events) = Client::connect(config).await?;
    Ok(There { began, client, events })
}

impl There {
    /// Waits for the session to stand on a transport; how long that was behind the beginning.
    async fn stands_on(&mut self, wanted: TransportKind) -> anyhow::Result<Duration> {
        let standing = async {
            loop {
                match self.events.next().await {
                    Some(Event::State(State::Online { transport })) if transport == wanted => return Ok(()),
                    Some(Event::State(State::Online { transport })) => {
                        bail!("it stands on {transport}, not on {wanted}")
                    }
                    Some(Event::State(State::LoggedOut(failure) | State::Stopped(failure))) => {
                        return Err(failure.into());
                    }
                    Some(_) => {}
                    None => bail!("the client ended"),
                }
            }
        };
        timeout(PATIENCE, standing).await.with_context(|| format!("no session over {wanted}"))??;
        Ok(self.began.elapsed())
    }
}
