//! Somebody comes back to many rooms, in each of which something was said meanwhile: how soon
//! their list is complete, with what is unread and with the newest message of every room.

use anyhow::{Context, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use rill_client::Client;
use rill_protocol::{
    RoomId, Ticket,
    limits::UNREAD_COUNT_MAX,
    message::{Cursor, ResumedRoom},
};
use std::time::{Duration, Instant};
use tokio::time::timeout_at;

use super::complete;
use crate::{
    args::login::LoginArgs,
    light::{Dialer, Door, Kept, News, Session, Told},
    login::{List, LoginReport, Returns, Seen},
    processes::Snapshot,
    publish::Finished,
    target::{Circles, Connected, Life, Target, Wish, close_all, measured_from_one_machine},
};

/// The user, and one who speaks in all of the rooms.
const USERS: usize = 2;
/// Rooms in which is posted at the same time.
const POSTING_AT_ONCE: usize = 64;
/// For a list that does not become complete.
const PATIENCE: Duration = Duration::from_secs(20);
/// One who speaks everywhere at once is no person.
const NO_LIMIT: (&str, &str) = ("RILL_LIMITS_REQUESTS_PER_SECOND_PER_USER", "0");

/// Runs the scenario, prints its report.
pub(crate) fn run(args: &LoginArgs) -> anyhow::Result<Finished> {
    args.check()?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    Finished::with(&report, report.passed(), "the list was late, or not complete; the verdicts above say how")
}

async fn measure(args: &LoginArgs) -> anyhow::Result<LoginReport> {
    let circles = Circles { members: USERS, rooms: args.rooms, speakers: 0, apart: 0 };
    let wish = Wish { users: USERS, circles: Some(circles), ..Wish::default() };
    let mut settings = measured_from_one_machine(USERS);
    settings.push((NO_LIMIT.0, NO_LIMIT.1.to_owned()));
    let mut target = Target::start(args.run.rill.as_deref(), &wish, settings, Life::Once).await?;
    let door = Door { transport: args.transport, plain: args.plain };
    let dialer = Dialer::new(door, &target.ground(0, 1.0)?)?;
    let speaker = target.set_aside(1).pop().context("nobody speaks")?;
    let mut tickets = target.take_tickets();
    let rooms = target.rooms(&[], 0).await?;
    let Connected { client: speaker, mut events, .. } = target.connect_late(speaker, args.transport).await?;
    // Nobody looks at them, and a client whose events lie there reads no more.
    tokio::spawn(async move { while events.next().await.is_some() {} });

    let ticket = tickets.first_mut().and_then(|of_user| of_user.pop_front()).context("a user without a ticket")?;
    let nothing = Kept { tail: args.tail, ..Kept::default() };
    let mut user = User { dialer, ticket, kept: nothing.clone() };
    let said = Said { speaker: &speaker, rooms: &rooms, posts: args.posts };
    // The first time the server finds what it needs, and the user what they keep.
    said.round(0).await?;
    let mut unread = args.posts;
    user.come(said.list(0, unread)?, nothing.clone()).await?;
    let (mut back, mut anew) = (Returns::new()?, Returns::new()?);
    let snapshot = Snapshot::take(target.pid())?;
    for round in 1..=2 * args.rounds {
        said.round(round).await?;
        unread += args.posts;
        let is_back = round % 2 == 1;
        let kept = if is_back { &user.kept } else { &nothing }.clone();
        let login = user.come(said.list(round, unread)?, kept).await?;
        let returns = if is_back { &mut back } else { &mut anew };
        returns.add(login.ready, login.list, login.missing);
    }
    let usage = snapshot.until_now()?;
    close_all(vec![speaker]).await;
    target.end().await?;
    Ok(LoginReport::new(args, door, Seen { back, anew, usage }))
}

/// What is said while the user is away.
struct Said<'a> {
    speaker: &'a Client,
    rooms: &'a [RoomId],
    posts: usize,
}

impl Said<'_> {
    /// In every room.
    async fn round(&self, round: usize) -> anyhow::Result<()> {
        let posting = stream::iter(self.rooms).map(async |room| {
            let texts = (0..self.posts).map(|number| text(round, number));
            self.speaker.post_batch(*room, texts).await?.posted().await?;
            anyhow::Ok(())
        });
        posting.buffer_unordered(POSTING_AT_ONCE).try_collect().await
    }

    /// What the list is then, of somebody who has read nothing.
    fn list(&self, round: usize, unread: usize) -> anyhow::Result<List> {
        let unread = u32::try_from(unread.min(UNREAD_COUNT_MAX as usize))?;
        Ok(List::of(self.rooms, text(round, self.posts - 1), unread))
    }
}

fn text(round: usize, number: usize) -> String {
    format!("round {round}, message {number} of those that nobody has read yet")
}

/// Who comes again and again.
struct User {
    dialer: Dialer,
    ticket: Ticket,
    kept: Kept,
}

/// One login.
struct Login {
    ready: Duration,
    list: Duration,
    missing: usize,
}

impl User {
    async fn come(&mut self, mut list: List, kept: Kept) -> anyhow::Result<Login> {
        let start = Instant::now();
        let opened = Session::open_with(&self.dialer, self.ticket, &kept).await;
        let (mut session, told) = opened.map_err(|answer| anyhow::anyhow!("the login failed: {answer}"))?;
        let ready = start.elapsed();
        self.ticket = session.next_ticket;
        list.counted(&told.read);
        let mut complete = ready;
        while !list.is_complete() {
            match timeout_at((start + PATIENCE).into(), session.next()).await {
                Ok(Ok(News::Said(said))) => {
                    ensure!(said.in_order, "a message came out of order");
                    list.said(said.room, &said.text);
                    complete = start.elapsed();
                }
                Ok(Ok(_)) => {}
                Ok(Err(answer)) => anyhow::bail!("the connection ended: {answer}"),
                Err(_) => break,
            }
        }
        self.kept = keeps(&told, kept);
        Ok(Login { ready, list: complete, missing: list.missing() })
    }
}

/// What the user has behind a login: each room to its head.
fn keeps(told: &Told, before: Kept) -> Kept {
    let cursor = |room: &ResumedRoom| Cursor { room: room.room, epoch: room.epoch, seq: room.head, tail: before.tail };
    Kept {
        user_epoch: told.user_epoch,
        user_seq: told.user_seq,
        cursors: told.resumed.iter().map(cursor).collect(),
        tail: before.tail,
    }
}
