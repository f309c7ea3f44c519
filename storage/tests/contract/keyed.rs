//! The store's secret and what is hashed with it.

use crate::stage::{Kind, contract};

async fn hashes_depend_on_purpose_parts_and_secret(kind: Kind) {
    let (one, mut other) = (kind.open(), kind.open().store.clone());
    let store = &one.store;
    assert_ne!(store.secret, [0; 32]);
    assert_eq!(store.digest("token", &[b"a"]), store.digest("token", &[b"a"]));
    assert_ne!(store.digest("token", &[b"a"]), store.digest("ticket", &[b"a"]));
    assert_ne!(store.digest("token", &[b"ab"]), store.digest("token", &[b"a", b"b"]));
    assert_ne!(store.digest("name", &[b"a"]).0, store.name_key("a").0);
    other.secret[0] ^= 1;
    assert_ne!(store.name_key("a"), other.name_key("a"));
}

contract! { hashes_depend_on_purpose_parts_and_secret }
