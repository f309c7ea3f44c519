//! One room that many read, and the least that its fan-out could cost.

use anyhow::{Context, ensure};
use rill_client::TransportKind;

use super::complete;
use crate::{
    args::fanout::FanoutArgs,
    ceiling::{
        Ceiling,
        broadcast::{quic::QuicSeat, websocket::WebSocketSeat},
    },
    fanout::{
        drive::{Load, Outcome, Show, drive, seat},
        member::Saying,
        report::{FanoutReport, Pair, Run},
        session::Session,
    },
    publish::Finished,
    pulse::View,
    target::{Life, Target, Wish},
};

/// What one user or one address may do in a second is a defence of the server, and no measure of
/// it.
const NO_LIMITS: [&str; 3] = [
    "RILL_LIMITS_REQUESTS_PER_SECOND_PER_USER",
    "RILL_LIMITS_CONNECTIONS_PER_ADDRESS",
    "RILL_LIMITS_HANDSHAKES_PER_SECOND_PER_ADDRESS",
];

/// Measures each transport, prints the reports.
pub(crate) fn run(args: &FanoutArgs) -> anyhow::Result<Finished> {
    args.check()?;
    let reports = complete(args.workers, async {
        let mut reports = Vec::new();
        for kind in args.transports() {
            let report = transport(args, kind).await?;
            report.print();
            reports.push(report);
        }
        Ok(reports)
    })?;
    let failure = "posts were lost, doubled, out of order, at two places or refused";
    let passed = reports.iter().all(FanoutReport::is_sound);
    match &reports[..] {
        [one] => Finished::with(one, passed, failure),
        _ => Finished::with(&reports, passed, failure),
    }
}

async fn transport(args: &FanoutArgs, kind: TransportKind) -> anyhow::Result<FanoutReport> {
    if !args.ceiling {
        return FanoutReport::new(args, kind, vec![of_server(args, kind).await?], Vec::new());
    }
    let (mut runs, mut pairs) = (Vec::new(), Vec::with_capacity(args.pairs));
    for number in 0..args.pairs {
        // Whoever is second finds a warmer machine: in turn.
        let (ours, ceiling) = if number.is_multiple_of(2) {
            let ours = of_server(args, kind).await?;
            (ours, of_ceiling(args, kind).await?)
        } else {
            let ceiling = of_ceiling(args, kind).await?;
            (of_server(args, kind).await?, ceiling)
        };
        ensure!(ceiling.is_sound(), "the ceiling lost, doubled or mixed up posts: {:?}", ceiling.standing);
        let pair = Pair::of(Run::of(&ours)?, Run::of(&ceiling)?);
        pair.print(&format!("{kind}, pair {}", number + 1));
        pairs.push(pair);
        runs.push(ours);
    }
    FanoutReport::new(args, kind, runs, pairs)
}

fn load(args: &FanoutArgs, room: rill_protocol::RoomId) -> Load {
    Load {
        members: args.members,
        in_flight: args.in_flight,
        warm_up_posts: args.warm_up_posts,
        posts: args.posts,
        saying: Saying { room, text_bytes: args.text_bytes },
    }
}

async fn of_server(args: &FanoutArgs, kind: TransportKind) -> anyhow::Result<Outcome> {
    let wish = Wish { users: args.members, rooms: 1, ..Wish::default() };
    let settings = NO_LIMITS.map(|limit| (limit, "0".to_owned())).into();
    let mut target = Target::start(args.run.rill.as_deref(), &wish, settings, Life::Once).await?;
    let pid = target.pid().context("the server has no process")?;
    let show = Show::begin(View::on_stderr(args.run.output.quiet), pid)?;
    let (entrance, tickets) = target.entrance(kind, args.plain)?;
    let room = entrance.room;
    let seats = seat(args.members, &show, |number| Session::join(entrance.clone(), tickets[number])).await?;
    let outcome = drive(load(args, room), seats, show, pid).await?;
    target.end().await?;
    Ok(outcome)
}

/// A bare broadcast; beside WebTransport this server's raw QUIC.
async fn of_ceiling(args: &FanoutArgs, kind: TransportKind) -> anyhow::Result<Outcome> {
    if kind == TransportKind::WebTransport {
        return of_server(args, TransportKind::Quic).await;
    }
    // Where places of the room begin that each member has joined.
    let behind = args.members as u64;
    let ceiling = Ceiling::broadcast(kind, args.plain, behind)?;
    let (to, pid, plain) = (ceiling.address, ceiling.pid(), args.plain);
    let show = Show::begin(View::on_stderr(args.run.output.quiet), pid)?;
    let load = load(args, Default::default());
    match kind {
        TransportKind::WebSocket => {
            let join = |_| async move { anyhow::Ok((WebSocketSeat::join(to, plain).await?, behind)) };
            drive(load, seat(args.members, &show, join).await?, show, pid).await
        }
        _ => {
            let join = |_| async move { anyhow::Ok((QuicSeat::join(to).await?, behind)) };
            drive(load, seat(args.members, &show, join).await?, show, pid).await
        }
    }
}
