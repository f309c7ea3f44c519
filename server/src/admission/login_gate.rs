//! The logins' part of the gate: [`super::login`] behind a lock, with the time. Where several
//! servers have one community, they count together, and each for itself only while what they
//! have in common cannot be asked.

use parking_lot::Mutex;
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::Instant;

use super::{
    Address, Wait,
    allowances::{Allowance, Allowances, Asking, Paid, Unasked},
    counts::Counts,
    device::{Account, Device, Devices},
    login::{
        Counted, KNOWN_PAYERS, Logins, Outcome, Payer, Payers, Try, confirm_payers, login_payers, register_payers,
    },
};
use crate::{config::Limits, limits::ALLOWANCES_ASK_MS, metrics::Metrics, transport::Permit};

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
    common: Option<Arc<dyn Allowances>>,
    is_alone: AtomicBool,
    metrics: Arc<Metrics>,
}

impl LoginGate {
    pub(super) fn new(limits: &Limits, key: [u8; 32], metrics: Arc<Metrics>) -> Self {
        Self {
            epoch: Instant::now(),
            devices: Devices::new(key),
            logins: Mutex::new(Logins::new(limits)),
            at_once: Counts::new(AT_ONCE_PER_ADDRESS_MAX),
            common: None,
            is_alone: AtomicBool::new(false),
            metrics,
        }
    }

    pub(super) fn counting_with(&mut self, common: Arc<dyn Allowances>) {
        self.common = Some(common);
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
    pub async fn login(&self, account: Account, ip: IpAddr, proofs: &str) -> Result<Try, Wait> {
        let place = self.place(ip)?;
        let (address, device) = (Address::from(ip), self.devices.find(proofs, account));
        let payers = login_payers(account, address, device, false);
        let tried = match self.pay_in_common(account, address, payers, device).await {
            Some(tried) => tried?,
            None => self.logins.lock().login(account, address, device, self.now_ns()).map_err(Wait)?,
        };
        Ok(tried.holding(place))
    }

    /// Before somebody who is logged in has their password looked at again.
    pub async fn confirm(&self, account: Account, ip: IpAddr) -> Result<Try, Wait> {
        let place = self.place(ip)?;
        let address = Address::from(ip);
        let tried = match self.pay_in_common(account, address, confirm_payers(account, address), None).await {
            Some(tried) => tried?,
            None => self.logins.lock().confirm(account, address, self.now_ns()).map_err(Wait)?,
        };
        Ok(tried.holding(place))
    }

    /// Before an account is made.
    pub async fn register(&self, ip: IpAddr) -> Result<Try, Wait> {
        let place = self.place(ip)?;
        let address = Address::from(ip);
        let tried = match self.pay_in_common(Account::default(), address, register_payers(address), None).await {
            Some(tried) => tried?,
            None => self.logins.lock().register(address, self.now_ns()).map_err(Wait)?,
        };
        Ok(tried.holding(place))
    }

    /// A try has ended, but for a login that went well: see [`Self::succeeded`].
    pub async fn settle(&self, tried: &Try, outcome: Outcome) {
        self.settle_and_know(tried, outcome, None).await;
    }

    /// The password was right. Returns the proofs that the device keeps from now on, if they
    /// are others than before; `id` is fresh randomness.
    pub async fn succeeded(&self, tried: &Try, proofs: &str, id: [u8; 16]) -> Option<String> {
        self.settle_and_know(tried, Outcome::Succeeded, Some(tried.account())).await;
        self.keep(tried.account(), proofs, id)
    }

    /// An account was made by a try: its owner's address and device are known like
    /// those of a login. Returns the same.
    pub async fn welcome(&self, tried: &Try, account: Account, proofs: &str, id: [u8; 16]) -> Option<String> {
        self.settle_and_know(tried, Outcome::Registered, Some(account)).await;
        self.keep(account, proofs, id)
    }

    fn keep(&self, account: Account, proofs: &str, id: [u8; 16]) -> Option<String> {
        let known = self.devices.find(proofs, account).is_some();
        (!known).then(|| self.devices.add(proofs, account, id))
    }

    /// Before it is said whether a name is free.
    pub fn name(&self, ip: IpAddr) -> Result<(), Wait> {
        self.logins.lock().name(Address::from(ip), self.now_ns()).map_err(Wait)
    }

    fn key(&self, payer: Payer) -> [u8; 16] {
        self.devices.payer(&payer.bytes())
    }

    fn allowance(&self, payer: Payer) -> Option<Allowance> {
        let key = self.key(payer);
        self.logins.lock().allowance(payer, key)
    }

    /// Pays from what all servers have in common; nothing if this one counts alone.
    async fn pay_in_common(
        &self,
        account: Account,
        address: Address,
        payers: Payers,
        device: Option<Device>,
    ) -> Option<Result<Try, Wait>> {
        let common = self.common.as_ref()?;
        let limited = |payers: &[Option<Payer>]| -> Vec<Allowance> {
            payers.iter().flatten().filter_map(|payer| self.allowance(*payer)).collect()
        };
        let is_stranger = device.is_none() && payers[KNOWN_PAYERS].is_some();
        let unless_known = is_stranger.then(|| {
            let home = Payer::AddressOfAccount(account, address);
            (self.key(home), limited(&payers[..KNOWN_PAYERS]).len())
        });
        let asking = Asking { of: limited(&payers), unless_known };
        let asked = self.asked(common.take(&asking)).await?;
        Some(match asked {
            Paid::Wait(wait) => Err(Wait(wait)),
            Paid::First(count) if count < asking.of.len() => {
                Ok(Try::new(account, address, login_payers(account, address, None, true), Counted::InCommon))
            }
            Paid::First(_) => Ok(Try::new(account, address, payers, Counted::InCommon)),
        })
    }

    async fn settle_and_know(&self, tried: &Try, outcome: Outcome, known: Option<Account>) {
        if let Some(account) = known {
            self.logins.lock().know(account, tried.address(), self.now_ns());
        }
        match (tried.counted(), &self.common) {
            (Counted::InCommon, Some(common)) => {
                let settled = tried.settled(outcome);
                let settled: Vec<_> =
                    settled.filter_map(|(payer, settlement)| Some((self.allowance(payer)?, settlement))).collect();
                let known = known.map(|account| self.key(Payer::AddressOfAccount(account, tried.address())));
                self.asked(common.settle(&settled, known)).await;
            }
            _ => self.logins.lock().settle(tried, outcome),
        }
    }

    /// Waits for an answer, not for long.
    async fn asked<T>(&self, asking: impl Future<Output = Result<T, Unasked>>) -> Option<T> {
        let asked = tokio::time::timeout(Duration::from_millis(ALLOWANCES_ASK_MS), asking).await;
        let asked = asked.unwrap_or_else(|_| Err(Unasked("no answer came in time".into())));
        let was_alone = self.is_alone.swap(asked.is_err(), Relaxed);
        match &asked {
            Err(error) => {
                self.metrics.cluster.counted_alone();
                if !was_alone {
                    tracing::warn!(%error, "tries at passwords and registrations are counted by this server alone");
                }
            }
            Ok(_) if was_alone => {
                tracing::info!("tries at passwords and registrations are counted by all servers again");
            }
            Ok(_) => {}
        }
        asked.ok()
    }
}
