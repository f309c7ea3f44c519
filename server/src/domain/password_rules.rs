//! Which passwords are allowed: long enough, and not among the first that are guessed.
//!
//! How many guesses a password takes is zxcvbn's estimate (Wheeler, USENIX Security
//! 2016): lists of leaked passwords, words and names, keyboard walks, dates, repeats,
//! and the user's own name.

use rill_protocol::limits::{PASSWORD_BYTES_MAX, PASSWORD_BYTES_MIN};
use std::collections::BTreeSet;

use super::DomainError;

/// A password that falls within a million guesses is common: against the bounds on
/// logins that is months, and whoever guesses slowly begins with these.
const GUESSES_LOG10_MIN: f64 = 6.0;
/// Characters that are judged. The estimate's cost grows with the square: 100 take up to
/// 16 ms. What follows can only make a password better.
const JUDGED_CHARS_MAX: usize = 100;
/// What a character outside ASCII is worth beyond the ten guesses that the estimate,
/// which knows no such words, gives it: there are a few thousand common Han characters.
const FOREIGN_GUESSES_LOG10: f64 = 2.0;

/// Bytes of UTF-8, as on the wire.
pub(super) fn check_length(password: &str) -> Result<(), DomainError> {
    match (PASSWORD_BYTES_MIN..=PASSWORD_BYTES_MAX).contains(&password.len()) {
        true => Ok(()),
        false => Err(DomainError::BadPassword { min: PASSWORD_BYTES_MIN, max: PASSWORD_BYTES_MAX }),
    }
}

/// Whether a password is among the first that are guessed for this user. Takes
/// milliseconds.
pub(super) fn is_common(password: &str, username: &str) -> bool {
    let judged: String = password.chars().take(JUDGED_CHARS_MAX).collect();
    let foreign: BTreeSet<char> = judged.chars().filter(|c| !c.is_ascii()).collect();
    let estimate = zxcvbn::zxcvbn(&judged, &[username, "rill"]).guesses_log10();
    estimate + foreign.len() as f64 * FOREIGN_GUESSES_LOG10 < GUESSES_LOG10_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guessed_first_is_refused() {
        for common in [
            "password",
            "password123",
            "12345678",
            "qwertyuiop",
            "1q2w3e4r",
            "P@ssw0rd!",
            "Sommer2024",
            "football12",
            "20020202",
            "aaaaaaaa",
            "alicealice",
            "alice123",
            "Alice2024",
            "rill1234",
            "rillrill",
            "admin1234",
            "哈哈哈哈哈哈哈哈",
        ] {
            assert!(is_common(common, "alice"), "{common}");
        }
    }

    #[test]
    fn what_is_not_is_allowed() {
        for rare in [
            "correct horse",
            "wrong horse",
            "xk7mw3fx",
            "Tr0ub4dor&3",
            "我的密码很长",
            "春眠不觉晓",
            "mein Hund Waldi",
            "alice likes rivers",
        ] {
            assert!(!is_common(rare, "alice"), "{rare}");
        }
    }

    #[test]
    fn a_long_one_is_judged_by_its_beginning() {
        assert!(!is_common(&"correct horse ".repeat(70), "alice"));
        assert!(check_length(&"x".repeat(PASSWORD_BYTES_MAX + 1)).is_err());
        assert!(check_length("seven77").is_err() && check_length("字字字").is_ok());
    }
}
