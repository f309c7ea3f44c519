//! The least that a fan-out costs: posts come in over a transport and go out to everybody over
//! it, gathered for a moment. Nothing is kept, nobody is asked who they are, there is one room.
//! The frames are Rill's, byte for byte as long, and so are TLS and the length of a batch.

pub(crate) mod quic;
mod room;
pub(crate) mod websocket;

use clap::Args;
use rill_client::TransportKind;
use std::{io::Write, thread};

use room::Room;

/// Of the process that broadcasts.
#[derive(Debug, Args)]
pub(crate) struct BroadcastArgs {
    #[arg(long)]
    pub(crate) transport: TransportKind,
    /// WebSocket without TLS.
    #[arg(long)]
    pub(crate) plain: bool,
    /// The place behind which posts stand, so that places are as long as elsewhere.
    #[arg(long, default_value_t = 0)]
    pub(crate) behind: u64,
}

/// Serves until nobody holds the other end of stdin, on as many threads as a server has.
pub(crate) fn run(args: &BroadcastArgs) -> anyhow::Result<()> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    crate::scenario::complete(threads, serve(args))
}

async fn serve(args: &BroadcastArgs) -> anyhow::Result<()> {
    let room = Room::open(args.behind);
    let address = match args.transport {
        TransportKind::Quic => quic::open(room)?,
        TransportKind::WebSocket => websocket::open(room, args.plain).await?,
        TransportKind::WebTransport => anyhow::bail!("WebTransport is compared with raw QUIC"),
    };
    println!("{address}");
    std::io::stdout().flush()?;
    // Nothing comes: it ends with who started it.
    tokio::io::copy(&mut tokio::io::stdin(), &mut tokio::io::sink()).await?;
    Ok(())
}
