//! From the command line to the end of the conversation.

use anyhow::{Context, anyhow, bail};
use rill_client::{Client, Config, Credentials, Error};
use rill_protocol::RoomId;
use std::{
    future::pending,
    io::{ErrorKind, IsTerminal},
    time::{Duration, Instant},
};
use time::UtcOffset;
use tokio::{select, signal, sync::mpsc, time::timeout};

use crate::{
    args::{Args, Errand},
    chat::{Chat, Flow, note},
    command::Command,
    directory, input,
    login::Login,
    outbox_path::outbox_path,
    pictures::PictureErrand,
    print::Printer,
};

/// A command that takes longer is given up; a message is not.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same where nobody sits who would try again.
const SCRIPTS_PATIENCE: Duration = Duration::from_secs(60);
/// How long the last messages may take when the input has ended.
const LAST_WORDS: Duration = Duration::from_secs(30);
/// What those of an earlier run have of it at least.
const AT_LEAST: Duration = Duration::from_secs(1);
/// Events taken at once.
const EVENTS_AT_ONCE: usize = 256;

/// Runs until the user, the server or the end of the input says so.
pub(crate) async fn run(args: Args, offset: UtcOffset) -> anyhow::Result<()> {
    let (user, password) = (args.user().to_owned(), args.password()?);
    let mut config = Config::new(args.server.clone(), args.transport, Credentials::Tickets(Vec::new()));
    config.trust = args.trust()?;
    config.client_name = concat!("rill-chat ", env!("CARGO_PKG_VERSION")).to_owned();
    // Who only reads has nothing to keep, and leaves it to whoever has.
    if !args.read_only && !matches!(args.errand, Some(Errand::Get(_))) {
        config.outbox = outbox_path(args.state.as_deref(), &args.server, &user);
    }
    let login = Login::begin(&config, &user, &password).await?;
    config.credentials = login.credentials();
    let outcome = perform(args, config, &login, offset).await;
    login.end().await;
    outcome
}

async fn perform(mut args: Args, config: Config, login: &Login, offset: UtcOffset) -> anyhow::Result<()> {
    let room = args.room.as_deref();
    match args.errand.take() {
        Some(Errand::Avatar(avatar)) => PictureErrand::Avatar(avatar).run(login, config, room).await,
        Some(Errand::Emoji(emoji)) => PictureErrand::Emoji(emoji).run(login, config, room).await,
        Some(Errand::Send(send)) => {
            let throttle = send.throttle();
            let config = Config { resumed_throttle: throttle.clone(), ..config };
            carry(config, room, async |client, room| send.run(client, room, throttle).await).await
        }
        Some(Errand::Get(get)) => carry(config, room, async |client, room| get.run(client, room).await).await,
        None => converse(&args, config, login.clone(), offset).await,
    }
}

async fn converse(args: &Args, config: Config, login: Login, offset: UtcOffset) -> anyhow::Result<()> {
    let (client, mut events) = match Client::connect(config.clone()).await {
        Err(error @ Error::Outbox { .. }) => {
            note(&format!("{error}: messages that are not confirmed will not outlive this program"));
            Client::connect(Config { outbox: None, ..config }).await?
        }
        other => other.context("cannot connect")?,
    };
    let printer = Printer { json: args.json, offset };
    let is_script = !std::io::stdin().is_terminal();
    let patience = if is_script { SCRIPTS_PATIENCE } else { PATIENCE };
    let mut chat = Chat::new(client.clone(), login, printer, args.room.clone(), args.read_only, patience);
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
    match outcome {
        // Whoever reads us went away: that is their right.
        Err(error) if error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) => {
            Ok(())
        }
        Ok(()) if is_script && chat.failed() > 0 => bail!("{} messages or files came to nothing", chat.failed()),
        outcome => outcome,
    }
}

/// Files on their way, until they are over or somebody asks for the end.
async fn carry(
    config: Config,
    room: Option<&str>,
    work: impl AsyncFnOnce(&Client, RoomId) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let room = room.context("name the room: --room ROOM")?;
    let (client, events) = match Client::connect(config.clone()).await {
        // A conversation of the same user has it. What is sent goes on with the next start all the
        // same: its message says which transfer it is.
        Err(Error::Outbox { .. }) => Client::connect(Config { outbox: None, ..config }).await?,
        other => other.context("cannot connect")?,
    };
    drop(events);
    let work = async {
        client.online().await?;
        let room = directory::enter(&client, room).await?;
        work(&client, room).await
    };
    let outcome = select! {
        outcome = work => outcome,
        () = stop() => Err(anyhow!("interrupted; the same command goes on from here")),
    };
    client.close().await;
    outcome
}

/// Waits until everything that was said is on the server, and shows it.
async fn last_words(client: &Client, chat: &mut Chat, events: &mut rill_client::Events) -> anyhow::Result<()> {
    let begun = Instant::now();
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
    if !client.flush(LAST_WORDS.saturating_sub(begun.elapsed()).max(AT_LEAST)).await {
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
