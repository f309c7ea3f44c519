//! Going through a place: what it holds in all, and what was begun there and not
//! finished.
//! Slow, for it looks at everything; nothing that somebody waits for does so.

use futures_util::TryStreamExt as _;
use object_store::ObjectMeta;

use super::{BlobName, Blobs, blocking, bucket, failed, path};
use crate::{StoreError, limits::STRAY_OBJECTS_MAX};

impl Blobs {
    /// How many bytes lie in the place, whatever they are.
    ///
    /// # Errors
    /// The place fails.
    pub async fn used_bytes(&self) -> Result<u64, StoreError> {
        if let Some(folder) = &self.folder {
            let mut bytes = 0;
            for part in folder.parts() {
                let folder = folder.clone();
                // A piece of work for each, so that none is long.
                bytes += blocking::run(move || folder.used_bytes(part)).await?;
            }
            return Ok(bytes);
        }
        let all = self.store.list(None);
        let bytes = all.try_fold(0, |bytes, found| async move { Ok(bytes + found.size) }).await;
        bytes.map_err(|error| failed("counted", &error))
    }

    /// Names of blobs that are not finished and of which nothing was written since then, in
    /// their order, behind one of them. Some are of transfers that rest: see [`crate::strays`]. A
    /// finished blob is none of them, whatever refers to it.
    ///
    /// # Errors
    /// The place fails.
    pub async fn strays(
        &self,
        untouched_since_ms: u64,
        after: Option<BlobName>,
        limit: usize,
    ) -> Result<Strays, StoreError> {
        let Some(folder) = self.folder.clone() else {
            return self.stray_objects(untouched_since_ms, after, (limit, STRAY_OBJECTS_MAX)).await;
        };
        let names = blocking::run(move || folder.strays(untouched_since_ms, after, limit)).await?;
        let next = names.last().copied().filter(|_| names.len() >= limit);
        Ok(Strays { names, next })
    }

    /// Of so many objects at most, and of all of the last blob among them.
    async fn stray_objects(
        &self,
        untouched_since_ms: u64,
        after: Option<BlobName>,
        (limit, objects_max): (usize, usize),
    ) -> Result<Strays, StoreError> {
        let mut found = match after {
            // Behind all objects of that one: digits, and a word that begins before that.
            Some(after) => self.store.list_with_offset(None, &path(&after).join("z")),
            None => self.store.list(None),
        };
        let (mut names, mut objects) = (Vec::new(), 0);
        let mut last = None::<Seen>;
        let is_stray = |seen: &Seen| !seen.is_finished && seen.changed_ms < untouched_since_ms;
        loop {
            let object = found.try_next().await.map_err(|error| failed("looked for", &error))?;
            objects += 1;
            let Some(object) = object else { break };
            let Some(seen) = Seen::of(&object) else { continue };
            if let Some(last) = last.as_mut().filter(|last| last.name == seen.name) {
                last.is_finished |= seen.is_finished;
                last.changed_ms = last.changed_ms.max(seen.changed_ms);
                continue;
            }
            let Some(whole) = last.replace(seen) else { continue };
            names.extend(is_stray(&whole).then_some(whole.name));
            if names.len() >= limit || objects > objects_max {
                return Ok(Strays { names, next: Some(whole.name) });
            }
        }
        names.extend(last.filter(is_stray).map(|whole| whole.name));
        Ok(Strays { names, next: None })
    }
}

/// What a look for strays has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strays {
    pub names: Vec<BlobName>,
    /// Behind which the next look goes on; `None` at the end of the place.
    pub next: Option<BlobName>,
}

/// What is known of a blob by its objects.
struct Seen {
    name: BlobName,
    is_finished: bool,
    changed_ms: u64,
}

impl Seen {
    /// By one of them: of a blob that was written whole the only one.
    fn of(object: &ObjectMeta) -> Option<Self> {
        let mut parts = object.location.parts();
        let (shelf, rest, own) = (parts.next()?, parts.next()?, parts.next());
        let name = BlobName::of(&format!("{}{}", shelf.as_ref(), rest.as_ref()))?;
        let is_finished = own.is_none_or(|own| own.as_ref() == bucket::FINISHED);
        Some(Self { name, is_finished, changed_ms: changed_ms(object) }).filter(|_| parts.next().is_none())
    }
}

fn changed_ms(object: &ObjectMeta) -> u64 {
    object.last_modified.timestamp_millis().try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests;
