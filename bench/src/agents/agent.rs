//! One process of the load generator: its users, and the orders that it follows.

use anyhow::{Context, bail};
use rill_client::TransportKind;
use std::{io, sync::Arc, thread, time::Duration};
use tokio::{sync::mpsc, time::sleep};

use super::wire::{Beat, Gather, Order, Report, heard, say};
use crate::{
    light,
    load::User,
    pulse::Pulse,
    round::Round,
    tally::latencies,
    target::{close_all, connect_all},
};

/// Between two reports of how far this is.
const BEAT_EVERY: Duration = Duration::from_millis(50);
const ORDERS_MAX: usize = 4;

/// Follows orders until there are no more. What fails is told to whoever gives them.
pub(super) async fn serve() -> anyhow::Result<()> {
    let (hears, mut orders) = mpsc::channel(ORDERS_MAX);
    // It waits in a read that nobody can end, and ends with the process.
    thread::spawn(move || {
        for order in heard::<Order>(io::stdin()) {
            if hears.blocking_send(order).is_err() {
                return;
            }
        }
    });
    let outcome = follow(&mut orders).await;
    if let Err(error) = &outcome {
        tell(&Report::Failed(format!("{error:#}")))?;
    }
    outcome
}

type Orders = mpsc::Receiver<anyhow::Result<Order>>;

async fn follow(orders: &mut Orders) -> anyhow::Result<()> {
    let (mut users, pulse) = (Vec::new(), Arc::new(Pulse::new()?));
    while let Some(order) = orders.recv().await {
        match order? {
            Order::Gather(gather) => {
                users = connected(gather).await?;
                tell(&Report::Gathered)?;
            }
            Order::Begin(plan, start) => {
                let round = Round::begin(users, plan.schedule(start.instant()?), &pulse)?;
                users = take_part(round, &pulse, orders).await?;
            }
            Order::Leave => {
                close_all(users.into_iter().map(|user| user.client).collect()).await;
                return Ok(());
            }
            Order::Stop | Order::Reckon(_) => bail!("agent_order: nothing is going on"),
        }
    }
    bail!("agent_alone: whoever gives orders is gone")
}

async fn connected(gather: Gather) -> anyhow::Result<Vec<User>> {
    let Gather { way, users, rooms } = gather;
    light::allow(users.len())?;
    let configs = users.into_iter().map(|(number, transport, rights)| {
        let transport: TransportKind = transport.parse().map_err(anyhow::Error::msg)?;
        Ok((number, way.config(transport, rights.credentials())?))
    });
    let configs: Vec<_> = configs.collect::<anyhow::Result<_>>()?;
    let mut gathered = Vec::new();
    for user in connect_all(configs.into_iter()).await? {
        let room = *rooms.get(user.number % rooms.len().max(1)).context("agent_order: there is no room")?;
        user.client.view(Some(room)).await?;
        gathered.push(User::new(user, room));
    }
    Ok(gathered)
}

async fn take_part(mut round: Round, pulse: &Arc<Pulse>, orders: &mut Orders) -> anyhow::Result<Vec<User>> {
    let mut latency = latencies()?;
    loop {
        tokio::select! {
            order = orders.recv() => match order.context("agent_alone: whoever gives orders is gone")?? {
                Order::Stop => break,
                _ => bail!("agent_order: something is going on"),
            },
            ended = round.ends_early() => ended?,
            () = sleep(BEAT_EVERY) => {
                pulse.take_latencies(&mut latency);
                let (errors, connections) = (pulse.errors(), pulse.connections());
                tell(&Report::Beat(Beat { counts: round.counts(), errors, connections, latency: latency.clone() }))?;
            }
        }
    }
    let (users, said) = round.stop().await?;
    tell(&Report::Acked(said.acked()))?;
    match orders.recv().await.context("agent_alone: whoever gives orders is gone")?? {
        Order::Reckon(acked) => tell(&Report::Totals(Box::new(said.totals(&acked)?)))?,
        _ => bail!("agent_order: the reckoning comes next"),
    }
    Ok(users)
}

fn tell(report: &Report) -> anyhow::Result<()> {
    say(&mut io::stdout().lock(), report)
}
