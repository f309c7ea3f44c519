//! Everything that is a table: version, limits, codes, kinds, open enums, classes.

use rill_protocol::{Code, Kind, limits, message, mux::Class, version};
use std::fmt::Write as _;

/// The text of a string literal in single quotes.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// `going_away` and `GoingAway` as `goingAway`.
pub(crate) fn camel(name: &str) -> String {
    let mut out = String::new();
    let mut raise = false;
    for (at, letter) in name.chars().enumerate() {
        match letter {
            '_' => raise = true,
            _ if raise => {
                out.extend(letter.to_uppercase());
                raise = false;
            }
            _ if at == 0 => out.extend(letter.to_lowercase()),
            _ => out.push(letter),
        }
    }
    out
}

/// Names and values of `limits.rs`. The names are also read from the source, so that
/// a limit that is missing here fails.
macro_rules! limits {
    ($($name:ident)*) => { [$((stringify!($name), limits::$name as u64),)*] };
}

fn limit_table() -> Vec<(&'static str, u64)> {
    let table = limits! {
        ROOMS_PER_USER_MAX ROOM_MEMBERS_MAX TEXT_BYTES_MAX BATCH_POSTS_MAX ROOM_NAME_CHARS_MAX
        ROOM_TOPIC_CHARS_MAX SLOW_MODE_MS_MAX
        USERNAME_CHARS_MIN USERNAME_CHARS_MAX PASSWORD_BYTES_MIN PASSWORD_BYTES_MAX CLIENT_NAME_BYTES_MAX
        DISPLAY_NAME_CHARS_MAX STATUS_CHARS_MAX STATUS_EMOJI_BYTES_MAX LANGUAGE_BYTES_MAX TIME_ZONE_BYTES_MAX
        REPORT_REASON_CHARS_MAX REPORTS_OPEN_PER_USER_MAX PEOPLE_PAGE_MAX FIND_CHARS_MAX TYPING_INTERVAL_MS TYPING_LIFE_MS TYPING_MEMBERS_MAX
        FILE_NAME_BYTES_MAX MEDIA_TYPE_BYTES_MAX WAVEFORM_BYTES_MAX FILE_CHUNK_BYTES_MAX AVATAR_FILE_BYTES_MAX EMOJI_FILE_BYTES_MAX
        EMOJI_NAME_CHARS_MIN EMOJI_NAME_CHARS_MAX EMOJI_MAX FRAME_BODY_BYTES_MAX
        CLIENT_FRAME_BODY_BYTES_MAX UPLOAD_FRAME_BODY_BYTES_MAX HELLO_FRAME_BODY_BYTES_MAX DATAGRAM_BYTES_MAX RESUME_CURSORS_MAX
        UNREAD_COUNT_MAX MENTIONS_PER_TEXT_MAX RECEIPTS_PUSHED_MEMBERS_MAX RECEIPTS_MEMBERS_MAX DELIVERED_ROOMS_MAX DELIVERED_INTERVAL_MS RECEIPT_PAGE_MAX
        USERS_PER_REQUEST_MAX PRESENCE_WATCH_MAX ROOM_ONLINE_INTERVAL_MS HISTORY_PAGE_MAX HISTORY_PAGE_TEXT_BYTES_MAX ROOM_PAGE_MAX
        MEMBER_PAGE_MAX RESUME_ENTRIES_MAX RESUME_TAIL_ENTRIES STREAMS_MAX FILE_STREAMS_MAX REQUESTS_IN_FLIGHT_MAX
        LANE_IN_FLIGHT_BYTES_MAX REORDER_ENTRIES_MAX PING_INTERVAL_MS PROBE_INTERVAL_MS PROBE_AFTER_MS PROBE_PATIENCE_MS DEAD_AFTER_MS STUCK_AFTER_MS
        ATTACH_TIMEOUT_MS STREAM_HEADER_TIMEOUT_MS TICKET_LIFE_MS RECONNECT_TICKET_LIFE_MS IDEMPOTENCY_DAYS MUX_CHUNK_BYTES_MAX
        MUX_STREAM_WINDOW_BYTES MUX_BULK_WINDOW_BYTES MUX_CREDIT_STEP_BYTES MUX_FILE_WINDOW_BYTES
        MUX_SEND_BUFFER_BYTES_MAX MUX_MESSAGE_BYTES_MAX MUX_DATAGRAMS_MAX
    };
    let source = include_str!("../../src/limits.rs");
    let declared = source.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
    assert!(declared.eq(table.iter().map(|(name, _)| *name)), "the list of limits here is not that of limits.rs");
    table.to_vec()
}

pub(crate) fn emit() -> String {
    let mut out = String::new();
    emit_into(&mut out).expect("a string takes everything");
    out
}

fn emit_into(out: &mut String) -> std::fmt::Result {
    writeln!(out, "export const VERSION = {};", version::VERSION)?;
    writeln!(out, "export const ALPN = {};", quoted(std::str::from_utf8(version::ALPN).expect("ALPN is text")))?;
    writeln!(out, "export const WEBSOCKET_SUBPROTOCOL = {};", quoted(version::WEBSOCKET_SUBPROTOCOL))?;
    writeln!(out, "export const WEBSOCKET_PATH = {};", quoted(version::WEBSOCKET_PATH))?;
    writeln!(out, "export const WEBTRANSPORT_PATH = {};\n", quoted(version::WEBTRANSPORT_PATH))?;

    for (name, value) in limit_table() {
        writeln!(out, "export const {name} = {value};")?;
    }

    writeln!(out, "\n/** What a client does about a code. */")?;
    writeln!(out, "export type Action = 'retry' | 'resume' | 'login' | 'stop';\n")?;
    writeln!(out, "export interface CodeInfo {{")?;
    writeln!(out, "  readonly number: number;\n  readonly name: string;")?;
    writeln!(out, "  readonly action: Action;\n  readonly sentence: string;\n}}\n")?;
    writeln!(out, "export const CODES: readonly CodeInfo[] = [")?;
    for code in Code::ALL {
        let (name, action, sentence) = (quoted(code.name()), quoted(code.action().as_str()), quoted(code.sentence()));
        writeln!(out, "  {{ number: {}, name: {name}, action: {action}, sentence: {sentence} }},", code.number())?;
    }
    writeln!(out, "];\n\n/** Numbers of the codes; a peer may send one that is not here. */")?;
    constants(out, "Code", Code::ALL.iter().map(|code| (camel(code.name()), code.number())))?;

    writeln!(out, "\n/** Classes of streams, most urgent first; the mux carries the number. */")?;
    let classes = Class::ALL.iter().map(|class| (camel(&format!("{class:?}")), u32::from(class.number())));
    constants(out, "StreamClass", classes)?;
    writeln!(out, "export type StreamClass = (typeof StreamClass)[keyof typeof StreamClass];")?;

    writeln!(out, "\n/** Numbers of the kinds of frames; a peer may send one that is not here. */")?;
    constants(out, "Kind", Kind::ALL.iter().map(|kind| (kind.name().to_owned(), kind.number())))?;
    writeln!(out, "export type KindName = keyof typeof Kind;")?;

    for (name, table) in open_enums() {
        writeln!(out, "\n/** A later version may send numbers that are not here. */")?;
        writeln!(out, "export type {name} = number;")?;
        constants(out, name, table.iter().map(|(variant, number)| (camel(variant), *number)))?;
    }
    Ok(())
}

/// The enums that bodies carry as bare numbers.
pub(crate) fn open_enums() -> [(&'static str, &'static [(&'static str, u32)]); 19] {
    [
        ("LaneClass", message::LaneClass::TABLE),
        ("Outcome", message::Outcome::TABLE),
        ("Replay", message::Replay::TABLE),
        ("PresenceState", message::PresenceState::TABLE),
        ("Direction", message::Direction::TABLE),
        ("MessageKind", message::MessageKind::TABLE),
        ("RoomAccess", message::RoomAccess::TABLE),
        ("RoomHistory", message::RoomHistory::TABLE),
        ("RoomKind", message::RoomKind::TABLE),
        ("RoomRole", message::RoomRole::TABLE),
        ("RoomSetting", message::RoomSetting::TABLE),
        ("MemberAction", message::MemberAction::TABLE),
        ("OutsideList", message::OutsideList::TABLE),
        ("FileUse", message::FileUse::TABLE),
        ("FileVariant", message::FileVariant::TABLE),
        ("FileOutcome", message::FileOutcome::TABLE),
        ("Availability", message::Availability::TABLE),
        ("Activity", message::Activity::TABLE),
        ("Notify", message::Notify::TABLE),
    ]
}

fn constants(out: &mut String, name: &str, rows: impl Iterator<Item = (String, u32)>) -> std::fmt::Result {
    writeln!(out, "export const {name} = {{")?;
    for (key, number) in rows {
        writeln!(out, "  {key}: {number},")?;
    }
    writeln!(out, "}} as const;")
}
