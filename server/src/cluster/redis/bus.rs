//! The bus on Redis' channels. It connects for ever; whenever it hears anew, every channel
//! is heard for the first time as far as this node is concerned.
//!
//! A connection that brings nothing may be dead without saying so: now and then the node
//! says a word to itself, and gives the connection up when it does not hear it.

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use parking_lot::Mutex;
use redis::{Cmd, RedisResult};
use rill_storage::redis::{Heard, Hearing, Link as _, TendedLink};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, interval, sleep},
};

use super::names::Names;
use crate::{
    cluster::bus::{Bus, Channel, Event, Inlet},
    limits::{
        BUS_ALIVE_EVERY_MS, BUS_CHANNELS_AT_ONCE, BUS_RECONNECT_MS, BUS_RECONNECT_MS_MAX, BUS_SENDING_MAX,
        BUS_SILENT_MS, BUS_WAITING_MAX,
    },
};

/// See the module.
pub struct RedisBus {
    link: TendedLink,
    names: Names,
    node: Arc<str>,
    hub: Arc<Hub>,
    saying: mpsc::Sender<Hint>,
    /// Until it runs.
    said: Mutex<Option<mpsc::Receiver<Hint>>>,
}

/// What is to be said, and on which channel.
type Hint = (Vec<u8>, String);

/// What the connection and the node have in common.
#[derive(Default)]
struct Hub {
    inlet: Inlet,
    channels: Mutex<Channels>,
    changed: Notify,
    ended: Notify,
    heard_at: Mutex<Option<Instant>>,
}

#[derive(Default)]
struct Channels {
    /// Those that are to be heard.
    wanted: BTreeSet<Channel>,
    /// Those that are.
    heard: BTreeSet<Channel>,
    /// Where the two may differ.
    changed: BTreeSet<Channel>,
    /// Of those that are heard, the ones that may not be: a connection was lost since, and
    /// whoever gave one up and wants it again must hear of a new beginning.
    doubted: BTreeSet<Channel>,
}

impl RedisBus {
    /// Nothing is heard and nothing said before [`Bus::run`].
    pub fn new(link: TendedLink, node: Arc<str>) -> Self {
        let names = Names::new(link.prefix());
        let (saying, said) = mpsc::channel(BUS_WAITING_MAX);
        Self { link, names, node, hub: Arc::default(), saying, said: Mutex::new(Some(said)) }
    }

    async fn say(&self, mut said: mpsc::Receiver<Hint>) {
        let mut sending = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                Some(()) = sending.next() => {}
                Some((channel, payload)) = said.recv(), if sending.len() < BUS_SENDING_MAX => {
                    sending.push(self.send(channel, payload));
                }
            }
        }
    }

    async fn send(&self, channel: Vec<u8>, payload: String) {
        let is_sharded = self.link.condition().is_ok_and(|condition| condition.shards_channels());
        let mut command = Cmd::new();
        command.arg(if is_sharded { "SPUBLISH" } else { "PUBLISH" }).arg(channel).arg(payload);
        if let Err(error) = self.link.send(&command).await {
            tracing::debug!(%error, "a hint is lost");
        }
    }

    async fn hear(&self) {
        let mut pause_ms = BUS_RECONNECT_MS;
        loop {
            let began = Instant::now();
            if let Err(error) = self.hear_once().await {
                tracing::debug!(%error, "the bus is away");
            }
            if began.elapsed() > Duration::from_millis(BUS_SILENT_MS) {
                pause_ms = BUS_RECONNECT_MS;
            }
            sleep(Duration::from_millis(pause_ms)).await;
            pause_ms = (pause_ms * 2).min(BUS_RECONNECT_MS_MAX);
        }
    }

    /// One connection, to its end.
    async fn hear_once(&self) -> RedisResult<()> {
        let (hub, names, own) = (self.hub.clone(), self.names.clone(), self.names.own(&self.node));
        let own_channel = own.clone();
        let mut hearing = self.link.hear(Arc::new(move |heard| hub.hear(&names, &own_channel, heard))).await?;
        *self.hub.heard_at.lock() = Some(Instant::now());
        {
            let mut channels = self.hub.channels.lock();
            channels.heard.clear();
            channels.doubted.clear();
            channels.changed = channels.wanted.clone();
        }
        let ended = self.hear_with(&mut hearing, own).await;
        self.hub.inlet.push(Instant::now(), Event::Away);
        ended
    }

    /// On a connection, to its end.
    async fn hear_with(&self, hearing: &mut Hearing, own: Vec<u8>) -> RedisResult<()> {
        hearing.subscribe(std::slice::from_ref(&own)).await?;
        let connected = self.link.counts().connected;
        let mut alive = interval(Duration::from_millis(BUS_ALIVE_EVERY_MS));
        loop {
            self.catch_up(hearing).await?;
            tokio::select! {
                biased;
                () = self.hub.ended.notified() => return Ok(()),
                () = self.hub.changed.notified() => {}
                _ = alive.tick() => {
                    // What is asked may be asked of another primary by now than the one that is
                    // heard, and who was given up may go on ringing.
                    if self.link.counts().connected != connected {
                        return Ok(());
                    }
                    let heard_at = *self.hub.heard_at.lock();
                    if heard_at.is_none_or(|at| at.elapsed() > Duration::from_millis(BUS_SILENT_MS)) {
                        tracing::warn!("nothing is heard from Redis: the bus connects again");
                        return Ok(());
                    }
                    let _ = self.saying.try_send((own.clone(), String::from("alive")));
                }
            }
        }
    }

    /// Hears what is to be heard, and no more.
    async fn catch_up(&self, hearing: &mut Hearing) -> RedisResult<()> {
        loop {
            let (mut more, mut still, mut less) = (Vec::new(), Vec::new(), Vec::new());
            {
                let mut channels = self.hub.channels.lock();
                let Channels { wanted, heard, changed, doubted } = &mut *channels;
                if changed.is_empty() {
                    return Ok(());
                }
                for channel in std::iter::from_fn(|| changed.pop_first()).take(BUS_CHANNELS_AT_ONCE) {
                    let is_doubted = doubted.remove(&channel);
                    match wanted.contains(&channel) {
                        true if heard.insert(channel) || is_doubted => more.push(channel),
                        // Given up and wanted again between two looks of ours.
                        true => still.push(channel),
                        false if heard.remove(&channel) => less.push(channel),
                        _ => {}
                    }
                }
            }
            let names =
                |channels: &[Channel]| channels.iter().map(|channel| self.names.channel(*channel)).collect::<Vec<_>>();
            if !less.is_empty() {
                hearing.unsubscribe(&names(&less)).await?;
            }
            if !more.is_empty() {
                hearing.subscribe(&names(&more)).await?;
            }
            let now = Instant::now();
            more.into_iter().chain(still).for_each(|channel| self.hub.inlet.push(now, Event::Heard(channel)));
        }
    }
}

impl Hub {
    fn hear(&self, names: &Names, own: &[u8], heard: Heard<'_>) {
        let now = Instant::now();
        *self.heard_at.lock() = Some(now);
        match heard {
            Heard::Said { channel, payload } if channel != own => {
                if let Some(channel) = names.channel_of(channel) {
                    self.inlet.push(now, Event::Message { channel, payload: payload.into() });
                }
            }
            Heard::Said { .. } => {}
            Heard::Began { channel } => {
                if let Some(channel) = names.channel_of(channel) {
                    self.inlet.push(now, Event::Heard(channel));
                }
            }
            Heard::Broken => {
                let mut channels = self.channels.lock();
                let Channels { heard, doubted, .. } = &mut *channels;
                doubted.extend(heard.iter().copied());
                drop(channels);
                self.inlet.push(now, Event::Away);
            }
            Heard::Ended => self.ended.notify_one(),
        }
    }

    fn want(&self, channel: Channel, is_wanted: bool) {
        let mut channels = self.channels.lock();
        match is_wanted {
            true => channels.wanted.insert(channel),
            false => channels.wanted.remove(&channel),
        };
        channels.changed.insert(channel);
        drop(channels);
        self.changed.notify_one();
    }
}

#[async_trait]
impl Bus for RedisBus {
    fn publish(&self, channel: Channel, payload: String) {
        if self.saying.try_send((self.names.channel(channel), payload)).is_err() {
            tracing::debug!("too much is to be said: a hint is dropped");
        }
    }

    fn subscribe(&self, channel: Channel) {
        self.hub.want(channel, true);
    }

    fn unsubscribe(&self, channel: Channel) {
        self.hub.want(channel, false);
    }

    async fn next(&self) -> Event {
        self.hub.inlet.next().await
    }

    async fn run(&self) {
        let said = self.said.lock().take();
        let Some(said) = said else { return };
        tokio::join!(biased; self.hear(), self.say(said));
    }
}
