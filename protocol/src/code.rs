//! Every error and close code: one table for the number, the name, what the client
//! should do, and the sentence that says so. Numbers are append-only.

use std::fmt;

/// What a client does about a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Send the same request again, under the same client id, after a pause.
    Retry,
    /// Connect again and resume from the cursors.
    Resume,
    /// Ask the person to log in again.
    Login,
    /// Do not repeat it: the request itself must change.
    Stop,
}

impl Action {
    /// The word used in JSON and in the docs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Resume => "resume",
            Self::Login => "login",
            Self::Stop => "stop",
        }
    }
}

macro_rules! codes {
    ($($number:literal $name:ident $text:literal $action:ident $http:literal $sentence:literal;)*) => {
        /// A coded outcome. In a body it travels as a `u32`, so that a peer can
        /// show a code it has never heard of; as a stream or connection close it is
        /// the transport's own application code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $sentence] $name,)* }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The number on the wire.
            pub const fn number(self) -> u32 {
                match self { $(Self::$name => $number,)* }
            }

            /// The code of a number, if this version knows it.
            pub const fn from_number(number: u32) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }

            /// The name in JSON and in the docs.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What the client does.
            pub const fn action(self) -> Action {
                match self { $(Self::$name => Action::$action,)* }
            }

            /// The HTTP status that carries this code.
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$name => $http,)* }
            }

            /// What happened and what helps.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }
        }
    };
}

// 0 closes in peace · 1..=19 how a connection ends · 20..=39 the bytes were wrong ·
// 40..=59 who you are · 60.. what you asked for.
codes! {
    0  Normal          "normal"           Stop   200 "The peer closed in peace.";
    1  GoingAway       "going_away"       Resume 503 "The server restarts: connect again after the stated pause and resume.";
    2  Superseded      "superseded"       Stop   409 "Another transport of the same attempt won: use that one.";
    3  Timeout         "timeout"          Resume 408 "Nothing was heard in time: connect again and resume.";
    4  TooSlow         "too_slow"         Resume 429 "The peer stopped reading: connect again and resume.";
    5  Internal        "internal"         Retry  500 "The server failed; nothing was changed. Try again under the same client id.";
    6  Busy            "busy"             Retry  503 "Too much is waiting: try again under the same client id after a pause.";
    7  StoreFailed     "store_failed"     Retry  503 "The store could not be written. Try again under the same client id; the operator finds the cause in the log.";
    8  RateLimited     "rate_limited"     Retry  429 "Too many requests from this address or account: wait, then try again under the same client id.";
    9  StorageFull     "storage_full"     Retry  507 "The server's disk is full; nothing was changed. Try again under the same client id once the operator has made space.";

    20 FrameTooLong    "frame_too_long"   Stop   413 "A frame or datagram is longer than its limit: send less at once.";
    21 Malformed       "malformed"        Stop   400 "Bytes do not decode as the kind they claim: mend the encoder.";
    22 Unsupported     "unsupported"      Stop   501 "The kind is unknown to this server: speak an older version of the request.";
    23 UnexpectedFrame "unexpected_frame" Stop   400 "The kind is known but not allowed here: see the order of frames.";
    24 TooManyStreams  "too_many_streams" Stop   429 "More streams are open than allowed: close some first.";
    25 MuxViolation    "mux_violation"    Stop   400 "A mux frame broke the rules of credit or of a stream's states.";
    26 CutFrame        "cut_frame"        Stop   400 "A stream ended in the middle of a frame.";

    40 HelloRequired   "hello_required"   Stop   401 "The first frame of a connection must be Hello on the control stream.";
    41 BadTicket       "bad_ticket"       Login  401 "The ticket is unknown, used or expired: ask for a new one, or log in.";
    42 NotLoggedIn     "not_logged_in"    Login  401 "The session is unknown or ended: log in.";
    43 SessionRevoked  "session_revoked"  Login  401 "This session was ended: log in again.";
    44 BadLogin        "bad_login"        Login  401 "Username or password is wrong.";
    45 ForeignOrigin   "foreign_origin"   Stop   403 "The page's Origin is not one of this server's.";
    46 AttachRequired  "attach_required"  Stop   409 "Send Attach before anything else.";
    47 AccountDisabled    "account_disabled"    Login 403 "An administrator has disabled this account: ask them.";
    48 RegistrationClosed "registration_closed" Stop  403 "New accounts are made by an administrator only: ask one.";
    49 BadInvitation      "bad_invitation"      Stop  403 "The invitation is missing, unknown, used up or expired: ask for a new one.";
    50 NotAdministrator   "not_administrator"   Stop  403 "Only administrators may do this.";
    51 NotEncrypted       "not_encrypted"       Stop  421 "This port is not encrypted and only points to HTTPS: send it there, and change what was secret in it.";
    52 NotAllowed         "not_allowed"         Stop  403 "Only who made this, or an administrator, may do this.";

    60 NoSuchRoom      "no_such_room"     Stop   404 "There is no such room, or it is not open to you.";
    61 NotAMember      "not_a_member"     Stop   403 "Only members may do this: join the room first.";
    62 EmptyText       "empty_text"       Stop   422 "A message needs text.";
    63 TextTooLong     "text_too_long"    Stop   422 "A message holds at most 16384 bytes of UTF-8: split it.";
    64 BadRoomName     "bad_room_name"    Stop   422 "A room's name has 1 to 64 characters and no control characters.";
    65 BadUsername     "bad_username"     Stop   422 "A username has 2 to 32 letters, digits, and . _ - between them.";
    66 UsernameTaken   "username_taken"   Stop   409 "The username is taken: choose another.";
    67 BadPassword     "bad_password"     Stop   422 "A password has 8 to 1024 bytes.";
    68 TooManyRooms    "too_many_rooms"   Stop   422 "You are in as many rooms as allowed: leave one first.";
    69 RoomFull        "room_full"        Stop   422 "The room has as many members as allowed.";
    70 TooMany         "too_many"         Stop   422 "The request names more than its limit: split it.";
    71 KeyReused       "key_reused"       Stop   422 "The client id was used for another request: make a new one.";
    72 NotFound        "not_found"        Stop   404 "There is no such thing.";
    73 BadRequest      "bad_request"      Stop   400 "The request is not understood: see docs.";
    74 EpochChanged    "epoch_changed"    Resume 409 "The log was restored: drop what is kept of the room and resume.";
    75 CommonPassword    "common_password"    Stop 422 "The password is among the first that are guessed: choose a longer or rarer one.";
    76 WrongPassword     "wrong_password"     Stop 403 "The current password is wrong.";
    77 LastAdministrator "last_administrator" Stop 409 "This is the last administrator who can log in: make another one first.";
    78 MethodNotAllowed  "method_not_allowed" Stop 405 "The path has no such method: the Allow header names those it has.";

    80 FileTooLarge     "file_too_large"     Stop  413 "The file is larger than this server takes.";
    81 QuotaExceeded    "quota_exceeded"     Stop  413 "With this file there were more bytes than you may keep here: delete others, or ask an administrator.";
    82 FileTypeRefused  "file_type_refused"  Stop  415 "This server does not take files of this type.";
    83 BadFileName      "bad_file_name"      Stop  422 "A file's name has 1 to 255 bytes of UTF-8.";
    84 FileSizeWrong    "file_size_wrong"    Stop  422 "The file has more or fewer bytes than were declared: send it as a new one.";
    85 FileDigestWrong  "file_digest_wrong"  Stop  422 "The bytes that came are not those of the digest: send the file as a new one.";
    86 FileOffsetWrong  "file_offset_wrong"  Retry 409 "The chunk does not follow what came before, or goes past the credit: begin the upload again and go on from its offset.";
    87 TransferTaken    "transfer_taken"     Stop  409 "Another stream goes on with this transfer.";
    88 TooManyTransfers "too_many_transfers" Stop  429 "As many transfers as allowed are unfinished: finish or cancel one first.";
    89 TransferEnded    "transfer_ended"     Stop  410 "The transfer was cancelled, has failed or was left too long: send the file as a new one.";
    90 NoSuchFile       "no_such_file"       Stop  404 "There is no such file, or it is not open to you.";
    91 FileNotReady     "file_not_ready"     Retry 425 "The file is still on its way or being checked: ask again after a pause.";
    92 FileDamaged      "file_damaged"       Stop  500 "The bytes of this file are missing or damaged on the server: an administrator may have a backup.";
    93 BadRange         "bad_range"          Stop  416 "The range begins behind the end of the file.";
    94 BadImage           "bad_image"          Stop  415 "This is no image that the server can show.";
    95 BadEmojiName       "bad_emoji_name"     Stop  422 "An emoji's name has 2 to 32 characters out of a to z, 0 to 9, _ and -.";
    96 EmojiTaken         "emoji_taken"        Stop  409 "There is another emoji of this name: choose another, or remove that one first.";
    97 TooManyEmoji       "too_many_emoji"     Stop  422 "The server has as many emoji as allowed: remove one first.";

    100 RoleNeeded     "role_needed"      Stop  403 "Your role in this room does not allow this: ask an admin or the owner.";
    101 BannedFromRoom "banned_from_room" Stop  403 "An admin of this room has banned you from it.";
    102 BadRoomLink    "bad_room_link"    Stop  403 "The link is unknown, used up or expired: ask for a new one.";
    103 NoSuchMember   "no_such_member"   Stop  404 "Whom this is about is not a member of the room.";
    104 OwnerStays     "owner_stays"      Stop  409 "You own this room: hand it over before you leave.";
    105 RoomArchived   "room_archived"    Stop  409 "The room is archived: nobody posts in it.";
    106 RoomClosed     "room_closed"      Stop  409 "Nothing can be posted here now.";
    107 SlowMode       "slow_mode"        Retry 429 "The room is slow: send it again under the same client id after the pause.";
    108 TooManyOpen    "too_many_open"    Stop  422 "The room has as many open invitations or links as allowed: take some back.";
    109 BadTopic       "bad_topic"        Stop  422 "A room's topic has at most 250 characters and no control characters.";
    110 NoSuchMessage  "no_such_message"  Stop  404 "There is no such message, or it is not open to you.";
    111 TooManyReports "too_many_reports" Stop  429 "As many of your reports as allowed wait for an administrator: let them look first.";
    112 BadReason      "bad_reason"       Stop  422 "A report says why, in 1 to 1000 characters.";
    113 RoomDeleted    "room_deleted"     Stop  410 "The room is deleted, with all that it held: drop it.";
    114 MessageRemoved "message_removed"  Stop  410 "The message was removed since: it is not posted again.";
    120 NoSuchMark      "no_such_mark"      Stop 422 "The room's log has no such entry: mark one that is there.";
    121 TooManyDrafts   "too_many_drafts"   Stop 422 "You have as many drafts as allowed: post or empty one first.";
    122 TooManyMentions "too_many_mentions" Stop 422 "A message names at most 50 people: name fewer.";
    123 RoomTooLarge    "room_too_large"    Stop 422 "In a room this large nobody is told how far others have read.";

    130 BadDisplayName "bad_display_name" Stop 422 "The name that is shown has at most 64 characters, and none that cannot be seen or turns the others around.";
    131 LooksTaken     "looks_taken"      Stop 409 "The name looks like somebody else's username: choose another.";
    132 BadStatus      "bad_status"       Stop 422 "A status has at most 100 characters, and none that cannot be seen; beside it stands one emoji.";
    133 BadSetting     "bad_setting"      Stop 422 "The language or the time zone is none that is known by its form.";
    134 NoSuchUser     "no_such_user"     Stop 404 "There is no such person.";
    135 Oneself        "oneself"          Stop 422 "This is for other people, not for oneself.";
    136 TooManyBlocks  "too_many_blocks"  Stop 422 "You block as many people as allowed: unblock some first.";
    137 CannotBeReached "cannot_be_reached" Stop 403 "There is no chat with this person now.";
    138 PrivateChat     "private_chat"      Stop 409 "This is a chat of two: nobody runs or leaves it.";
}

impl fmt::Display for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({}): {}", self.name(), self.number(), self.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn numbers_and_names_are_unique_and_invertible() {
        let mut names = HashSet::new();
        for code in Code::ALL {
            assert_eq!(Code::from_number(code.number()), Some(*code));
            assert!(names.insert(code.name()), "{code}");
            // WebSocket carries codes as 4000 + number (RFC 6455, section 7.4.2).
            assert!(code.number() < 1_000, "{code}");
        }
    }

    #[test]
    fn numbers_are_pinned() {
        let pinned = include_str!("../vectors/codes.txt");
        let table: String =
            Code::ALL.iter().map(|c| format!("{} {} {}\n", c.number(), c.name(), c.action().as_str())).collect();
        assert_eq!(table, pinned, "codes are append-only");
    }
}
