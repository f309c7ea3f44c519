//! How lines look: for a person, or as JSON for a program.

use rill_client::Failure;
use rill_protocol::message::FileOutcome;
use serde::Serialize;
use std::io::{self, Write};
use time::{OffsetDateTime, UtcOffset};

use crate::line::{Line, LineFile, LineKind};

/// Writes to stdout.
#[derive(Debug)]
pub(crate) struct Printer {
    pub(crate) json: bool,
    pub(crate) offset: UtcOffset,
}

#[derive(Serialize)]
struct Json<'a> {
    room: String,
    room_name: &'a str,
    seq: u64,
    at_ms: u64,
    author: String,
    author_name: &'a str,
    client_id: String,
    kind: &'a str,
    text: &'a str,
    /// The message that is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<JsonFile<'a>>,
}

#[derive(Serialize)]
struct JsonFile<'a> {
    /// For `get`.
    number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    bytes: u64,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u32>,
}

impl Printer {
    /// Shows one line of a room.
    pub(crate) fn line(&self, line: &Line, room_name: &str, author_name: &str) -> io::Result<()> {
        let text =
            if self.json { self.as_json(line, room_name, author_name)? } else { self.as_text(line, author_name) };
        if text.is_empty() { Ok(()) } else { self.plain(&text) }
    }

    /// Writes text as it is, and a line break.
    pub(crate) fn plain(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }

    fn as_json(&self, line: &Line, room_name: &str, author_name: &str) -> io::Result<String> {
        let kind = match line.kind {
            LineKind::Text => "text",
            LineKind::Created => "created",
            LineKind::Joined => "joined",
            LineKind::Left => "left",
            LineKind::Avatar => "avatar",
            LineKind::Erased => "erased",
            LineKind::File => "file",
            LineKind::FileSettled => "file_settled",
            LineKind::Deleted(_) => "deleted",
            LineKind::RoomDeleted => "room_deleted",
            LineKind::Silent => "silent",
        };
        let json = Json {
            room: line.room.to_string(),
            room_name,
            seq: line.seq,
            at_ms: line.at_ms,
            author: line.author.to_string(),
            author_name,
            client_id: line.client_id.to_string(),
            kind,
            text: &line.text,
            target: match line.kind {
                LineKind::Deleted(number) => Some(number),
                _ => None,
            },
            file: line.file.as_ref().map(|file| JsonFile {
                number: file.number,
                name: file.name.as_deref(),
                bytes: file.size_bytes,
                state: state(file.outcome),
                code: Some(file.code).filter(|code| *code != 0),
            }),
        };
        serde_json::to_string(&json).map_err(io::Error::other)
    }

    fn as_text(&self, line: &Line, author_name: &str) -> String {
        let name = harmless(author_name);
        let time = self.time(line.at_ms);
        match line.kind {
            LineKind::Text => format!("{time} {name}: {}", harmless(&line.text)),
            LineKind::Created => format!("{time} {name} made the room {}", harmless(&line.text)),
            LineKind::Joined => format!("{time} {name} joined"),
            LineKind::Left => format!("{time} {name} left"),
            LineKind::Avatar => format!("{time} {name} changed the picture of the room"),
            LineKind::Erased => format!("{time} {name}: (deleted)"),
            LineKind::File => {
                let file = line.file.as_ref().map(described).unwrap_or_default();
                let text = if line.text.is_empty() { String::new() } else { format!(" {}", harmless(&line.text)) };
                format!("{time} {name}: {file}{text}")
            }
            // That it came about is worth no line; that it will not, is.
            LineKind::FileSettled => match &line.file {
                Some(file) if file.outcome == FileOutcome::Failed => {
                    let why = Failure { code: file.code, detail: String::new() };
                    format!("{time} {name}: file {} failed: {why}", file.number)
                }
                _ => String::new(),
            },
            LineKind::Deleted(number) => format!("{time} {name} removed message {number}"),
            LineKind::RoomDeleted => format!("{time} {name} deleted the room"),
            LineKind::Silent => String::new(),
        }
    }

    fn time(&self, at_ms: u64) -> String {
        let seconds = i64::try_from(at_ms / 1_000).unwrap_or_default();
        let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let at = at.to_offset(self.offset);
        format!("{:02}:{:02}", at.hour(), at.minute())
    }
}

/// A file in one line, for a person.
pub(crate) fn described(file: &LineFile) -> String {
    let name = harmless(file.name.as_deref().unwrap_or_default()).replace('\n', " ");
    let state = match file.outcome {
        FileOutcome::Complete => String::new(),
        other => format!(", {}", state(other)),
    };
    format!("[file {}: {name}, {}{state}]", file.number, amount(file.size_bytes))
}

fn state(outcome: FileOutcome) -> &'static str {
    match outcome {
        FileOutcome::Pending => "pending",
        FileOutcome::Complete => "complete",
        FileOutcome::Failed => "failed",
        FileOutcome::Other(_) => "unknown",
    }
}

/// Bytes for a person.
pub(crate) fn amount(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = None;
    for next in UNITS {
        if value < 1_023.95 {
            break;
        }
        (value, unit) = (value / 1_024.0, Some(next));
    }
    unit.map_or_else(|| format!("{bytes} B"), |unit| format!("{value:.1} {unit}"))
}

/// Text of others, without what would command the terminal. Line breaks are kept,
/// indented, so that nobody can forge a line of somebody else.
pub(crate) fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\n      "),
            '\t' => out.push(' '),
            '\r' => {}
            // Controls, and marks that turn the direction of what follows.
            c if c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}') => {
                out.push('\u{FFFD}');
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::{ClientId, RoomId, UserId};

    fn line(kind: LineKind, text: &str) -> Line {
        Line {
            room: RoomId([1; 16]),
            seq: 7,
            at_ms: 1_700_000_000_000,
            author: UserId([2; 16]),
            client_id: ClientId([3; 16]),
            kind,
            text: text.to_owned(),
            file: None,
        }
    }

    fn with_file(kind: LineKind, outcome: FileOutcome, name: &str) -> Line {
        let file = LineFile { number: 7, name: Some(name.to_owned()), size_bytes: 1_536, outcome, code: 85 };
        Line { file: Some(file), ..line(kind, "see") }
    }

    #[test]
    fn files_for_a_person_say_how_they_are_and_never_command_the_terminal() {
        let printer = Printer { json: false, offset: UtcOffset::UTC };
        let check = |line: Line, expected: &str| assert_eq!(printer.as_text(&line, "anna"), expected);
        let said = "22:13 anna: [file 7: x\u{FFFD}[2J y, 1.5 KiB] see";
        check(with_file(LineKind::File, FileOutcome::Complete, "x\u{1B}[2J\ty"), said);
        let said = "22:13 anna: [file 7: a       b, 1.5 KiB, pending] see";
        check(with_file(LineKind::File, FileOutcome::Pending, "a\nb"), said);
        check(with_file(LineKind::FileSettled, FileOutcome::Complete, "a"), "");
        let failed = printer.as_text(&with_file(LineKind::FileSettled, FileOutcome::Failed, "a"), "anna");
        assert!(failed.starts_with("22:13 anna: file 7 failed: The bytes that came"), "{failed}");
        for (bytes, expected) in [(0, "0 B"), (1_023, "1023 B"), (1_024, "1.0 KiB"), (1 << 40, "1.0 TiB")] {
            assert_eq!(amount(bytes), expected);
        }
    }

    #[test]
    fn lines_for_a_person() {
        let printer = Printer { json: false, offset: UtcOffset::from_hms(2, 0, 0).unwrap() };
        let check = |kind, text, expected: &str| assert_eq!(printer.as_text(&line(kind, text), "anna"), expected);
        check(LineKind::Text, "hello", "00:13 anna: hello");
        check(LineKind::Text, "two\n23:59 root: forged", "00:13 anna: two\n      23:59 root: forged");
        check(LineKind::Text, "\u{1B}[2J\u{202E}x\u{7}", "00:13 anna: \u{FFFD}[2J\u{FFFD}x\u{FFFD}");
        check(LineKind::Joined, "", "00:13 anna joined");
        check(LineKind::Silent, "", "");
    }

    #[test]
    fn a_line_for_a_program_is_one_line_of_json() {
        let printer = Printer { json: true, offset: UtcOffset::UTC };
        let text = printer.as_json(&line(LineKind::Text, "a\n\"b\""), "r", "anna").unwrap();
        assert_eq!(text.lines().count(), 1);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((json["seq"].as_u64(), json["text"].as_str()), (Some(7), Some("a\n\"b\"")));
        assert_eq!(json["room"].as_str().unwrap().len(), 26);
    }
}
