//! Devices that have logged in before, by a proof that they keep themselves.
//!
//! A proof is an id and a keyed hash over it and the account, so that it needs no record
//! here and cannot be made elsewhere. A browser keeps a few, one for each account that
//! was used in it. It opens nothing: it only keeps strangers' failures apart.

use blake3::Hash;

/// What was typed as a name, hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Account(pub(super) [u8; 16]);

/// A device's id for one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Device(pub(super) [u8; 16]);

/// Proofs that one browser keeps; the oldest makes room.
const PROOFS_MAX: usize = 4;
const ID_BYTES: usize = 16;
/// A proof in hexadecimal: id and hash.
const PROOF_CHARS: usize = 2 * (ID_BYTES + blake3::OUT_LEN);

/// Makes and checks proofs.
pub(super) struct Devices {
    key: [u8; 32],
}

impl Devices {
    /// With a key that outlives the process.
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// The account of a name in the form in which names are compared. Hashed with the key:
    /// nobody chooses names that meet in one place.
    pub(super) fn account(&self, name: &str) -> Account {
        let hash = self.hash(b"account ", &[name.as_bytes()]);
        Account(first_half(&hash))
    }

    /// The device among `proofs` that knows `account`.
    pub(super) fn find(&self, proofs: &str, account: Account) -> Option<Device> {
        proofs.split('.').take(PROOFS_MAX).find_map(|proof| self.check(proof, account))
    }

    /// `proofs` with one of a new device for `account` before them.
    pub(super) fn add(&self, proofs: &str, account: Account, id: [u8; ID_BYTES]) -> String {
        let mut all: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        all.push_str(self.proof(account, &id).to_hex().as_str());
        for proof in proofs.split('.').filter(|proof| is_proof(proof)).take(PROOFS_MAX - 1) {
            all.push('.');
            all.push_str(proof);
        }
        all
    }

    /// What stands outside for whoever pays for tries.
    pub(super) fn payer(&self, bytes: &[u8]) -> [u8; 16] {
        first_half(&self.hash(b"payer   ", &[bytes]))
    }

    fn check(&self, proof: &str, account: Account) -> Option<Device> {
        if !is_proof(proof) {
            return None;
        }
        let (id, hash) = proof.split_at(2 * ID_BYTES);
        let id: [u8; ID_BYTES] = u128::from_str_radix(id, 16).ok()?.to_be_bytes();
        // The comparison of hashes takes the same time for all of them.
        (Hash::from_hex(hash).ok()? == self.proof(account, &id)).then_some(Device(id))
    }

    fn proof(&self, account: Account, id: &[u8; ID_BYTES]) -> Hash {
        self.hash(b"device  ", &[&account.0, id])
    }

    fn hash(&self, purpose: &[u8; 8], parts: &[&[u8]]) -> Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        // Of one length, so that no two lists of parts run together.
        hasher.update(purpose);
        for part in parts {
            hasher.update(part);
        }
        hasher.finalize()
    }
}

fn is_proof(text: &str) -> bool {
    text.len() == PROOF_CHARS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn first_half(hash: &Hash) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&hash.as_bytes()[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_for_one_account_and_of_one_server() {
        let devices = Devices::new([1; 32]);
        let (ann, bob) = (devices.account("ann"), devices.account("bob"));
        let proofs = devices.add("", ann, [7; 16]);
        assert_eq!(devices.find(&proofs, ann), Some(Device([7; 16])));
        assert_eq!(devices.find(&proofs, bob), None);
        assert_eq!(Devices::new([2; 32]).find(&proofs, ann), None);
        let forged = proofs.replacen("07", "08", 1);
        assert_eq!(devices.find(&forged, ann), None);
    }

    #[test]
    fn a_browser_keeps_the_newest_few() {
        let devices = Devices::new([1; 32]);
        let accounts: Vec<Account> = (0..6).map(|number| devices.account(&format!("user{number}"))).collect();
        let mut proofs = String::from("nonsense.\u{e9}");
        for (number, account) in accounts.iter().enumerate() {
            proofs = devices.add(&proofs, *account, [number as u8; 16]);
        }
        let known: Vec<bool> = accounts.iter().map(|account| devices.find(&proofs, *account).is_some()).collect();
        assert_eq!(known, [false, false, true, true, true, true]);
        assert!(proofs.len() < 512, "a cookie of {} bytes", proofs.len());
    }

    #[test]
    fn what_is_no_proof_proves_nothing() {
        let devices = Devices::new([1; 32]);
        let account = devices.account("ann");
        for text in ["", ".", "..", "+", &"0".repeat(PROOF_CHARS), &"é".repeat(PROOF_CHARS / 2), &"+".repeat(96)] {
            assert_eq!(devices.find(text, account), None, "{text}");
        }
    }
}
