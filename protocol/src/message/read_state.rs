//! How far somebody has read, what is left of it, and what the others may know of that.

use serde::{Deserialize, Serialize};

use crate::{
    id::{ClientId, RoomId, UserId},
    number::U53,
};

/// The user has read a room up to an entry. A mark that is there already, or further, stays.
/// Answered by `Marked` once it is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRead {
    pub request: u32,
    pub room: RoomId,
    pub seq: U53,
}

/// An entry, and what is behind it, is to be unread: the one way back for a mark. Answered by
/// `Marked` once it is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkUnread {
    pub request: u32,
    pub client_id: ClientId,
    pub room: RoomId,
    pub seq: U53,
}

/// How the user stands in a room behind their own request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    pub request: u32,
    pub state: ReadState,
}

/// How far the user has read a room, and what is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadState {
    pub room: RoomId,
    /// The last entry that the user has read.
    pub mark: U53,
    /// Rises whenever the mark moves: a state with a smaller version than the one shown is
    /// ignored, and of two with the same version the one with the smaller `as_of`.
    pub version: U53,
    /// The head of the log at which the rest was counted. Each post behind it that is not the
    /// user's own is one more; the user's own moves the mark there, and nothing is unread.
    pub as_of: U53,
    /// Posts behind the mark that the user may see, at most 100.
    pub unread: u32,
    /// Of those, the ones that name the user, at most 100.
    pub mentions: u32,
}

/// How the user stands in rooms: in front of the `Resumed` that names them in its request, and
/// whenever another device has moved a mark or a post names the user. Only the latest state of a
/// room is ever sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadStates {
    /// At most 500.
    pub states: Vec<ReadState>,
}

/// Up to where somebody has read, as others know it. It never goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub user: UserId,
    /// The author of a later post has read up to that.
    pub seq: U53,
}

/// Receipts of the room in view, if it has at most 100 members: all of them when it comes into
/// view, then each that has changed. Who hides theirs is left out, and so is the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipts {
    pub room: RoomId,
    /// At most 200.
    pub receipts: Vec<Receipt>,
}

/// A page of a room's receipts in the order of the users' ids; members only, in rooms of at most
/// 1,000. Answered by `ReceiptPage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetReceipts {
    pub request: u32,
    pub room: RoomId,
    /// Continue behind this user; nothing for the first page.
    pub after: Option<UserId>,
    pub limit: u32,
}

/// See [`GetReceipts`]. Who hides theirs is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptPage {
    pub request: u32,
    pub receipts: Vec<Receipt>,
    /// Behind which user the next page begins; nothing where this is the last.
    pub next: Option<UserId>,
}
