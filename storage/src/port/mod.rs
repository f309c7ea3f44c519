//! The ports: what the server asks of a store, an interface per aggregate.
//!
//! Contract of every port. A method touches one room, one user, one content, the set of emoji or the administrators' desk and is atomic
//! there. When a method that writes returns, its effect is durable and visible to
//! every later read. Methods are cancel safe: a write whose future is dropped either
//! happens whole or not at all. A read with a `limit` returns at most
//! [`crate::limits::READ_ROWS_MAX`] rows, whatever the limit. The contract suite
//! (`tests/contract`) runs against every store.

pub mod changes;
pub mod contents;
pub mod desk;
pub mod emoji;
pub mod endings;
pub mod invitations;
pub mod log;
pub mod marks;
pub mod people;
pub mod rooms;
pub mod sessions;
pub mod transfers;
pub mod user_log;
pub mod users;

use std::sync::Arc;

pub use changes::{ChangeObserver, Changed, Changes};
pub use contents::{Claimed, Contents};
pub use desk::{Audit, Reports};
pub use emoji::{Added, EmojiSets};
pub use endings::Endings;
pub use invitations::Invitations;
pub use log::{AppendRefused, Log, LogObserver};
pub use marks::{MarkObserver, MarkRefused, Marks};
pub use people::{Blocked, People};
pub use rooms::{Directory, Doors, Rooms};
pub use sessions::Sessions;
pub use transfers::{Advanced, TransferRefused, Transfers};
pub use user_log::{SetRefused, UserLog, UserLogObserver};
pub use users::{Roster, Users};

/// Every port of one store.
#[derive(Clone)]
pub struct Store {
    pub users: Arc<dyn Users>,
    pub roster: Arc<dyn Roster>,
    pub people: Arc<dyn People>,
    pub invitations: Arc<dyn Invitations>,
    pub sessions: Arc<dyn Sessions>,
    pub endings: Arc<dyn Endings>,
    pub rooms: Arc<dyn Rooms>,
    pub doors: Arc<dyn Doors>,
    pub directory: Arc<dyn Directory>,
    pub log: Arc<dyn Log>,
    pub marks: Arc<dyn Marks>,
    pub user_log: Arc<dyn UserLog>,
    pub transfers: Arc<dyn Transfers>,
    pub contents: Arc<dyn Contents>,
    pub emoji: Arc<dyn EmojiSets>,
    pub reports: Arc<dyn Reports>,
    pub audit: Arc<dyn Audit>,
    pub changes: Arc<dyn Changes>,
    /// Made with the store and kept in it: the key of every keyed hash.
    pub secret: [u8; 32],
}
