//! From the command line to the end of the conversation.

use anyhow::{Context, bail};
use rill_client::{Client, Config, Credentials, Error};
use std::{future::pending, io::ErrorKind, time::Duration};
use time::UtcOffset;
use tokio::{select, signal, sync::mpsc, time::timeout};

use crate::{
    args::{Args, Errand},
    chat::{Chat, Flow, note},
    command::Command,
    directory,
    get::GetArgs,
    input,
    outbox_path::outbox_path,
    pictures::PictureErrand,
    print::Printer,
    send::SendArgs,
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
    if let Some(Errand::Send(send)) = &args.errand {
        config.resumed_throttle = send.throttle();
    }
    let errand = match args.errand {
        Some(Errand::Avatar(avatar)) => {
            return PictureErrand::Avatar(avatar).run(config, args.room.as_deref()).await;
        }
        Some(Errand::Emoji(emoji)) => return PictureErrand::Emoji(emoji).run(config, args.room.as_deref()).await,
        Some(Errand::Send(send)) => Some(Transfer::Send(send)),
        Some(Errand::Get(get)) => Some(Transfer::Get(get)),
        None => None,
    };
    let (client, mut events) = connect(config).await?;
    if let Some(errand) = errand {
        drop(events);
        let outcome = run_errand(&client, errand, args.room.as_deref()).await;
        client.close().await;
        return outcome;
    }
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
            () = chat.transfer_over() => {}
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

/// Does it, or gives up when asked to: what was not sent goes on with the next start.
/// Files on their way.
enum Transfer {
    Send(SendArgs),
    Get(GetArgs),
}

async fn run_errand(client: &Client, errand: Transfer, room: Option<&str>) -> anyhow::Result<()> {
    let room = room.context("name the room: rill-chat --room ROOM send FILE")?;
    let work = async {
        client.online().await?;
        let room = directory::enter(client, room).await?;
        match errand {
            Transfer::Send(send) => send.run(client, room).await,
            Transfer::Get(get) => get.run(client, room).await,
        }
    };
    select! {
        outcome = work => outcome,
        () = stop() => bail!("interrupted; the same command goes on from here"),
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
    // However long they take: whoever is tired of it ends the program, and they wait for the next.
    while chat.has_transfers() {
        select! {
            () = chat.transfer_over() => {}
            taken = events.next_many(&mut batch, EVENTS_AT_ONCE) => match taken {
                0 => break,
                _ => chat.happened(&mut batch).await?,
            },
        }
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
