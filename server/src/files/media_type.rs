//! The one place that says as what a file is handed out. A type is believed only if the bytes
//! say so too; what a browser might run, or read as a page, is always a download.

use super::{FileName, image::Format, signature};

/// The beginning of a file that says what it is.
pub const HEAD_BYTES: usize = 4_096;

/// As what a file is handed out. Kept as the text of its [`content_type`](Self::content_type).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// An image that was looked at, and stripped.
    Image(Format),
    /// Sound or video that browsers play, by its type.
    Playable(&'static str),
    /// Text without markup.
    Text,
    /// Everything else, SVG, HTML, XML, PDF and scripts among it.
    Unknown,
}

const PLAYABLE: &[&str] = &[
    "audio/aac",
    "audio/flac",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "audio/webm",
    "video/mp4",
    "video/ogg",
    "video/quicktime",
    "video/webm",
];
/// Texts that are shown as they stand.
const TEXTS: &[&str] = &["text/csv", "text/markdown", "text/plain", "text/tab-separated-values", "text/x-log"];
const TEXT_EXTENSIONS: &[&str] = &["csv", "log", "md", "text", "tsv", "txt"];
const TEXT: &str = "text/plain; charset=utf-8";
const UNKNOWN: &str = "application/octet-stream";

impl MediaType {
    /// Of a file that is no image, by its first [`HEAD_BYTES`] and by what its sender says.
    #[must_use]
    pub fn of(head: &[u8], declared: &str) -> Self {
        let declared = declared.split(';').next().unwrap_or_default().trim();
        let is = |known: &&&str| known.eq_ignore_ascii_case(declared);
        if let Some(types) = signature::playable(head) {
            return Self::Playable(types.iter().find(is).unwrap_or(&types[0]));
        }
        if TEXTS.iter().any(|known| is(&known)) && is_text(head) { Self::Text } else { Self::Unknown }
    }

    /// The same of a file with a name, which counts where its sender says nothing: so browsers do of
    /// many texts.
    #[must_use]
    pub fn of_named(head: &[u8], declared: &str, name: &FileName) -> Self {
        let says_nothing = declared.is_empty() || declared.eq_ignore_ascii_case(UNKNOWN);
        let is_text = |extension: &str| TEXT_EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension));
        if says_nothing && name.extension().is_some_and(is_text) {
            return Self::of(head, TEXT);
        }
        Self::of(head, declared)
    }

    /// The type that a store kept as text; what is not one of ours is unknown.
    #[must_use]
    pub fn from_content_type(text: &str) -> Self {
        if text == TEXT {
            return Self::Text;
        }
        let image = Format::ALL.iter().find(|format| format.media_type() == text);
        let playable = PLAYABLE.iter().find(|known| **known == text);
        image
            .map(|format| Self::Image(*format))
            .or(playable.map(|known| Self::Playable(known)))
            .unwrap_or(Self::Unknown)
    }

    /// `Content-Type`; with `nosniff` beside it.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Image(format) => format.media_type(),
            Self::Playable(known) => known,
            Self::Text => TEXT,
            Self::Unknown => UNKNOWN,
        }
    }

    /// Whether a browser may show it where it is, and not only save it.
    #[must_use]
    pub const fn is_inline(self) -> bool {
        match self {
            Self::Image(format) => format.is_shown_by_browsers(),
            Self::Playable(_) | Self::Text => true,
            Self::Unknown => false,
        }
    }
}

/// UTF-8 without control characters other than those of lines; it may be cut at its end.
fn is_text(head: &[u8]) -> bool {
    let head = &head[..head.len().min(HEAD_BYTES)];
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or("\0"),
        Err(_) => return false,
    };
    text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{c}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &[u8], declared: &str, content_type: &str, inline: bool) {
        let media_type = MediaType::of(head, declared);
        assert_eq!((media_type.content_type(), media_type.is_inline()), (content_type, inline), "{declared}");
        assert_eq!(MediaType::from_content_type(content_type), media_type);
    }

    #[test]
    fn what_may_be_played_or_read_in_place() {
        check(b"ID3\x04\0\0", "audio/mpeg", "audio/mpeg", true);
        check(b"\xff\xfb\x90\x64\0\0", "application/x", "audio/mpeg", true);
        check(b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead", "audio/opus", "audio/ogg", true);
        check(b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x2a\x80theora", "", "video/ogg", true);
        check(b"RIFF\x24\0\0\0WAVEfmt \x10", "audio/x-wav", "audio/wav", true);
        check(b"fLaC\0\0\0\x22", "audio/flac", "audio/flac", true);
        check(
            b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\x82\x84webm",
            "audio/webm;codecs=opus",
            "audio/webm",
            true,
        );
        // Recorders put what they know of themselves first.
        check(b"RIFF\x24\0\0\0WAVEbext\x10", "audio/wav", "audio/wav", true);
        check(b"\0\0\0\x20ftypisom\0\0\x02\0", "video/mp4", "video/mp4", true);
        check(b"\0\0\0\x14ftypqt  \0\0\x02\0qt  ", "", "video/quicktime", true);
        check(b"\0\0\0\x18ftypabcd\0\0\0\0abcdmp42", "", "video/mp4", true);
        check(b"\0\0\0\x18ftyp3gp5\0\0\0\x013gp5isom", "video/3gpp", "video/mp4", true);
        check(b"\0\0\0\x20ftypM4A \0\0\x02\0", "audio/x-m4a", "audio/mp4", true);
        check(b"\xff\xf1\x50\x80\0\x1f\xfc", "", "audio/aac", true);
        check("Grüße\r\n\t字".as_bytes(), "text/plain", "text/plain; charset=utf-8", true);
        // A character that the head's end cuts.
        check(b"abc\xe5\xad", "text/plain", "text/plain; charset=utf-8", true);
    }

    #[test]
    fn everything_else_is_a_download() {
        for (head, declared) in [
            (&b"<!doctype html><script>alert(1)</script>"[..], "text/html"),
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml"),
            (b"<?xml version='1.0'?>", "text/xml"),
            (b"%PDF-1.7", "application/pdf"),
            (b"alert(1)", "text/javascript"),
            (b"a{}", "text/css"),
            (b"MZ\x90\0", "text/plain"),
            (b"\x89PNG\r\n\x1a\n and nothing", "image/png"),
            (b"GIF89a", "image/gif"),
            (b"not a film", "video/mp4"),
            (b"not a sound", "audio/mpeg"),
            (b"\x1a\x45\xdf\xa3\x42\x82\x88matroska", "video/x-matroska"),
            // A picture of a kind that is not looked at.
            (b"\0\0\0\x1cftypheic\0\0\0\0mif1heicmp42", "image/heic"),
            (b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miafiso8", "image/avif"),
            (b"\0\0\0\x18ftypabcd\0\0\0\0abcdefgh", "video/mp4"),
            (b"RIFF\x24\0\0\0AVI LIST\x10", "video/avi"),
            (b"a\0b", "text/plain"),
            (b"a\xffb", "text/plain"),
            (b"\x1b[2J", "text/plain"),
            (b"", ""),
        ] {
            check(head, declared, "application/octet-stream", false);
        }
    }

    #[test]
    fn texts_of_which_nothing_is_said() {
        let of = |name: &str, declared: &str, head: &[u8]| {
            MediaType::of_named(head, declared, &FileName::from_declared(name))
        };
        assert_eq!(of("notes.TXT", "", b"a text"), MediaType::Text);
        assert_eq!(of("notes.md", "application/octet-stream", b"# a text"), MediaType::Text);
        assert_eq!(of("notes", "Text/CSV; header=present", b"a,b"), MediaType::Text);
        for (name, declared) in
            [("a.html", ""), ("a", ""), ("a.txt", "text/html"), ("a.svg", "application/octet-stream")]
        {
            assert_eq!(of(name, declared, b"<html>"), MediaType::Unknown, "{name} {declared}");
        }
        assert_eq!(of("a.txt", "", b"\x7fELF\0"), MediaType::Unknown);
    }

    #[test]
    fn what_was_kept_is_what_was_said() {
        for format in Format::ALL {
            let media_type = MediaType::Image(*format);
            assert_eq!(MediaType::from_content_type(media_type.content_type()), media_type);
        }
        for known in PLAYABLE {
            assert_eq!(MediaType::from_content_type(known), MediaType::Playable(known));
        }
        assert_eq!(MediaType::from_content_type("text/html"), MediaType::Unknown);
        assert_eq!(MediaType::from_content_type("image/svg+xml"), MediaType::Unknown);
    }
}
