//! Keys of files: of transfers, and of contents with what refers to them.

use rill_protocol::{RoomId, TransferId, UserId};

use super::{Key, Parts, Span};
use crate::{
    StoreError,
    blobs::BlobName,
    embedded::stored,
    model::{ContentId, EmojiId, Reference},
    table::Table,
};

pub(crate) fn transfer(user: UserId, id: TransferId) -> Key<stored::Transfer> {
    Key::new(Table::Transfer, &[&user.0, &id.0])
}

pub(crate) fn transfers(user: UserId) -> Span<stored::Transfer> {
    Span::of(Table::Transfer, &[&user.0])
}

pub(crate) fn all_transfers() -> Span<stored::Transfer> {
    Span::of(Table::Transfer, &[])
}

pub(crate) fn transfer_progress(user: UserId, id: TransferId) -> Key<stored::TransferProgress> {
    Key::new(Table::TransferProgress, &[&user.0, &id.0])
}

pub(crate) fn transfer_progresses(user: UserId) -> Span<stored::TransferProgress> {
    Span::of(Table::TransferProgress, &[&user.0])
}

pub(crate) fn kept_file(user: UserId, (room, seq): (RoomId, u64)) -> Key<stored::KeptFile> {
    Key::new(Table::KeptFile, &[&user.0, &room.0, &seq.to_be_bytes()])
}

pub(crate) fn kept_files(user: UserId) -> Span<stored::KeptFile> {
    Span::of(Table::KeptFile, &[&user.0])
}

pub(crate) fn kept_bytes(user: UserId) -> Key<stored::KeptBytes> {
    Key::new(Table::KeptBytes, &[&user.0])
}

pub(crate) fn content(id: ContentId) -> Key<stored::Content> {
    Key::new(Table::Content, &[&id.0])
}

pub(crate) fn contents() -> Span<stored::Content> {
    Span::of(Table::Content, &[])
}

pub(crate) fn content_due(id: ContentId) -> Key<stored::ContentDue> {
    Key::new(Table::ContentDue, &[&id.0])
}

pub(crate) fn contents_due() -> Span<stored::ContentDue> {
    Span::of(Table::ContentDue, &[])
}

pub(crate) fn reference(id: ContentId, reference: Reference) -> Key<stored::Reference> {
    Key::new(Table::Reference, &[&id.0, &reference_bytes(reference)])
}

pub(crate) fn references(id: ContentId) -> Span<stored::Reference> {
    Span::of(Table::Reference, &[&id.0])
}

pub(crate) fn pending_reference(id: ContentId, reference: Reference) -> Key<stored::PendingReference> {
    Key::new(Table::PendingReference, &[&id.0, &reference_bytes(reference)])
}

pub(crate) fn pending_references(id: ContentId) -> Span<stored::PendingReference> {
    Span::of(Table::PendingReference, &[&id.0])
}

pub(crate) fn spent_blob(id: ContentId, blob: BlobName) -> Key<stored::SpentBlob> {
    Key::new(Table::SpentBlob, &[&id.0, &blob.0])
}

pub(crate) fn spent_blobs(id: ContentId) -> Span<stored::SpentBlob> {
    Span::of(Table::SpentBlob, &[&id.0])
}

/// A kind, an id and a number. Kinds are on disk: append only.
fn reference_bytes(reference: Reference) -> [u8; 25] {
    let (kind, id, number) = match reference {
        Reference::Message { room, seq } => (1, room.0, seq),
        Reference::UserAvatar(user) => (2, user.0, 0),
        Reference::RoomAvatar(room) => (3, room.0, 0),
        Reference::Emoji(id) => (4, id.0, 0),
    };
    let mut bytes = [kind; 25];
    bytes[1..17].copy_from_slice(&id);
    bytes[17..].copy_from_slice(&number.to_be_bytes());
    bytes
}

impl Parts<'_> {
    pub(crate) fn content(&mut self) -> Result<ContentId, StoreError> {
        self.take().map(ContentId)
    }

    pub(crate) fn reference(&mut self) -> Result<Reference, StoreError> {
        let ([kind], id, number) = (self.take()?, self.take()?, self.number()?);
        Ok(match kind {
            1 => Reference::Message { room: RoomId(id), seq: number },
            2 => Reference::UserAvatar(UserId(id)),
            3 => Reference::RoomAvatar(RoomId(id)),
            4 => Reference::Emoji(EmojiId(id)),
            _ => {
                let detail = format!("a reference of kind {kind} is unknown to this version");
                return Err(StoreError::Damaged { table: self.table.name(), detail });
            }
        })
    }
}
