//! Contents: which blob holds one, what refers to it, and blobs that are spent.

use async_trait::async_trait;
use std::ops::ControlFlow;

use super::{Ports, Slot, Substrate};
use crate::{
    StoreError,
    blobs::BlobName,
    embedded::{
        keys::{self, Span},
        read::Read,
        stored,
        tx::Tx,
    },
    engine::Direction,
    limits::{
        CONTENT_FACTS_BYTES_MAX, READ_ROWS_MAX, SPENT_BLOB_KEPT_MS, SPENT_BLOB_KEPT_MS_MIN, SPENT_BLOBS_PER_CONTENT_MAX,
    },
    model::{Content, ContentId, ContentKey, DueContents, Offer, PendingReference, Reference, SpentBlob},
    port::{Claimed, Contents},
};

/// Rows that a look for any asks for.
const LOOKED_ROWS: usize = 64;

// One read sees all of a content's, also those that go with a last reference, for which there
// always is room.
const _: () = assert!(SPENT_BLOBS_PER_CONTENT_MAX < READ_ROWS_MAX);

fn content(record: stored::Content) -> Content {
    let stored::Content { key, blob, size, facts, created_ms } = record;
    Content { key: ContentKey(key), blob: BlobName(blob), size, facts, created_ms }
}

fn find(read: &impl Read, key: ContentKey) -> Result<Option<Content>, StoreError> {
    let found = read.get(&keys::content(key.id()))?.map(content);
    match found {
        // Half of a keyed hash: nobody lives to see it, and nobody gets another's file.
        Some(other) if other.key != key => Err(StoreError::Engine("two contents have one key".into())),
        found => Ok(found),
    }
}

fn spent(read: &impl Read, id: ContentId) -> Result<Vec<(BlobName, stored::SpentBlob)>, StoreError> {
    read.collect(&keys::spent_blobs(id), Direction::Forward, READ_ROWS_MAX, |key, row| {
        key.content()?;
        Ok((BlobName(key.take()?), row))
    })
}

/// Whether a span has a row. What a batch has removed of it is passed: a few are asked for at
/// once where each look costs a way.
fn is_any<R>(read: &impl Read, span: &Span<R>) -> Result<bool, StoreError> {
    let mut is_any = false;
    read.scan_sealed((&span.from, &span.until), Direction::Forward, LOOKED_ROWS, &mut |_, _| {
        is_any = true;
        ControlFlow::Break(())
    })?;
    Ok(is_any)
}

fn has_pending(read: &impl Read, id: ContentId) -> Result<bool, StoreError> {
    is_any(read, &keys::pending_references(id))
}

/// Says whether a collector has to look at a content.
fn note_due(tx: &mut Tx<'_>, key: ContentKey) -> Result<(), StoreError> {
    let id = key.id();
    let is_due = has_pending(tx, id)? || is_any(tx, &keys::spent_blobs(id))?;
    match (is_due, tx.contains(&keys::content_due(id))?) {
        (true, false) => tx.put(keys::content_due(id), &stored::ContentDue { key: key.0 }),
        (false, true) => tx.delete(keys::content_due(id)),
        _ => Ok(()),
    }
}

/// Makes room for another spent blob, by the oldest that is gone. When the last of them went
/// is a time that has passed, if nobody says what time it is.
fn make_room(tx: &mut Tx<'_>, id: ContentId, now_ms: Option<u64>) -> Result<(), StoreError> {
    let spent = spent(tx, id)?;
    if spent.len() < SPENT_BLOBS_PER_CONTENT_MAX {
        return Ok(());
    }
    let gone = || spent.iter().filter_map(|(blob, row)| Some((row.gone_ms?, *blob)));
    let now_ms = now_ms.max(gone().map(|(gone_ms, _)| gone_ms).max());
    match gone().min() {
        Some((gone_ms, blob)) if Some(gone_ms.saturating_add(SPENT_BLOB_KEPT_MS_MIN)) <= now_ms => {
            tx.delete(keys::spent_blob(id, blob))
        }
        _ => Err(StoreError::Busy),
    }
}

/// When one went that was looked for a second time, long after it was gone. No blob went then.
const FOR_GOOD_MS: u64 = 0;

/// Whether a blob that is gone is to be removed once more: who was to claim it may have been asleep
/// while it was collected, and have written it behind that, and stopped.
fn is_to_be_looked_for(gone_ms: u64, now_ms: u64) -> bool {
    gone_ms != FOR_GOOD_MS && gone_ms.saturating_add(SPENT_BLOB_KEPT_MS) <= now_ms
}

/// Whether its name need not be known any more; if nobody came to look for it, after twice the time.
fn is_to_be_forgotten(gone_ms: u64, now_ms: u64) -> bool {
    gone_ms == FOR_GOOD_MS || gone_ms.saturating_add(2 * SPENT_BLOB_KEPT_MS) <= now_ms
}

/// Who brings one again that is gone may have written it anew: it is to be collected once more.
fn spend(tx: &mut Tx<'_>, id: ContentId, blob: BlobName, facts: Vec<u8>) -> Result<(), StoreError> {
    let key = keys::spent_blob(id, blob);
    match tx.get(&key)? {
        Some(stored::SpentBlob { gone_ms: None, .. }) => Ok(()),
        Some(_) | None => tx.put(key, &stored::SpentBlob { facts, gone_ms: None }),
    }
}

fn must_be_bounded(offer: &Offer) -> Result<(), StoreError> {
    if offer.facts.len() <= CONTENT_FACTS_BYTES_MAX {
        return Ok(());
    }
    Err(StoreError::Engine(format!("{} bytes of facts are more than a content has room for", offer.facts.len())))
}

fn refer(tx: &mut Tx<'_>, id: ContentId, reference: Reference, until_ms: u64) -> Result<(), StoreError> {
    if tx.contains(&keys::reference(id, reference))? {
        return Ok(());
    }
    let before = tx.get(&keys::pending_reference(id, reference))?.map_or(0, |row| row.until_ms);
    let row = stored::PendingReference { until_ms: until_ms.max(before) };
    tx.put(keys::pending_reference(id, reference), &row)
}

fn is_referred(read: &impl Read, id: ContentId, reference: Reference) -> Result<bool, StoreError> {
    Ok(read.contains(&keys::reference(id, reference))? || read.contains(&keys::pending_reference(id, reference))?)
}

fn claim(
    tx: &mut Tx<'_>,
    key: ContentKey,
    offer: &Offer,
    (reference, until_ms): (Reference, u64),
    now_ms: u64,
) -> Result<Claimed, StoreError> {
    must_be_bounded(offer)?;
    let id = key.id();
    let found = find(tx, key)?;
    if tx.contains(&keys::spent_blob(id, offer.blob))? {
        // It may have been written behind its collection.
        spend(tx, id, offer.blob, offer.facts.clone())?;
        note_due(tx, key)?;
        return Ok(match found {
            // The same claim again, whose blob was not the first.
            Some(found) if is_referred(tx, id, reference)? => Claimed::Theirs(found),
            _ => Claimed::Spent,
        });
    }
    let claimed = match found {
        Some(found) if found.blob == offer.blob => Claimed::Ours(found),
        Some(found) => {
            make_room(tx, id, Some(now_ms))?;
            spend(tx, id, offer.blob, offer.facts.clone())?;
            Claimed::Theirs(found)
        }
        None => {
            let Offer { blob, size, facts } = offer.clone();
            let record = stored::Content { key: key.0, blob: blob.0, size, facts, created_ms: now_ms };
            tx.put(keys::content(id), &record)?;
            Claimed::Ours(content(record))
        }
    };
    refer(tx, id, reference, until_ms)?;
    note_due(tx, key)?;
    Ok(claimed)
}

/// Of one that is pending only if its time is right.
fn confirm(
    tx: &mut Tx<'_>,
    key: ContentKey,
    reference: Reference,
    is_right: impl Fn(u64) -> bool,
) -> Result<bool, StoreError> {
    let id = key.id();
    let Some(pending) = tx.get(&keys::pending_reference(id, reference))? else {
        return tx.contains(&keys::reference(id, reference));
    };
    if is_right(pending.until_ms) {
        tx.delete(keys::pending_reference(id, reference))?;
        tx.put(keys::reference(id, reference), &stored::Reference {})?;
        note_due(tx, key)?;
    }
    Ok(true)
}

fn release(tx: &mut Tx<'_>, key: ContentKey, reference: Reference) -> Result<bool, StoreError> {
    let id = key.id();
    let was_there = is_referred(tx, id, reference)?;
    tx.delete(keys::reference(id, reference))?;
    tx.delete(keys::pending_reference(id, reference))?;
    if let Some(found) = find(tx, key)?
        && !has_pending(tx, id)?
        && !is_any(tx, &keys::references(id))?
    {
        tx.delete(keys::content(id))?;
        spend(tx, id, found.blob, found.facts)?;
    }
    note_due(tx, key)?;
    Ok(was_there)
}

/// What a collector has to do for one content.
pub(crate) fn due_of(read: &impl Read, id: ContentId, now_ms: u64) -> Result<DueContents, StoreError> {
    let Some(row) = read.get(&keys::content_due(id))? else { return Ok(DueContents::default()) };
    let content = ContentKey(row.key);
    let pending = read.collect(&keys::pending_references(id), Direction::Forward, READ_ROWS_MAX, |key, row| {
        key.content()?;
        let due = PendingReference { content, reference: key.reference()?, until_ms: row.until_ms };
        Ok((row.until_ms <= now_ms).then_some(due))
    })?;
    let is_due = |row: &stored::SpentBlob| row.gone_ms.is_none_or(|gone_ms| is_to_be_looked_for(gone_ms, now_ms));
    let spent = spent(read, id)?.into_iter().filter(|(_, row)| is_due(row));
    Ok(DueContents {
        pending: pending.into_iter().flatten().collect(),
        spent: spent.map(|(blob, row)| SpentBlob { content, blob, facts: row.facts }).collect(),
        next: None,
    })
}

/// Forgets the names of blobs that are gone for long enough; how many, and whether anything
/// is left of the content.
pub(crate) fn sweep(tx: &mut Tx<'_>, id: ContentId, now_ms: u64) -> Result<(u64, bool), StoreError> {
    let Some(row) = tx.get(&keys::content_due(id))? else { return Ok((0, tx.contains(&keys::content(id))?)) };
    let mut forgotten = 0;
    for (blob, row) in spent(tx, id)? {
        if row.gone_ms.is_some_and(|gone_ms| is_to_be_forgotten(gone_ms, now_ms)) {
            tx.delete(keys::spent_blob(id, blob))?;
            forgotten += 1;
        }
    }
    note_due(tx, ContentKey(row.key))?;
    Ok((forgotten, tx.contains(&keys::content(id))? || tx.contains(&keys::content_due(id))?))
}

#[async_trait]
impl<S: Substrate> Contents for Ports<S> {
    async fn claim(
        &self,
        content: ContentKey,
        offer: Offer,
        reference: Reference,
        until_ms: u64,
        now_ms: u64,
    ) -> Result<Claimed, StoreError> {
        let slot = Slot::Content(content.id());
        self.write(slot, move |tx| claim(tx, content, &offer, (reference, until_ms), now_ms)).await
    }

    async fn refer(
        &self,
        content: ContentKey,
        reference: Reference,
        until_ms: u64,
    ) -> Result<Option<Content>, StoreError> {
        self.write(Slot::Content(content.id()), move |tx| {
            let Some(found) = find(tx, content)? else { return Ok(None) };
            refer(tx, content.id(), reference, until_ms)?;
            note_due(tx, content)?;
            Ok(Some(found))
        })
        .await
    }

    async fn confirm(&self, content: ContentKey, reference: Reference) -> Result<bool, StoreError> {
        self.write(Slot::Content(content.id()), move |tx| confirm(tx, content, reference, |_| true)).await
    }

    async fn confirm_until(
        &self,
        content: ContentKey,
        reference: Reference,
        until_ms: u64,
    ) -> Result<bool, StoreError> {
        self.write(Slot::Content(content.id()), move |tx| confirm(tx, content, reference, |at_ms| at_ms == until_ms))
            .await
    }

    async fn doubt(&self, content: ContentKey, reference: Reference, until_ms: u64) -> Result<bool, StoreError> {
        self.write(Slot::Content(content.id()), move |tx| {
            let id = content.id();
            if !is_referred(tx, id, reference)? {
                return Ok(false);
            }
            tx.delete(keys::reference(id, reference))?;
            // Whoever made it pending before has nothing to say about it any more.
            let before = tx.get(&keys::pending_reference(id, reference))?;
            let later_ms = before.map_or(0, |row| row.until_ms.saturating_add(1));
            refer(tx, id, reference, until_ms.max(later_ms))?;
            note_due(tx, content)?;
            Ok(true)
        })
        .await
    }

    async fn release(&self, content: ContentKey, reference: Reference) -> Result<bool, StoreError> {
        self.write(Slot::Content(content.id()), move |tx| release(tx, content, reference)).await
    }

    async fn expire(&self, content: ContentKey, reference: Reference, now_ms: u64) -> Result<bool, StoreError> {
        self.write(Slot::Content(content.id()), move |tx| {
            let pending = tx.get(&keys::pending_reference(content.id(), reference))?;
            if pending.is_none_or(|row| row.until_ms > now_ms) {
                return Ok(false);
            }
            release(tx, content, reference)
        })
        .await
    }

    async fn spend(&self, content: ContentKey, offer: Offer) -> Result<bool, StoreError> {
        self.write(Slot::Content(content.id()), move |tx| {
            must_be_bounded(&offer)?;
            if find(tx, content)?.is_some_and(|found| found.blob == offer.blob) {
                return Ok(false);
            }
            if !tx.contains(&keys::spent_blob(content.id(), offer.blob))? {
                make_room(tx, content.id(), None)?;
            }
            spend(tx, content.id(), offer.blob, offer.facts.clone())?;
            note_due(tx, content)?;
            Ok(true)
        })
        .await
    }

    async fn get(&self, content: ContentKey) -> Result<Option<Content>, StoreError> {
        self.read(Slot::Content(content.id()), |view| find(view, content)).await
    }

    async fn references(&self, content: ContentKey, limit: usize) -> Result<Vec<Reference>, StoreError> {
        self.read(Slot::Content(content.id()), |view| {
            let span = keys::references(content.id());
            view.collect(&span, Direction::Forward, limit.min(READ_ROWS_MAX), |key, _| {
                key.content()?;
                key.reference()
            })
        })
        .await
    }

    async fn due(&self, now_ms: u64, after: Option<ContentKey>, limit: usize) -> Result<DueContents, StoreError> {
        self.substrate.due_contents(now_ms, after.map(ContentKey::id), limit.min(READ_ROWS_MAX)).await
    }

    async fn collected(&self, content: ContentKey, blob: BlobName, now_ms: u64) -> Result<(), StoreError> {
        self.write(Slot::Content(content.id()), move |tx| {
            let key = keys::spent_blob(content.id(), blob);
            let gone_ms = match tx.get(&key)?.map(|row| row.gone_ms) {
                Some(None) => now_ms,
                Some(Some(gone_ms)) if is_to_be_looked_for(gone_ms, now_ms) => FOR_GOOD_MS,
                _ => return Ok(()),
            };
            tx.put(key, &stored::SpentBlob { facts: Vec::new(), gone_ms: Some(gone_ms) })
        })
        .await
    }
}
