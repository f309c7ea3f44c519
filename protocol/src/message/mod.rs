//! The bodies of frames, one file per family. A change of a released body is a new
//! kind: fields are never added, removed or reordered.

pub mod control;
pub mod entry;
pub mod file;
pub mod groups;
pub mod history;
pub mod lane;
pub mod moderation;
pub mod open;
pub mod own;
pub mod people;
pub mod picture;
pub mod presence;
pub mod private_chat;
pub mod profile;
pub mod read_state;
pub mod resume;
pub mod rooms;
pub mod session;
pub mod stream;
pub mod user;

pub use control::{Done, Failed, GoAway, Ping, Pong};
pub use entry::{
    EntryAvatar, EntryCreated, EntryDeleted, EntryErased, EntryFile, EntryFileSettled, EntryHeader, EntryHidden,
    EntryJoined, EntryLeft, EntryMemberChange, EntryPosted, EntryRoomChange, EntryRoomDeleted,
};
pub use file::{
    CancelUpload, EndUpload, FileChunk, FileInfo, FileOutcome, FileStart, FileState, FileUse, FileVariant, GetFile,
    ImageInfo, StartUpload, UploadAt, Uploaded, Voice,
};
pub use groups::{
    ChangeMember, ChangeRoom, CreateGroup, DeclineInvitation, DeleteRoom, ListOutside, ListRoomLinks, MakeRoomLink,
    MemberAction, MemberChange, MemberRole, MemberRoles, MessageChanges, MessageMemberChange, MessageRoomChange,
    OpenRoomLink, OutsideList, OutsidePage, Outsider, RevokeRoomLink, RoomAccess, RoomChange, RoomDetail, RoomDetails,
    RoomHistory, RoomKind, RoomLinkInfo, RoomLinkMade, RoomLinks, RoomRole, RoomSetting,
};
pub use history::{Direction, GetMessages, GetRoomFiles, Message, MessageFile, MessageFiles, MessageKind, MessagePage};
pub use lane::{LaneReady, RoomHandle};
pub use moderation::{RemoveMessage, Report, ReportedMessage};
pub use own::{Draft, HideReceipts, Notify, ReceiptsHidden, RoomPreferences, SetDraft, SetRoomPreferences};
pub use people::{GetUsers, Presence, PresenceSlot, PresenceState, UserInfo, Users, WatchPresence};
pub use picture::{Avatar, EmojiVersion, RoomAvatar, RoomAvatars, UserAvatar, UserAvatars};
pub use presence::{
    Activity, Availability, PresenceDetail, PresenceDetails, RoomOnline, SetActivity, SetStatus, Typing,
};
pub use private_chat::{Delivered, DeliveredSeq, OpenPrivateChat, TellDelivered};
pub use profile::{
    FindPeople, FoundPerson, GetProfile, OwnSettings, PeoplePage, Profile, ProfileAnswer, SetBlock, SetProfile,
    UserNames,
};
pub use read_state::{
    GetReceipts, MarkRead, MarkUnread, Marked, ReadState, ReadStates, Receipt, ReceiptPage, Receipts,
};
pub use resume::{Cursor, Outcome, Resume, Resumed, ResumedRoom, View};
pub use rooms::{
    Accepted, AcceptedBatch, BatchPost, CreateRoom, JoinRoom, LeaveRoom, ListMembers, ListRooms, Member, MemberPage,
    PlacedPost, Post, PostBatch, Replay, RoomAnswer, RoomInfo, RoomPage,
};
pub use session::{Attach, Attached, Hello, Limits, Welcome};
pub use stream::{Control, Download, History, Lane, LaneClass, Upload};
pub use user::{InvitationGone, InvitedToRoom, RoomAdded, RoomRemoved, UserEntryHeader, UserHead};

use crate::{codec::DecodeError, frame::Frame};

/// Whether a frame of a known kind decodes, every byte of it; unknown kinds pass.
pub fn check_body(frame: &Frame) -> Result<(), DecodeError> {
    match frame.known() {
        Some(kind) => kind.check(&frame.body),
        None => Ok(()),
    }
}
