//! From the command line to the end of the conversation.

use anyhow::{Context, bail};
use rill_client::{Client, Config, Credentials, Error};
use std::{future::pending, io::ErrorKind, time::Duration};
use time::UtcOffset;
use tokio::{select, signal, sync::mpsc, time::timeout};

use crate::{
    args::Args,
    chat::{Chat, Flow, note},
    command::Command,
    input,
    outbox_path::outbox_path,
    print::Printer,
};

/// How long the last messages may take when the input has ended.
const LAST_WORDS: Duration = Duration::from_secs(30);
/// Events taken at once.
const EVENTS_AT_ONCE: usize = 256;

/// Runs until the user, the server or the end of the input says so.
pub(crate) async fn run(args: Args, offset: UtcOffset) -> anyhow::Result<()> {
    let credentials = Credentials::Password { username: args.user.clone(), password: args.password()? };
    let mut config = Config::new(args.server.clone(), args.transport, credentials);
    config.trust = args.trust()?;
    config.client_name = concat!("rill-chat ", env!("CARGO_PKG_VERSION")).to_owned();
    if !args.read_only {
        config.outbox = outbox_path(args.state.as_deref(), &args.server, &args.user);
    }
    let (client, mut events) = connect(config).await?;
    let printer = Printer { json: args.json, offset };
    let mut chat = Chat::new(client.clone(), printer, args.room.clone(), args.read_only);
    let mut lines = if args.read_only { None } else { Some(input::lines()) };
    let mut batch = Vec::new();
    let mut stop = std::pin::pin!(stop());
    let outcome = loop {
        select! {
            taken = events.next_many(&mut batch, EVENTS_AT_ONCE) => {
                if taken == 0 {
                    break Ok(());
                }
                if let Err(error) = chat.happened(&mut batch).await {
                    break Err(error);
                }
            }
            line = next(&mut lines), if chat.is_ready() => {
                let Some(line) = line else { break last_words(&client, &mut chat, &mut events).await };
                match chat.command(Command::parse(&line)).await {
                    Ok(Flow::Continue) => {}
                    Ok(Flow::Quit) => break last_words(&client, &mut chat, &mut events).await,
                    Err(error) => break Err(error),
                }
            }
            () = &mut stop => break Ok(()),
        }
    };
    drop(events);
    client.close().await;
    // Whoever reads us went away: that is their right.
    match outcome {
        Err(error) if error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) => {
            Ok(())
        }
        outcome => outcome,
    }
}

async fn connect(config: Config) -> anyhow::Result<(Client, rill_client::Events)> {
    match Client::connect(config.clone()).await {
        Err(error @ Error::Outbox { .. }) => {
            note(&format!("{error}: messages that are not confirmed will not outlive this program"));
            Ok(Client::connect(Config { outbox: None, ..config }).await?)
        }
        other => other.context("cannot connect"),
    }
}

/// Waits until everything that was said is on the server, and shows it.
async fn last_words(client: &Client, chat: &mut Chat, events: &mut rill_client::Events) -> anyhow::Result<()> {
    let mut batch = Vec::new();
    let settle = async {
        while !chat.is_settled() && events.next_many(&mut batch, EVENTS_AT_ONCE).await > 0 {
            chat.happened(&mut batch).await?;
        }
        Ok(())
    };
    if let Ok(Err(error)) = timeout(LAST_WORDS, settle).await {
        return Err(error);
    }
    // Those of an earlier run, too.
    if !client.flush(Duration::from_secs(1)).await {
        bail!("{} messages were not confirmed; the next start sends them again", client.queued());
    }
    Ok(())
}

async fn next(lines: &mut Option<mpsc::Receiver<String>>) -> Option<String> {
    match lines {
        Some(lines) => lines.recv().await,
        None => pending().await,
    }
}

/// Ctrl-C or a request to end.
async fn stop() {
    #[cfg(unix)]
    {
        use signal::unix::{SignalKind, signal};
        if let Ok(mut end) = signal(SignalKind::terminate()) {
            select! {
                _ = signal::ctrl_c() => {}
                _ = end.recv() => {}
            }
            return;
        }
    }
    signal::ctrl_c().await.ok();
}
