//! Passwords made for somebody: random, and easy to read out and to type.

use crate::runtime::Entropy;

/// Small letters and digits without those that look like another: 5 bits each.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const GROUPS: usize = 4;
const GROUP_CHARS: usize = 4;

/// `xxxx-xxxx-xxxx-xxxx`: 80 bits, which nobody guesses.
pub(super) fn make(entropy: &dyn Entropy) -> String {
    let random: [u8; GROUPS * GROUP_CHARS] = entropy.bytes();
    let group = |bytes: &[u8]| -> String {
        bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % ALPHABET.len() as u8)])).collect()
    };
    random.chunks(GROUP_CHARS).map(group).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::password_rules, runtime::SystemEntropy};
    use std::collections::BTreeSet;

    #[test]
    fn made_passwords_are_all_different_and_pass_the_rules() {
        let made: BTreeSet<String> = (0..200).map(|_| make(&SystemEntropy)).collect();
        assert_eq!(made.len(), 200);
        for password in &made {
            assert_eq!(password.len(), 19);
            assert!(password_rules::check_length(password).is_ok() && !password_rules::is_common(password, "alice"));
        }
        let letters: BTreeSet<char> = made.iter().flat_map(|password| password.chars()).collect();
        assert_eq!(letters.len(), ALPHABET.len() + 1, "every letter comes up, and the hyphen");
    }
}
