"""Every message of version 1: the tables of docs/protocol.md, "Kinds" and "Messages", in one place.

A test holds these tables against the document's. A kind that is not here is one of a later version, and is
treated as the document says under "Versions".
"""

from __future__ import annotations

from typing import Any

from . import bodies, frames

_KINDS = """
1 Control, 2 Lane, 3 History, 4 Upload, 5 Download, 10 Hello, 11 Welcome, 12 Attach, 13 Attached,
14 Resume, 15 Resumed, 16 View, 17 GoAway, 20 Failed, 21 Done, 22 Post, 23 Accepted, 24 CreateRoom,
25 JoinRoom, 26 LeaveRoom, 27 RoomAnswer, 28 ListRooms, 29 RoomPage, 30 ListMembers, 31 MemberPage,
32 GetUsers, 33 Users, 34 WatchPresence, 35 PostBatch, 36 AcceptedBatch, 37 CreateGroup,
38 ChangeRoom, 39 ChangeMember, 40 DeclineInvitation, 41 ListOutside, 42 MakeRoomLink,
43 ListRoomLinks, 44 RevokeRoomLink, 45 OpenRoomLink, 60 Presence, 61 Ping, 62 Pong,
63 UserAvatars, 64 RoomAvatars, 65 EmojiVersion, 70 GetMessages, 71 MessagePage, 72 MessageFiles,
73 GetRoomFiles, 80 RoomHandle, 81 LaneReady, 90 StartUpload, 91 UploadAt, 92 FileChunk,
93 EndUpload, 94 CancelUpload, 95 Uploaded, 96 GetFile, 97 FileStart, 100 RoomDetails,
101 MemberRoles, 102 OutsidePage, 103 RoomLinkMade, 104 RoomLinks, 105 MessageChanges,
128 EntryCreated, 129 EntryPosted, 130 EntryJoined, 131 EntryLeft, 132 EntryHidden,
133 EntryErased, 134 EntryFile, 135 EntryFileSettled, 136 EntryAvatar, 137 EntryRoomChange,
138 EntryMemberChange, 192 RoomAdded, 193 RoomRemoved, 223 UserHead
"""

_STRUCTS = """
Control: version u32
Lane: class LaneClass
History:
Upload:
Download:
Hello: ticket Ticket, attempt AttemptId, client text
Welcome: user UserId, name text, session SessionId, ticket Ticket, server text, now_ms u53, limits Limits
Limits: text_bytes_max u32, room_name_chars_max u32, rooms_per_user_max u32, history_page_max u32,
    resume_cursors_max u32, presence_watch_max u32, streams_max u32, requests_in_flight_max u32,
    datagram_bytes_max u32, ping_interval_ms u32, dead_after_ms u32
Attach: request u32, user_epoch Epoch, user_seq u53
Attached: request u32, user_epoch Epoch, snapshot bool
Resume: request u32, cursors list Cursor
Cursor: room RoomId, epoch Epoch, seq u53, tail u32
Resumed: request u32, unchanged u32, rooms list ResumedRoom
ResumedRoom: room RoomId, outcome Outcome, epoch Epoch, base u53, head u53
View: room option RoomId, have_seq u53
GoAway: reconnect_after_ms u32
Failed: request u32, code u32, detail text
Done: request u32
Post: request u32, room RoomId, client_id ClientId, text text
Accepted: request u32, epoch Epoch, seq u53, at_ms u53, replay Replay
PostBatch: request u32, room RoomId, posts list BatchPost
BatchPost: client_id ClientId, text text
AcceptedBatch: request u32, epoch Epoch, posts list PlacedPost
PlacedPost: seq u53, at_ms u53, replay Replay
CreateRoom: request u32, client_id ClientId, name text
JoinRoom: request u32, client_id ClientId, room RoomId
LeaveRoom: request u32, client_id ClientId, room RoomId
RoomAnswer: request u32, room RoomInfo
RoomInfo: id RoomId, name text, creator UserId, creator_name text, created_ms u53, members u32, joined bool
ListRooms: request u32, after option RoomId, limit u32
RoomPage: request u32, rooms list RoomInfo, more bool
ListMembers: request u32, room RoomId, after option UserId, limit u32
MemberPage: request u32, members list Member, more bool
Member: user UserId, name text, joined_ms u53, online bool
RoomChange: setting RoomSetting, text text, value u32
MemberChange: action MemberAction, user UserId, name text
CreateGroup: request u32, client_id ClientId, name text, topic text, access RoomAccess, history RoomHistory
ChangeRoom: request u32, client_id ClientId, room RoomId, change RoomChange
ChangeMember: request u32, client_id ClientId, room RoomId, user UserId, action MemberAction
DeclineInvitation: request u32, client_id ClientId, room RoomId
ListOutside: request u32, room RoomId, list OutsideList, after option UserId, limit u32
OutsidePage: request u32, people list Outsider, more bool
Outsider: user UserId, name text, by UserId, by_name text, at_ms u53
MakeRoomLink: request u32, client_id ClientId, room RoomId, life_s u32, uses_max u32
RoomLinkMade: request u32, link RoomLinkInfo, text text
RoomLinkInfo: id text, by UserId, by_name text, created_ms u53, expires_ms u53, uses_max u32, uses u32
ListRoomLinks: request u32, room RoomId
RoomLinks: request u32, links list RoomLinkInfo
RevokeRoomLink: request u32, client_id ClientId, room RoomId, link text
OpenRoomLink: request u32, client_id ClientId, text text, join bool
RoomDetails: rooms list RoomDetail
RoomDetail: room RoomId, kind RoomKind, with option UserId, name text, topic text, access RoomAccess,
    history RoomHistory, members u32, owner UserId, role RoomRole, slow_mode_ms u32, archived bool, closed bool
MemberRoles: roles list MemberRole
MemberRole: user UserId, role RoomRole
MessageChanges: request u32, rooms list MessageRoomChange, members list MessageMemberChange
MessageRoomChange: seq u53, change RoomChange
MessageMemberChange: seq u53, change MemberChange
GetUsers: request u32, users list UserId
Users: request u32, users list UserInfo
UserInfo: id UserId, name text
WatchPresence: request u32, users list UserId
Presence: slots list PresenceSlot
PresenceSlot: user UserId, version u53, state PresenceState
Avatar: version u53, is_set bool
UserAvatars: avatars list UserAvatar
UserAvatar: user UserId, avatar Avatar
RoomAvatars: avatars list RoomAvatar
RoomAvatar: room RoomId, avatar Avatar
EmojiVersion: version u53
Ping: nonce u32
Pong: nonce u32, now_ms u53
GetMessages: request u32, room RoomId, direction Direction, seq u53, limit u32
MessagePage: request u32, epoch Epoch, as_of u53, messages list Message, next option u53
Message: seq u53, at_ms u53, author UserId, client_id ClientId, kind MessageKind, text text, edits u32
MessageFiles: request u32, files list MessageFile
MessageFile: seq u53, file FileInfo, state FileState
GetRoomFiles: request u32, room RoomId, before u53, limit u32
StartUpload: transfer TransferId, file_use FileUse, room RoomId, client_id ClientId, name text, media_type
    text, size u53, text text, voice option Voice, digest option FileDigest
UploadAt: epoch Epoch, seq u53, offset u53, credit u53
FileChunk: offset u53, bytes bytes
EndUpload: digest FileDigest
CancelUpload:
Uploaded: epoch Epoch, seq u53, state FileState
GetFile: request u32, room RoomId, seq u53, variant FileVariant, offset u53, length u53
FileStart: request u32, size u53, length u53, media_type text
FileInfo: transfer TransferId, name text, size u53, voice option Voice
Voice: duration_ms u32, waveform bytes
FileState: outcome FileOutcome, code u32, size u53, media_type text, image option ImageInfo
ImageInfo: width u32, height u32, animated bool, blur_hash text
LaneReady: class LaneClass
RoomHandle: handle u32, room RoomId, epoch Epoch
EntryHeader: room u32, seq u53, at_ms u53, author UserId, client_id ClientId
EntryCreated: header EntryHeader, name text
EntryPosted: header EntryHeader, text text
EntryJoined: header EntryHeader
EntryLeft: header EntryHeader
EntryHidden: header EntryHeader
EntryErased: header EntryHeader
EntryFile: header EntryHeader, text text, file FileInfo
EntryFileSettled: header EntryHeader, target u53, state FileState
EntryAvatar: header EntryHeader, avatar Avatar
EntryRoomChange: header EntryHeader, change RoomChange
EntryMemberChange: header EntryHeader, change MemberChange
UserEntryHeader: seq u53, at_ms u53
RoomAdded: header UserEntryHeader, room RoomInfo
RoomRemoved: header UserEntryHeader, room RoomId
UserHead: seq u53
"""


def _structs() -> dict[str, bodies.Fields]:
    tables: dict[str, bodies.Fields] = {}
    for line in _STRUCTS.replace("\n    ", " ").strip().splitlines():
        name, _, fields = line.partition(":")
        pairs = (field.strip().partition(" ") for field in fields.split(",") if field.strip())
        tables[name] = tuple((field, kind) for field, _, kind in pairs)
    return tables


STRUCTS = _structs()
"""Fields of every struct, by its name."""

NAMES: dict[int, str] = {int(kind.split()[0]): kind.split()[1] for kind in _KINDS.split(",")}
"""Name of every kind."""

NUMBERS: dict[str, int] = {name: number for number, name in NAMES.items()}
"""Number of every kind."""

TYPES: dict[str, bodies.Type] = {name: bodies.resolve(name, STRUCTS) for name in STRUCTS}
"""How each struct is written and read."""

NOTHING = bytes(16)
"""The id that means "none"."""


def encode(name: str, /, **fields: Any) -> bytes:
    """The whole frame of a message."""
    body = bytearray()
    TYPES[name].write(body, fields)
    return frames.encode(NUMBERS[name], bytes(body))


def decode(kind: int, body: bytes) -> tuple[str, dict[str, Any]]:
    """Name and fields of a message. Of a kind that is not known: `Entry` or `UserEntry` with the header
    that such kinds begin with, else `Unknown` without fields.
    """
    name = NAMES.get(kind)
    if name is not None:
        return name, bodies.decode(TYPES[name], body)
    if 128 <= kind <= 191:
        return "Entry", {"header": bodies.decode(TYPES["EntryHeader"], body, rest=True)}
    if 192 <= kind <= 222:
        return "UserEntry", {"header": bodies.decode(TYPES["UserEntryHeader"], body, rest=True)}
    return "Unknown", {}


__all__ = ["NAMES", "NOTHING", "NUMBERS", "STRUCTS", "TYPES", "decode", "encode"]
