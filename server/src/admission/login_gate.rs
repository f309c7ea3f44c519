//! The logins' part of the gate: [`super::login`] behind a lock, with the time.

use parking_lot::Mutex;
use std::{net::IpAddr, sync::Arc, time::Duration};
use tokio::time::Instant;

use super::{
    Address, Wait,
    counts::Counts,
    device::{Account, Devices},
    login::{Logins, Try},
};
use crate::{config::Limits, transport::Permit};

/// Passwords of one address that are looked at or wait for it at once: a quarter of
/// those that the server lets wait, so that nobody fills its queue alone.
const AT_ONCE_PER_ADDRESS_MAX: u32 = 16;
/// For who has more; by then some have been looked at.
const PAUSE: Duration = Duration::from_secs(1);

/// See the module.
pub struct LoginGate {
    epoch: Instant,
    devices: Devices,
    logins: Mutex<Logins>,
    at_once: Arc<Counts<Address>>,
}

impl LoginGate {
    pub(super) fn new(limits: &Limits, key: [u8; 32]) -> Self {
        Self {
            epoch: Instant::now(),
            devices: Devices::new(key),
            logins: Mutex::new(Logins::new(limits)),
            at_once: Counts::new(AT_ONCE_PER_ADDRESS_MAX),
        }
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// The account of a name, in the form in which names are compared; it need not exist.
    pub fn account(&self, name: &str) -> Account {
        self.devices.account(name)
    }

    fn place(&self, ip: IpAddr) -> Result<Permit, Wait> {
        self.at_once.take(ip.into()).map(Permit::new).ok_or(Wait(PAUSE))
    }

    /// Before a password for `account` is looked at. `proofs` are what the device keeps.
    pub fn login(&self, account: Account, ip: IpAddr, proofs: &str) -> Result<Try, Wait> {
        let place = self.place(ip)?;
        let device = self.devices.find(proofs, account);
        let tried = self.logins.lock().login(account, ip.into(), device, self.now_ns()).map_err(Wait)?;
        Ok(tried.holding(place))
    }

    /// Before somebody who is logged in has their password looked at again.
    pub fn confirm(&self, account: Account, ip: IpAddr) -> Result<Try, Wait> {
        let place = self.place(ip)?;
        let tried = self.logins.lock().confirm(account, ip.into(), self.now_ns()).map_err(Wait)?;
        Ok(tried.holding(place))
    }

    /// It was right.
    pub fn confirmed(&self, tried: &Try) {
        self.logins.lock().confirmed(tried);
    }

    /// The password was right. Returns the proofs that the device keeps from now on, if they
    /// are others than before; `id` is fresh randomness.
    pub fn succeeded(&self, tried: &Try, proofs: &str, id: [u8; 16]) -> Option<String> {
        self.logins.lock().succeeded(tried, self.now_ns());
        self.keep(tried.account(), proofs, id)
    }

    /// An account was made from there: its owner's address and device are known like
    /// those of a login. Returns the same.
    pub fn welcome(&self, account: Account, ip: IpAddr, proofs: &str, id: [u8; 16]) -> Option<String> {
        self.logins.lock().know(account, ip.into(), self.now_ns());
        self.keep(account, proofs, id)
    }

    fn keep(&self, account: Account, proofs: &str, id: [u8; 16]) -> Option<String> {
        let known = self.devices.find(proofs, account).is_some();
        (!known).then(|| self.devices.add(proofs, account, id))
    }

    /// Nothing was said about the password: the try does not count.
    pub fn repay(&self, tried: &Try) {
        self.logins.lock().repay(tried);
    }

    /// Before an account is made.
    pub fn register(&self, ip: IpAddr) -> Result<Try, Wait> {
        let place = self.place(ip)?;
        let tried = self.logins.lock().register(ip.into(), self.now_ns()).map_err(Wait)?;
        Ok(tried.holding(place))
    }

    /// Whether it was made.
    pub fn registered(&self, tried: &Try, made: bool) {
        let mut logins = self.logins.lock();
        if made { logins.registered(tried) } else { logins.not_registered(tried) }
    }

    /// Before it is said whether a name is free.
    pub fn name(&self, ip: IpAddr) -> Result<(), Wait> {
        self.logins.lock().name(Address::from(ip), self.now_ns()).map_err(Wait)
    }
}
