//! Which names an account has claimed. Their keys say nothing of whose they are, and only
//! the domain knows how they are made.

use crate::{
    Store, StoreError,
    embedded::{keys, read::Read, stored, view::View},
    model::NameKey,
};

/// The keys that the account of a name may have claimed, first the one by which it is found
/// at a login; for no name those that belong to no account's.
pub type ClaimedNames<'a> = &'a dyn Fn(&Store, Option<&str>) -> Vec<NameKey>;

/// A row of a name.
pub(super) struct Claimed {
    pub(super) key: NameKey,
    pub(super) sealed: Vec<u8>,
    pub(super) claim: stored::Name,
}

/// What has been claimed under these keys.
pub(super) fn claimed(view: &View<'_>, names: Vec<NameKey>) -> Result<Vec<Claimed>, StoreError> {
    let mut found = Vec::new();
    for name in names {
        let key = keys::name(name);
        if let (Some(claim), Some(sealed)) = (view.get(&key)?, view.get_sealed(&key.bytes)?) {
            found.push(Claimed { key: name, sealed, claim });
        }
    }
    Ok(found)
}
