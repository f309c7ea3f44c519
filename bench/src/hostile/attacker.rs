//! One attacker: an address of its own, accounts of its own if it needs them, and a book
//! of what it heard. Limits are per address and per account, so attacks do not spoil
//! each other.

use anyhow::Context;
use parking_lot::{Mutex, MutexGuard};
use rill_protocol::Ticket;
use serde_json::json;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};
use tokio::time::sleep_until;

use super::{
    answer::Answer,
    attacks::Attack,
    book::Book,
    ground::Ground,
    http::{self, Reply},
    tcp::Door,
};
use crate::dice::Dice;

/// For an answer, whatever it is to. A stranger is held back for ten seconds, until the time for
/// Hello is over; the rest is for a machine on which attackers come behind everybody.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);
/// Tickets of one request.
const TICKETS_AT_ONCE: usize = 4;
pub(crate) const PASSWORD: &str = "a rarely guessed phrase 7151";

/// See the module.
pub(crate) struct Attacker {
    pub(crate) ground: Arc<Ground>,
    pub(crate) attack: &'static Attack,
    /// 127.0.1.1 and up; the chat is 127.0.0.1.
    pub(crate) address: IpAddr,
    /// Of the account that it has made.
    token: OnceLock<String>,
    tickets: Mutex<Vec<Ticket>>,
    dice: Mutex<Dice>,
    book: Mutex<Book>,
    until: OnceLock<Instant>,
    endpoint: tokio::sync::OnceCell<quinn::Endpoint>,
}

impl Attacker {
    pub(crate) fn new(number: u8, attack: &'static Attack, ground: Arc<Ground>) -> Self {
        Self {
            attack,
            address: Ipv4Addr::new(127, 0, 1, number + 1).into(),
            token: OnceLock::new(),
            tickets: Mutex::default(),
            dice: Mutex::new(Dice::new(ground.seed, attack.name)),
            book: Mutex::new(Book::new(attack.name)),
            until: OnceLock::new(),
            endpoint: tokio::sync::OnceCell::new(),
            ground,
        }
    }

    /// Makes the account, before anything is measured: passwords are made to be slow.
    pub(crate) async fn register(&self) -> anyhow::Result<()> {
        let name = format!("hostile_{}", self.attack.name);
        let name: String = name.chars().take(rill_protocol::limits::USERNAME_CHARS_MAX).collect();
        let name = name.trim_end_matches('_').to_owned();
        let body = json!({ "username": name, "password": PASSWORD, "client": "rill-bench hostile" });
        let reply = self.post("/api/v1/register", &[], &body).await;
        let reply = reply.map_err(|answer| anyhow::anyhow!("{name} cannot register: {answer}"))?;
        let token = reply.json().and_then(|body| Some(body["token"].as_str()?.to_owned()));
        let token =
            token.with_context(|| format!("{name} cannot register: {}", String::from_utf8_lossy(&reply.body)))?;
        let _ = self.token.set(token);
        Ok(())
    }

    /// The attack begins and ends.
    pub(crate) fn begin(&self, until: Instant) {
        let _ = self.until.set(until);
    }

    pub(crate) fn until(&self) -> Instant {
        self.until.get().copied().unwrap_or_else(Instant::now)
    }

    pub(crate) fn goes_on(&self) -> bool {
        Instant::now() < self.until()
    }

    /// Waits, but not longer than the attack lasts. Whether it goes on.
    pub(crate) async fn pause(&self, pause: Duration) -> bool {
        sleep_until((Instant::now() + pause).min(self.until()).into()).await;
        self.goes_on()
    }

    /// `work`, as long as it may take and the attack lasts.
    pub(crate) async fn within<T>(&self, patience: Duration, work: impl Future<Output = T>) -> Option<T> {
        let deadline = (Instant::now() + patience).min(self.until());
        tokio::time::timeout_at(deadline.into(), work).await.ok()
    }

    pub(crate) fn heard(&self, answer: &Answer) {
        let mut book = self.book.lock();
        match answer {
            // Who is interrupted has waited too short a time to say anything of the server.
            Answer::Silent | Answer::Cut if !self.goes_on() => book.unfinished += 1,
            answer => book.heard(answer, self.attack.drops),
        }
    }

    /// Frames or bytes beside the attempts.
    pub(crate) fn sent(&self, count: u64) {
        self.book.lock().sent += count;
    }

    pub(crate) fn book(&self) -> Book {
        self.book.lock().clone()
    }

    pub(crate) fn dice(&self) -> MutexGuard<'_, Dice> {
        self.dice.lock()
    }

    /// What proves its login; attacks that ask for it say in their table that they need an
    /// account.
    pub(crate) fn bearer(&self) -> Result<String, Answer> {
        let token = self.token.get().ok_or_else(|| Answer::Wrong("the attack has no account".to_owned()))?;
        Ok(format!("Bearer {token}"))
    }

    /// The right to connect once.
    pub(crate) async fn ticket(&self) -> Result<Ticket, Answer> {
        if let Some(ticket) = self.tickets.lock().pop() {
            return Ok(ticket);
        }
        let bearer = self.bearer()?;
        let reply =
            self.post("/api/v1/tickets", &[("Authorization", &bearer)], &json!({ "count": TICKETS_AT_ONCE })).await?;
        let tickets = reply.json().and_then(|body| serde_json::from_value::<Vec<Ticket>>(body["tickets"].clone()).ok());
        let mut tickets = tickets.ok_or_else(|| reply.answer())?;
        let ticket = tickets.pop().ok_or_else(|| Answer::Wrong("no tickets were given".to_owned()))?;
        self.tickets.lock().append(&mut tickets);
        Ok(ticket)
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &serde_json::Value) -> Result<Reply, Answer> {
        let bytes = http::request("POST", path, &self.ground.loopback_host(), headers, body.to_string().as_bytes());
        http::exchange(self.address, Door::Loopback, &self.ground, &bytes).await
    }

    /// The socket of this attacker's QUIC connections.
    pub(crate) async fn endpoint(&self) -> Result<&quinn::Endpoint, Answer> {
        let open = || async { quinn::Endpoint::client(SocketAddr::new(self.address, 0)) };
        self.endpoint.get_or_try_init(open).await.map_err(|error| Answer::Wrong(format!("no socket: {error}")))
    }
}
