//! One person's day: comes, does one thing after the other at moments of their own, goes.

use anyhow::Context;
use rill_client::{
    Client, Config, Error,
    files::{Download, Upload},
};
use rill_protocol::{
    RoomId,
    message::{Direction, FileVariant},
};
use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    time::{sleep_until, timeout},
};

use super::{
    activity, bitmap,
    ears::{Memory, listen},
    ledger::{Acked, Ledger, Shared},
    operation::{Operation, draw},
    roster,
};
use crate::{chaos::plan::Message, dice::Dice};

const PATIENCE: Duration = Duration::from_secs(60);
/// A burst has up to so many posts.
const BURST_MAX: usize = 4;
/// Of a page of history, of members, of rooms.
const PAGE: u32 = 50;
const FILE_BYTES: (usize, usize) = (16 << 10, 256 << 10);
/// Larger than a thumbnail.
const PICTURE_EDGE: u32 = 400;
const FRACTIONS: usize = 1_000_000;

/// What all share.
#[derive(Debug)]
pub(crate) struct Day {
    pub(crate) start: Instant,
    pub(crate) length: Duration,
    /// What one person does in a second at the busiest hour.
    pub(crate) rate: f64,
    pub(crate) folder: PathBuf,
    pub(crate) ledger: Arc<Ledger>,
    /// People whose day is not over.
    pub(crate) at_work: AtomicUsize,
}

impl Day {
    fn moment(&self, share: f64) -> Instant {
        self.start + self.length.mul_f64(share)
    }

    fn share(&self, moment: Instant) -> f64 {
        moment.saturating_duration_since(self.start).as_secs_f64() / self.length.as_secs_f64()
    }
}

/// See the module.
pub(crate) struct Person {
    pub(crate) number: usize,
    pub(crate) plan: roster::Plan,
    /// Theirs, in the order of the plan.
    pub(crate) rooms: Vec<RoomId>,
    /// For each visit.
    pub(crate) visits: Vec<(Config, Memory)>,
    pub(crate) dice: Dice,
}

impl Person {
    /// The whole day. Who stays goes when it is over for everybody.
    pub(crate) async fn live(mut self, day: Arc<Day>, mut over: watch::Receiver<bool>) -> anyhow::Result<()> {
        let visits: Vec<_> = self.plan.visits.clone().into_iter().zip(std::mem::take(&mut self.visits)).collect();
        let last = visits.len();
        for (number, (visit, (config, memory))) in visits.into_iter().enumerate() {
            sleep_until(day.moment(visit.from).into()).await;
            let began = Instant::now();
            let (client, events) = Client::connect(config).await?;
            let hearing = listen(self.number, client.clone(), events, Arc::clone(&memory), Arc::clone(&day.ledger));
            let hearing = tokio::spawn(hearing);
            let online = timeout(PATIENCE, client.online()).await.unwrap_or(Err(Error::Closed));
            let state = client.state();
            let is_there = day.ledger.did(Operation::Connect, began, online);
            is_there.with_context(|| format!("user {} cannot connect; the last state was {state:?}", self.number))?;
            if number == 0 {
                for room in &self.rooms[1..] {
                    let began = Instant::now();
                    day.ledger.did(Operation::Join, began, client.join(*room).await);
                }
            }
            client.view(self.rooms.first().copied()).await?;
            let until = day.moment(visit.until.unwrap_or(1.0));
            self.act(&client, &memory, &day, until).await?;
            if number + 1 == last {
                day.at_work.fetch_sub(1, Relaxed);
            }
            if visit.until.is_none() {
                over.wait_for(|over| *over).await?;
                memory.lock().values_mut().for_each(|heard| heard.stayed = true);
            }
            client.close().await;
            hearing.await??;
        }
        Ok(())
    }

    async fn act(&mut self, client: &Client, memory: &Memory, day: &Day, until: Instant) -> anyhow::Result<()> {
        let mut due = Instant::now();
        loop {
            let rate = day.rate * activity::at(day.share(due));
            let fraction = (self.dice.below(FRACTIONS) + 1) as f64 / FRACTIONS as f64;
            // The time between things that happen by themselves at a rate (a Poisson process).
            due += Duration::from_secs_f64(-fraction.ln() / rate);
            if due >= until {
                sleep_until(until.into()).await;
                return Ok(());
            }
            sleep_until(due.into()).await;
            let operation = draw(&mut self.dice);
            self.does(operation, due, client, memory, day).await?;
        }
    }

    async fn does(
        &mut self,
        operation: Operation,
        due: Instant,
        client: &Client,
        memory: &Memory,
        day: &Day,
    ) -> anyhow::Result<()> {
        let ledger = &day.ledger;
        let room = self.rooms[self.dice.below(self.rooms.len())];
        match operation {
            Operation::Post => self.says(due, room, client, ledger).await?,
            Operation::History => {
                let page = client.history(room, Direction::Before, u64::MAX, PAGE).await;
                if let Some(next) = ledger.did(operation, due, page).and_then(|page| page.next) {
                    let began = Instant::now();
                    let page = client.history(room, Direction::Before, next.get(), PAGE).await;
                    ledger.did(operation, began, page);
                }
            }
            Operation::Members => {
                let outcome = async {
                    let page = client.members(room, None, PAGE).await?;
                    client.users(page.members.iter().map(|member| member.user).collect()).await
                };
                ledger.did(operation, due, outcome.await);
            }
            Operation::Directory => {
                ledger.did(operation, due, client.rooms(None, PAGE).await);
            }
            Operation::View => {
                ledger.did(operation, due, client.view(Some(room)).await);
            }
            Operation::SendFile | Operation::SendPicture => self.sends(operation, due, room, client, day).await?,
            Operation::FetchFile | Operation::FetchThumbnail => {
                self.fetches(operation, due, client, memory, day).await?;
            }
            Operation::Connect | Operation::Join => {}
        }
        Ok(())
    }

    /// A few posts, one after the other, and their acks.
    async fn says(&mut self, due: Instant, room: RoomId, client: &Client, ledger: &Ledger) -> anyhow::Result<()> {
        let mut receipts = Vec::new();
        for _ in 0..=self.dice.below(BURST_MAX) {
            let number = ledger.says(due);
            receipts.push((number, client.post(room, Message::said(number).text()).await?));
        }
        for (number, receipt) in receipts {
            if let Some(posted) = ledger.did(Operation::Post, due, receipt.posted().await) {
                ledger.acked(Acked { room, seq: posted.seq, number });
            }
        }
        Ok(())
    }

    async fn sends(
        &mut self,
        operation: Operation,
        due: Instant,
        room: RoomId,
        client: &Client,
        day: &Day,
    ) -> anyhow::Result<()> {
        let bytes = match operation {
            Operation::SendPicture => bitmap::noise(PICTURE_EDGE, &mut self.dice),
            _ => {
                let length = FILE_BYTES.0 + self.dice.below(FILE_BYTES.1 - FILE_BYTES.0);
                self.dice.bytes(length)
            }
        };
        let path = self.path(day);
        fs::write(&path, bytes)?;
        let name = if operation == Operation::SendPicture { "picture.bmp" } else { "file" };
        let sent = async { client.upload(Upload::new(room, &path).name(name)).await?.done().await };
        if let Some(file) = day.ledger.did(operation, due, sent.await) {
            day.ledger.shares(Shared { room, seq: file.seq, is_picture: file.state.image.is_some() });
        }
        Ok(fs::remove_file(&path)?)
    }

    /// One of the files that this one may see.
    async fn fetches(
        &mut self,
        operation: Operation,
        due: Instant,
        client: &Client,
        memory: &Memory,
        day: &Day,
    ) -> anyhow::Result<()> {
        let wants_picture = operation == Operation::FetchThumbnail;
        let seen = {
            let memory = memory.lock();
            day.ledger.files(|file| {
                let is_seen = memory.get(&file.room).is_some_and(|heard| heard.base < file.seq);
                is_seen && (file.is_picture || !wants_picture)
            })
        };
        if seen.is_empty() {
            return Ok(());
        }
        let file = seen[self.dice.below(seen.len())];
        let path = self.path(day);
        let variant = if wants_picture { FileVariant::Thumbnail } else { FileVariant::Original };
        let fetched = client.download(Download::new(file.room, file.seq, &path).variant(variant)).done().await;
        if day.ledger.did(operation, due, fetched).is_some() {
            fs::remove_file(&path)?;
        }
        Ok(())
    }

    fn path(&mut self, day: &Day) -> PathBuf {
        day.folder.join(format!("{} {:x}", self.number, self.dice.throw()))
    }
}
