//! What the doors ask. One for a server; short locks, never held across an await.

use parking_lot::Mutex;
use rill_protocol::{Code, UserId};
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio::time::Instant;

use super::{
    Address, Allowances, LoginGate, Proxies,
    alerts::{self, Alerts},
    bucket::Rate,
    counts::Counts,
    table::Table,
};
use crate::{
    config::Limits,
    metrics::Metrics,
    transport::{Admission, Permit, Permits},
};

/// Addresses whose buckets are remembered, at about 100 bytes each.
const ADDRESSES_MAX: usize = 16_384;
/// Users whose buckets are remembered.
const USERS_MAX: usize = 16_384;
/// QUIC handshakes of one address under way that have not proved that it hears us: more
/// are asked for the proof (Retry). A forged address costs its owner no more than this.
const UNPROVEN_PER_ADDRESS_MAX: u32 = 16;
/// Frames, of all kinds and also refused ones, for each request that a user may make:
/// who sends more is closed.
const FRAMES_PER_REQUEST: u64 = 10;

/// The buckets of an address.
mod of_address {
    pub(super) const HANDSHAKES: usize = 0;
    pub(super) const REQUESTS: usize = 1;
    pub(super) const BYTES: usize = 2;
    pub(super) const COUNT: usize = 3;
}

/// The buckets of a user.
mod of_user {
    pub(super) const REQUESTS: usize = 0;
    pub(super) const FRAMES: usize = 1;
    pub(super) const STREAMS: usize = 2;
    pub(super) const BYTES: usize = 3;
    pub(super) const COUNT: usize = 4;
}

/// How long to wait before the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);

impl Wait {
    /// In whole seconds, as `Retry-After` has it (RFC 9110, section 10.2.3).
    pub fn seconds(self) -> u64 {
        self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0)
    }
}

/// What becomes of a frame that is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The request is refused, and the connection stays.
    Refuse,
    /// The peer goes on regardless: the connection ends.
    Close,
}

/// The limits in force; nothing is one that is off.
struct Rates {
    handshakes: Option<Rate>,
    requests_of_address: Option<Rate>,
    bytes_of_address: Option<Rate>,
    requests_of_user: Option<Rate>,
    frames_of_user: Option<Rate>,
    streams_of_user: Option<Rate>,
    bytes_of_user: Option<Rate>,
}

impl Rates {
    fn new(limits: &Limits) -> Self {
        let per_second = |units: u32| Rate::per_second(u64::from(units));
        let kib_per_second = |kib: u32| Rate::per_second(u64::from(kib) * 1_024);
        Self {
            handshakes: per_second(limits.handshakes_per_second_per_address),
            requests_of_address: per_second(limits.requests_per_second_per_address),
            bytes_of_address: kib_per_second(limits.receive_kib_per_second_per_address),
            requests_of_user: per_second(limits.requests_per_second_per_user),
            frames_of_user: Rate::per_second(u64::from(limits.requests_per_second_per_user) * FRAMES_PER_REQUEST),
            streams_of_user: per_second(limits.streams_per_second_per_user),
            bytes_of_user: kib_per_second(limits.receive_kib_per_second_per_user),
        }
    }
}

/// See the module.
pub struct Gate {
    /// Moments are counted from here.
    epoch: Instant,
    rates: Rates,
    connections: Arc<Counts<()>>,
    of_address: Arc<Counts<Address>>,
    of_user: Arc<Counts<UserId>>,
    unproven: Arc<Counts<Address>>,
    addresses: Mutex<Table<Address, { of_address::COUNT }>>,
    users: Mutex<Table<UserId, { of_user::COUNT }>>,
    alerts: Mutex<Alerts>,
    metrics: Arc<Metrics>,
    proxies: Proxies,
    pub logins: LoginGate,
}

impl Gate {
    /// `key` makes the proofs of known devices: it should outlive the process.
    pub fn new(limits: &Limits, metrics: Arc<Metrics>, key: [u8; 32]) -> Self {
        Self {
            epoch: Instant::now(),
            rates: Rates::new(limits),
            connections: Counts::new(limits.connections),
            of_address: Counts::new(limits.connections_per_address),
            of_user: Counts::new(limits.connections_per_user),
            unproven: Counts::new(UNPROVEN_PER_ADDRESS_MAX),
            addresses: Mutex::new(Table::new(ADDRESSES_MAX)),
            users: Mutex::new(Table::new(USERS_MAX)),
            alerts: Mutex::default(),
            logins: LoginGate::new(limits, key, metrics.clone()),
            metrics,
            proxies: Proxies::default(),
        }
    }

    /// With proxies that are believed. What they bring is not theirs: no limit by address
    /// counts for their own.
    pub fn trusting(self, proxies: Proxies) -> Self {
        Self { proxies, ..self }
    }

    /// With others that have the same community: tries at passwords, registrations and known
    /// devices count for all of them together.
    pub fn counting_with(mut self, common: Arc<dyn Allowances>) -> Self {
        self.logins.counting_with(common);
        self
    }

    pub fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    /// The one place where limits read a clock: tokio's, which tests pause.
    fn now_ns(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// A connection before its handshake. `proven` says that the peer is known to be at
    /// its address, which over TCP it always is.
    pub fn admit(&self, ip: IpAddr, proven: bool) -> Admission {
        let address = Address::from(ip);
        if self.proxies.are(ip) {
            let of_all = self.connections.take(());
            return of_all.map_or(Admission::Refused, |of_all| {
                Admission::Admitted(Permits { connection: Permit::new(of_all), handshake: Permit::default() })
            });
        }
        let unproven = if proven { None } else { Some(self.unproven.take(address)) };
        if matches!(unproven, Some(None)) {
            return Admission::Prove;
        }
        if self.take_of_address(address, of_address::HANDSHAKES, self.rates.handshakes.as_ref()).is_err() {
            // What has proved nothing may be somebody else's doing.
            return if proven { Admission::Refused } else { Admission::Prove };
        }
        match (self.connections.take(()), self.of_address.take(address)) {
            (Some(of_all), Some(of_address)) => Admission::Admitted(Permits {
                connection: Permit::new((of_all, of_address)),
                handshake: Permit::new(unproven),
            }),
            _ => Admission::Refused,
        }
    }

    /// A connection that came through a trusted proxy, which counts among all already: its
    /// peer's place.
    pub fn admit_behind(&self, ip: IpAddr) -> Option<Permit> {
        let address = Address::from(ip);
        self.take_of_address(address, of_address::HANDSHAKES, self.rates.handshakes.as_ref()).ok()?;
        self.of_address.take(address).map(Permit::new)
    }

    /// Whose the bytes of a peer are, if they are its address's.
    pub fn payer(&self, ip: IpAddr) -> Option<Address> {
        (!self.proxies.are(ip)).then(|| Address::from(ip))
    }

    /// Whether a user has all the connections they may have.
    pub fn user_is_full(&self, user: UserId) -> bool {
        self.of_user.is_full(user)
    }

    /// A connection whose user is known; nothing if they have enough.
    pub fn user_connection(&self, user: UserId) -> Option<Permit> {
        self.of_user.take(user).map(Permit::new)
    }

    /// An HTTP request, whoever makes it.
    pub fn http_request(&self, ip: IpAddr) -> Result<(), Wait> {
        if self.proxies.are(ip) {
            return Ok(());
        }
        self.take_of_address(Address::from(ip), of_address::REQUESTS, self.rates.requests_of_address.as_ref())
    }

    /// A request of a user over HTTP.
    pub fn user_request(&self, user: UserId) -> Result<(), Wait> {
        self.take_of_user(user, of_user::REQUESTS, self.rates.requests_of_user.as_ref())
    }

    /// So many requests of a user in one. Their rate is the one of requests, but what holds
    /// more than comes in ten seconds passes where nothing is owed: it is owed then.
    pub fn user_requests(&self, user: UserId, amount: u64) -> Result<(), Wait> {
        let (rate, now_ns) = (self.rates.requests_of_user.as_ref(), self.now_ns());
        let mut users = self.users.lock();
        users.take(user, of_user::REQUESTS, rate, 0, now_ns).map_err(Wait)?;
        users.spend(user, of_user::REQUESTS, rate, amount, now_ns);
        Ok(())
    }

    /// A frame of a session, and whether it asks for something.
    pub fn frame(&self, user: UserId, is_request: bool) -> Result<(), Over> {
        let now_ns = self.now_ns();
        let mut users = self.users.lock();
        let frames = self.rates.frames_of_user.as_ref();
        users.take(user, of_user::FRAMES, frames, 1, now_ns).map_err(|_| Over::Close)?;
        let requests = self.rates.requests_of_user.as_ref().filter(|_| is_request);
        users.take(user, of_user::REQUESTS, requests, 1, now_ns).map_err(|_| Over::Refuse)
    }

    /// A stream behind control.
    pub fn stream(&self, user: UserId) -> Result<(), Wait> {
        self.take_of_user(user, of_user::STREAMS, self.rates.streams_of_user.as_ref())
    }

    /// Bytes that have come. Nothing more should be read for the time that is returned.
    pub fn received(&self, address: Option<Address>, user: Option<UserId>, bytes: usize) -> Duration {
        let (bytes, now_ns) = (bytes as u64, self.now_ns());
        let of_address = self.rates.bytes_of_address.as_ref();
        let wait = address
            .map(|address| self.addresses.lock().spend(address, of_address::BYTES, of_address, bytes, now_ns))
            .unwrap_or_default();
        let of_user = self.rates.bytes_of_user.as_ref();
        let of_user =
            user.map(|user| self.users.lock().spend(user, of_user::BYTES, of_user, bytes, now_ns)).unwrap_or_default();
        wait.max(of_user)
    }

    /// Something of a peer was refused: it is counted, and an abnormal number from one
    /// address is told to the operator. `door` is a transport's name, or `http`.
    pub fn refused(&self, door: &'static str, ip: IpAddr, code: Code) {
        self.metrics.refused(door, code);
        // What every page hears that is opened without a login, and what is our own doing.
        const NOT_THEIRS: [Code; 7] = [
            Code::NotLoggedIn,
            Code::Busy,
            Code::Internal,
            Code::StoreFailed,
            Code::StorageFull,
            Code::FileDamaged,
            Code::GoingAway,
        ];
        if NOT_THEIRS.contains(&code) {
            return;
        }
        let address = Address::from(ip);
        let due = self.alerts.lock().refused(address, self.now_ns());
        if let Some(count) = due {
            let window_s = Duration::from_nanos(alerts::WINDOW_NS).as_secs();
            let kind = code.name();
            tracing::warn!(target: "rill::alert", %address, door, kind, count, window_s, "many refusals of one address");
        }
    }

    fn take_of_address(&self, address: Address, which: usize, rate: Option<&Rate>) -> Result<(), Wait> {
        let now_ns = self.now_ns();
        self.addresses.lock().take(address, which, rate, 1, now_ns).map_err(Wait)
    }

    fn take_of_user(&self, user: UserId, which: usize, rate: Option<&Rate>) -> Result<(), Wait> {
        let now_ns = self.now_ns();
        self.users.lock().take(user, which, rate, 1, now_ns).map_err(Wait)
    }
}

#[cfg(test)]
mod tests;
