//! Keyed hashes: how names, secrets and contents become keys and digests that say
//! nothing to somebody who holds only the files.

use crate::{
    Store,
    model::{Digest, NameKey},
};

/// blake3, keyed, over length-prefixed parts: no two lists of parts give the same
/// input, and no two purposes share one.
fn hash(secret: &[u8; 32], purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    for part in [purpose.as_bytes()].iter().chain(parts) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

impl Store {
    /// The key under which a name is claimed. The caller normalises.
    pub fn name_key(&self, normalised_name: &str) -> NameKey {
        NameKey(hash(&self.secret, "name", &[normalised_name.as_bytes()]))
    }

    /// The digest of a secret or of a request's content. `purpose` separates domains:
    /// equal parts under different purposes have unrelated digests.
    pub fn digest(&self, purpose: &str, parts: &[&[u8]]) -> Digest {
        // The prefix keeps every purpose apart from that of `name_key`.
        Digest(hash(&self.secret, &format!("digest {purpose}"), parts))
    }
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn every_boundary_between_parts_counts() {
        let secret = [7; 32];
        let inputs: [(&str, &[&[u8]]); 7] = [
            ("a", &[b"bc"]),
            ("a", &[b"b", b"c"]),
            ("a", &[b"bc", b""]),
            ("ab", &[b"c"]),
            ("a", &[]),
            ("a", &[b""]),
            ("", &[b"a", b"bc"]),
        ];
        let mut seen = std::collections::HashSet::new();
        for (purpose, parts) in inputs {
            assert!(seen.insert(hash(&secret, purpose, parts)), "{purpose:?} {parts:?}");
        }
        assert_ne!(hash(&[8; 32], "a", &[b"bc"]), hash(&secret, "a", &[b"bc"]));
    }
}
