use super::*;
use std::net::Ipv4Addr;

const ANN: Account = Account([1; 16]);
const BOB: Account = Account([2; 16]);
const PHONE: Device = Device([7; 16]);
const MINUTE_NS: u64 = 60_000_000_000;

fn address(number: u32) -> Address {
    Address::V4(Ipv4Addr::from(number))
}

fn logins() -> Logins {
    let limits = Limits {
        failed_logins_per_minute_per_account: 2,
        failed_logins_per_minute_per_address: 5,
        registrations_per_hour_per_address: 3,
        name_checks_per_minute_per_address: 4,
        ..Limits::default()
    };
    Logins::new(&limits)
}

/// Somebody has logged in.
fn succeed(logins: &mut Logins, tried: &Try, now_ns: u64) {
    logins.settle(tried, Outcome::Succeeded);
    logins.know(tried.account, tried.address, now_ns);
}

#[test]
fn one_address_has_so_many_tries_at_an_account_and_so_many_in_all() {
    let mut logins = logins();
    assert!(logins.login(ANN, address(1), None, 0).is_ok());
    assert!(logins.login(ANN, address(1), None, 0).is_ok());
    assert_eq!(logins.login(ANN, address(1), None, 0).unwrap_err().as_secs(), 30);
    assert!(logins.login(ANN, address(2), None, 0).is_ok(), "from elsewhere");
    // A refused try costs the address nothing.
    for account in 10..13 {
        assert!(logins.login(Account([account; 16]), address(1), None, 0).is_ok());
    }
    assert!(logins.login(BOB, address(1), None, 0).is_err(), "the address has had its five");
    assert!(logins.login(ANN, address(1), None, MINUTE_NS).is_ok());
}

#[test]
fn strangers_lock_out_neither_a_known_device_nor_a_known_address() {
    let mut logins = logins();
    let home = address(9);
    let first = logins.login(ANN, home, None, 0).unwrap();
    succeed(&mut logins, &first, 0);
    let mut refused = 0;
    for stranger in 100..200 {
        refused += u32::from(logins.login(ANN, address(stranger), None, 1).is_err());
    }
    assert_eq!(refused, 80, "together they have twenty tries");
    assert!(logins.login(ANN, address(300), None, 2).is_err(), "a stranger waits");
    assert!(logins.login(BOB, address(300), None, 2).is_ok(), "another account is not touched");
    assert!(logins.login(ANN, address(300), Some(PHONE), 2).is_ok(), "a known device anywhere");
    assert!(logins.login(ANN, home, None, 2).is_ok(), "a known address");
    // Each of them has the allowance of one, and no more.
    assert!(logins.login(ANN, home, None, 2).is_ok());
    assert!(logins.login(ANN, home, None, 2).is_err());
    assert!(logins.login(ANN, address(300), Some(PHONE), 2).is_ok());
    assert!(logins.login(ANN, address(300), Some(PHONE), 2).is_err());
    // The known address is not known for another account.
    assert!(logins.login(BOB, home, None, KNOWN_FOR_NS + 1).is_ok());
}

#[test]
fn who_remembers_the_password_at_last_is_forgiven() {
    let mut logins = logins();
    for _ in 0..10 {
        let _wrong = logins.login(ANN, address(1), None, 0).unwrap();
        let right = logins.login(ANN, address(1), None, 0).unwrap();
        succeed(&mut logins, &right, 0);
    }
    // What was said about nothing costs nothing.
    for _ in 0..20 {
        let unsaid = logins.login(BOB, address(2), None, 0).unwrap();
        logins.settle(&unsaid, Outcome::Unsaid);
    }
}

#[test]
fn a_known_address_is_forgotten_after_a_month() {
    let mut logins = logins();
    let tried = logins.login(ANN, address(1), None, 0).unwrap();
    succeed(&mut logins, &tried, 0);
    for stranger in 100..120 {
        logins.login(ANN, address(stranger), None, KNOWN_FOR_NS).unwrap();
    }
    assert!(logins.login(ANN, address(1), None, KNOWN_FOR_NS - 1).is_ok());
    assert!(logins.login(ANN, address(1), None, KNOWN_FOR_NS).is_err());
}

#[test]
fn registrations_count_when_they_succeed_and_failures_when_they_do_not() {
    let mut logins = logins();
    for _ in 0..3 {
        let tried = logins.register(address(1), 0).unwrap();
        logins.settle(&tried, Outcome::Registered);
    }
    assert_eq!(logins.register(address(1), 0).unwrap_err().as_secs(), 1_200);
    for _ in 0..5 {
        let tried = logins.register(address(2), 0).unwrap();
        logins.settle(&tried, Outcome::NotRegistered);
    }
    assert!(logins.register(address(2), 0).is_err(), "five failures of the address");
    assert!((0..4).all(|_| logins.name(address(3), 0).is_ok()));
    assert!(logins.name(address(3), 0).is_err() && logins.name(address(4), 0).is_ok());
}

#[test]
fn whoever_is_logged_in_does_not_guess_the_password_either() {
    let mut logins = logins();
    assert!(logins.confirm(ANN, address(1), 0).is_ok() && logins.confirm(ANN, address(2), 0).is_ok());
    assert!(logins.confirm(ANN, address(3), 0).is_err());
    assert!(logins.login(ANN, address(1), None, 0).is_ok(), "the door is another matter");
}

#[test]
fn right_passwords_are_bounded_too() {
    let mut logins = logins();
    for _ in 0..5 * PASSWORDS {
        let right = logins.login(ANN, address(1), Some(PHONE), 0).unwrap();
        succeed(&mut logins, &right, 0);
    }
    assert!(logins.login(ANN, address(1), Some(PHONE), 0).is_err());
    assert!(logins.confirm(ANN, address(1), 0).is_err());
    assert!(logins.login(ANN, address(2), Some(PHONE), 0).is_ok(), "from elsewhere");
    for _ in 0..5 * PASSWORDS {
        let right = logins.confirm(BOB, address(3), 0).unwrap();
        logins.settle(&right, Outcome::Confirmed);
    }
    assert!(logins.confirm(BOB, address(3), 0).is_err());
    assert!(logins.login(BOB, address(1), None, MINUTE_NS).is_ok());
}

#[test]
fn memory_is_bounded() {
    let mut logins = logins();
    for number in 0..2 * KNOWN_MAX as u32 {
        let tried = logins.login(ANN, address(number), Some(Device(u128::from(number).to_le_bytes())), 0).unwrap();
        succeed(&mut logins, &tried, u64::from(number));
        assert!(logins.known.len() <= KNOWN_MAX);
    }
    assert!(logins.known.contains_key(&(ANN, address(2 * KNOWN_MAX as u32 - 1))), "the newest stay");
}
