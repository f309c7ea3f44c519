//! How often passwords may be tried and accounts made, so that nobody guesses and no
//! stranger locks anybody out.
//!
//! A try is paid for before it is looked at and repaid if it was right. Who pays:
//! - a device that has logged in to the account before (it holds a proof, see `device`)
//!   has an allowance of its own;
//! - so has an address from which somebody has logged in to the account lately;
//! - anybody else shares three: of the address with that account, of the address, and of
//!   the account with all strangers. The last can be used up by many addresses together:
//!   then other strangers wait, and devices and addresses that are known do not.
//!
//! Accounts are counted by what was typed, whether such an account exists or not.
//!
//! Beside that each password that an address has looked at costs it something, right or
//! wrong: hashing is slow, and who knows one password could keep it from all others.

use std::{collections::HashMap, time::Duration};

use super::{
    Address,
    allowances::{Allowance, Settlement},
    bucket::Rate,
    device::{Account, Device},
    table::Table,
};
use crate::{config::Limits, transport::Permit};

/// Tries of all strangers together at one account, for each that one address has.
const STRANGERS: u64 = 10;
/// Passwords of one address, right or wrong, for each failure that it has.
const PASSWORDS: u64 = 5;
/// Allowances that are remembered.
const TRIES_MAX: usize = 32_768;
/// Addresses from which somebody has logged in that are remembered.
const KNOWN_MAX: usize = 16_384;
/// For how long.
const KNOWN_FOR_NS: u64 = 30 * 24 * 3_600 * 1_000_000_000;
/// The part of a full list of known addresses that is forgotten in one go.
const FORGOTTEN: usize = 8;

/// Whose allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Payer {
    Device(Account, Device),
    AddressOfAccount(Account, Address),
    Address(Address),
    Strangers(Account),
    /// Somebody who is logged in and names the password again.
    Owner(Account),
    /// Every password, also a right one.
    Passwords(Address),
    Registrations(Address),
    Names(Address),
}

impl Payer {
    /// What it is hashed from, where others are to know it: of one kind and one length each.
    pub(super) fn bytes(self) -> Vec<u8> {
        let of_address = |address| match address {
            Address::V4(ip) => [&[4][..], &ip.octets()].concat(),
            Address::V6(network) => [&[6][..], &network.to_be_bytes()].concat(),
        };
        match self {
            Self::Device(account, device) => [&[0][..], &account.0, &device.0].concat(),
            Self::AddressOfAccount(account, address) => [&[1][..], &account.0, &of_address(address)].concat(),
            Self::Address(address) => [&[2][..], &of_address(address)].concat(),
            Self::Strangers(account) => [&[3][..], &account.0].concat(),
            Self::Owner(account) => [&[4][..], &account.0].concat(),
            Self::Passwords(address) => [&[5][..], &of_address(address)].concat(),
            Self::Registrations(address) => [&[6][..], &of_address(address)].concat(),
            Self::Names(address) => [&[7][..], &of_address(address)].concat(),
        }
    }
}

/// How a try has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The password was right: what was tried before is forgiven.
    Succeeded,
    /// Who is logged in has named the password.
    Confirmed,
    /// An account was made: it counts as such, and not as a failure.
    Registered,
    /// None was.
    NotRegistered,
    /// Nothing was said about the password.
    Unsaid,
}

/// Who pays for a try, in their order.
pub(super) type Payers = [Option<Payer>; 4];

/// Of strangers, those who pay also where the address is known.
pub(super) const KNOWN_PAYERS: usize = 2;

/// For a password of an account, from an address; `device` is one that has proved to have
/// logged in to it before.
pub(super) fn login_payers(account: Account, address: Address, device: Option<Device>, is_known: bool) -> Payers {
    let every = Some(Payer::Passwords(address));
    match device {
        Some(device) => [Some(Payer::Device(account, device)), every, None, None],
        None if is_known => [Some(Payer::AddressOfAccount(account, address)), every, None, None],
        None => {
            let of_account = Payer::AddressOfAccount(account, address);
            [Some(of_account), every, Some(Payer::Address(address)), Some(Payer::Strangers(account))]
        }
    }
}

/// For the password again, from somebody who is logged in.
pub(super) fn confirm_payers(account: Account, address: Address) -> Payers {
    [Some(Payer::Owner(account)), Some(Payer::Passwords(address)), None, None]
}

/// For a new account.
pub(super) fn register_payers(address: Address) -> Payers {
    [Some(Payer::Registrations(address)), Some(Payer::Address(address)), None, None]
}

/// Who has counted a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    Here,
    InCommon,
}

/// A try that was paid for.
#[derive(Debug)]
pub struct Try {
    account: Account,
    address: Address,
    payers: Payers,
    counted: Counted,
    /// Among the passwords of this address that are looked at.
    #[allow(dead_code)] // held, never read
    place: Permit,
}

impl Try {
    /// The account that was tried.
    pub(super) fn account(&self) -> Account {
        self.account
    }

    pub(super) fn new(account: Account, address: Address, payers: Payers, counted: Counted) -> Self {
        Self { account, address, payers, counted, place: Permit::default() }
    }

    pub(super) fn counted(&self) -> Counted {
        self.counted
    }

    pub(super) fn address(&self) -> Address {
        self.address
    }

    /// What becomes of its payers.
    pub(super) fn settled(&self, outcome: Outcome) -> impl Iterator<Item = (Payer, Settlement)> {
        self.payers.into_iter().flatten().filter_map(move |payer| {
            let settlement = match (outcome, payer) {
                (Outcome::Succeeded, Payer::Device(..) | Payer::AddressOfAccount(..) | Payer::Owner(_)) => {
                    Settlement::Forgive
                }
                (Outcome::Succeeded, Payer::Passwords(_)) => return None,
                (Outcome::Succeeded | Outcome::Unsaid, _) => Settlement::Give,
                (Outcome::Confirmed, Payer::Owner(_)) => Settlement::Give,
                (Outcome::Registered, Payer::Address(_)) => Settlement::Give,
                (Outcome::NotRegistered, Payer::Registrations(_)) => Settlement::Give,
                (Outcome::Confirmed | Outcome::Registered | Outcome::NotRegistered, _) => return None,
            };
            Some((payer, settlement))
        })
    }

    /// Holds a place until it ends.
    pub(super) fn holding(self, place: Permit) -> Self {
        Self { place, ..self }
    }
}

/// See the module.
pub(super) struct Logins {
    per_account: Option<Rate>,
    per_address: Option<Rate>,
    strangers: Option<Rate>,
    passwords: Option<Rate>,
    registrations: Option<Rate>,
    names: Option<Rate>,
    tries: Table<Payer, 1>,
    /// When somebody last logged in from there.
    known: HashMap<(Account, Address), u64>,
}

impl Logins {
    pub(super) fn new(limits: &Limits) -> Self {
        let per_minute = |tries: u32| Rate::per_minute(u64::from(tries));
        Self {
            per_account: per_minute(limits.failed_logins_per_minute_per_account),
            per_address: per_minute(limits.failed_logins_per_minute_per_address),
            strangers: Rate::per_minute(u64::from(limits.failed_logins_per_minute_per_account) * STRANGERS),
            passwords: Rate::per_minute(u64::from(limits.failed_logins_per_minute_per_address) * PASSWORDS),
            registrations: Rate::per_hour(u64::from(limits.registrations_per_hour_per_address)),
            names: per_minute(limits.name_checks_per_minute_per_address),
            tries: Table::new(TRIES_MAX),
            known: HashMap::new(),
        }
    }

    /// A password for `account`, from `address`; `device` is one that has proved to have
    /// logged in to it before.
    pub(super) fn login(
        &mut self,
        account: Account,
        address: Address,
        device: Option<Device>,
        now_ns: u64,
    ) -> Result<Try, Duration> {
        let seen = self.known.get(&(account, address));
        let known = seen.is_some_and(|at_ns| now_ns.saturating_sub(*at_ns) < KNOWN_FOR_NS);
        self.pay(account, address, login_payers(account, address, device, known), now_ns)
    }

    /// The password again, from somebody who is logged in.
    pub(super) fn confirm(&mut self, account: Account, address: Address, now_ns: u64) -> Result<Try, Duration> {
        self.pay(account, address, confirm_payers(account, address), now_ns)
    }

    /// A new account.
    pub(super) fn register(&mut self, address: Address, now_ns: u64) -> Result<Try, Duration> {
        self.pay(Account::default(), address, register_payers(address), now_ns)
    }

    /// A question whether a name is free.
    pub(super) fn name(&mut self, address: Address, now_ns: u64) -> Result<(), Duration> {
        self.tries.take(Payer::Names(address), 0, self.names.as_ref(), 1, now_ns)
    }

    /// A try that was paid for here has ended.
    pub(super) fn settle(&mut self, tried: &Try, outcome: Outcome) {
        tried.settled(outcome).for_each(|(payer, settlement)| match settlement {
            Settlement::Give => self.repay_one(payer),
            Settlement::Forgive => self.tries.forgive(payer),
        });
    }

    /// Whoever owns an account is at home there.
    pub(super) fn know(&mut self, account: Account, address: Address, now_ns: u64) {
        if self.known.len() >= KNOWN_MAX && !self.known.contains_key(&(account, address)) {
            self.forget(now_ns);
        }
        self.known.insert((account, address), now_ns);
    }

    /// One that pays elsewhere, as its rate is; nothing if there is no limit.
    pub(super) fn allowance(&self, payer: Payer, key: [u8; 16]) -> Option<Allowance> {
        let (cost_us, burst_us) = self.rate(payer)?.of_one_us();
        Some(Allowance { key, cost_us, burst_us })
    }

    fn pay(&mut self, account: Account, address: Address, payers: Payers, now_ns: u64) -> Result<Try, Duration> {
        for (paid, payer) in payers.iter().enumerate() {
            let Some(payer) = *payer else { break };
            let rate = self.rate(payer);
            if let Err(wait) = self.tries.take(payer, 0, rate.as_ref(), 1, now_ns) {
                payers[..paid].iter().flatten().for_each(|payer| self.repay_one(*payer));
                return Err(wait);
            }
        }
        Ok(Try::new(account, address, payers, Counted::Here))
    }

    fn repay_one(&mut self, payer: Payer) {
        let rate = self.rate(payer);
        self.tries.give(payer, 0, rate.as_ref(), 1);
    }

    fn rate(&self, payer: Payer) -> Option<Rate> {
        match payer {
            Payer::Device(..) | Payer::AddressOfAccount(..) | Payer::Owner(_) => self.per_account,
            Payer::Address(_) => self.per_address,
            Payer::Strangers(_) => self.strangers,
            Payer::Passwords(_) => self.passwords,
            Payer::Registrations(_) => self.registrations,
            Payer::Names(_) => self.names,
        }
    }

    /// The oldest go first.
    fn forget(&mut self, now_ns: u64) {
        self.known.retain(|_, at_ns| now_ns.saturating_sub(*at_ns) < KNOWN_FOR_NS);
        let mut surplus = self.known.len().saturating_sub(KNOWN_MAX - KNOWN_MAX / FORGOTTEN);
        if surplus == 0 {
            return;
        }
        let mut times: Vec<u64> = self.known.values().copied().collect();
        let (_, newest, _) = times.select_nth_unstable(surplus - 1);
        let newest = *newest;
        self.known.retain(|_, at_ns| {
            let goes = surplus > 0 && *at_ns <= newest;
            surplus -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests;
