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
enum Payer {
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

/// A try that was paid for.
#[derive(Debug)]
pub struct Try {
    account: Account,
    address: Address,
    payers: [Option<Payer>; 4],
    /// Among the passwords of this address that are looked at.
    #[allow(dead_code)] // held, never read
    place: Permit,
}

impl Try {
    /// The account that was tried.
    pub(super) fn account(&self) -> Account {
        self.account
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
        let every = Some(Payer::Passwords(address));
        let payers = match device {
            Some(device) => [Some(Payer::Device(account, device)), every, None, None],
            None if known => [Some(Payer::AddressOfAccount(account, address)), every, None, None],
            None => {
                let of_account = Payer::AddressOfAccount(account, address);
                [Some(of_account), every, Some(Payer::Address(address)), Some(Payer::Strangers(account))]
            }
        };
        self.pay(account, address, payers, now_ns)
    }

    /// The password again, from somebody who is logged in.
    pub(super) fn confirm(&mut self, account: Account, address: Address, now_ns: u64) -> Result<Try, Duration> {
        self.pay(account, address, [Some(Payer::Owner(account)), Some(Payer::Passwords(address)), None, None], now_ns)
    }

    /// A new account.
    pub(super) fn register(&mut self, address: Address, now_ns: u64) -> Result<Try, Duration> {
        let payers = [Some(Payer::Registrations(address)), Some(Payer::Address(address)), None, None];
        self.pay(Account::default(), address, payers, now_ns)
    }

    /// A question whether a name is free.
    pub(super) fn name(&mut self, address: Address, now_ns: u64) -> Result<(), Duration> {
        self.tries.take(Payer::Names(address), 0, self.names.as_ref(), 1, now_ns)
    }

    /// Somebody has logged in: what they tried before is forgiven, and they are known here.
    pub(super) fn succeeded(&mut self, tried: &Try, now_ns: u64) {
        for payer in tried.payers.into_iter().flatten() {
            match payer {
                Payer::Device(..) | Payer::AddressOfAccount(..) | Payer::Owner(_) => self.tries.forgive(payer),
                Payer::Passwords(_) => {}
                _ => self.repay_one(payer),
            }
        }
        self.know(tried.account, tried.address, now_ns);
    }

    /// Whoever owns an account is at home there.
    pub(super) fn know(&mut self, account: Account, address: Address, now_ns: u64) {
        if self.known.len() >= KNOWN_MAX && !self.known.contains_key(&(account, address)) {
            self.forget(now_ns);
        }
        self.known.insert((account, address), now_ns);
    }

    /// Who is logged in has named the password.
    pub(super) fn confirmed(&mut self, tried: &Try) {
        self.repay_one(Payer::Owner(tried.account));
    }

    /// An account was made: it counts as such, and not as a failure.
    pub(super) fn registered(&mut self, tried: &Try) {
        self.repay_one(Payer::Address(tried.address));
    }

    /// No account was made.
    pub(super) fn not_registered(&mut self, tried: &Try) {
        self.repay_one(Payer::Registrations(tried.address));
    }

    /// Nothing was said about the password.
    pub(super) fn repay(&mut self, tried: &Try) {
        tried.payers.into_iter().flatten().for_each(|payer| self.repay_one(payer));
    }

    fn pay(
        &mut self,
        account: Account,
        address: Address,
        payers: [Option<Payer>; 4],
        now_ns: u64,
    ) -> Result<Try, Duration> {
        for (paid, payer) in payers.iter().enumerate() {
            let Some(payer) = *payer else { break };
            let rate = self.rate(payer);
            if let Err(wait) = self.tries.take(payer, 0, rate.as_ref(), 1, now_ns) {
                payers[..paid].iter().flatten().for_each(|payer| self.repay_one(*payer));
                return Err(wait);
            }
        }
        Ok(Try { account, address, payers, place: Permit::default() })
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
