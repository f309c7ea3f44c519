//! What a file is called, fit for every file system and for the eyes of others.

use std::fmt;
use unicode_normalization::UnicodeNormalization as _;

use super::limits::{EXTENSION_BYTES_MAX, NAME_BYTES_MAX};
use crate::domain::characters;

/// What a file without a usable name is called.
const NAMELESS: &str = "file";

/// A name without folders, invisible characters and marks of direction (a name that reads
/// `fdp.exe` backwards shows what it is), without what Windows forbids, of 1 to 255 bytes, in
/// Unicode's composed form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    /// The nearest name to what somebody says.
    #[must_use]
    pub fn from_declared(declared: &str) -> Self {
        let last = declared.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
        // Longer than anything that can be left; composing and cleaning shorten at most to a third.
        let last = cut(last, 16 * NAME_BYTES_MAX);
        let composed: String = characters::seen(&last).nfc().collect();
        let allowed: String = characters::seen(&composed).chars().map(allowed).collect();
        let mut name = cut(trimmed(&allowed), NAME_BYTES_MAX);
        if is_reserved(&name) {
            name = cut(&format!("_{name}"), NAME_BYTES_MAX);
        }
        let name = characters::seen(trimmed(&name));
        let name = trimmed(&name);
        Self(if name.is_empty() { NAMELESS } else { name }.to_owned())
    }

    /// The name with another extension, where the bytes became another format.
    #[must_use]
    pub fn with_extension(&self, extension: &str) -> Self {
        let stem = split(&self.0).0;
        Self::from_declared(&format!("{stem}.{extension}"))
    }

    /// What stands behind its last dot.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        split(&self.0).1
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What Windows does not take in a name (learn.microsoft.com, "Naming Files, Paths, and
/// Namespaces").
fn allowed(c: char) -> char {
    if matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*') { '_' } else { c }
}

/// Windows drops dots and spaces at the end, so that `virus.exe. .` would be another name there.
fn trimmed(name: &str) -> &str {
    name.trim_start().trim_end_matches(|c: char| c == '.' || c.is_whitespace())
}

/// Names of devices, with whatever extension.
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_uppercase();
    if matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$") {
        return true;
    }
    let port = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
    port.is_some_and(|number| {
        matches!(number, "¹" | "²" | "³") || (number.len() == 1 && number.as_bytes()[0].is_ascii_digit())
    })
}

/// What stands before the last dot, and behind it if that is an extension.
fn split(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && (1..=EXTENSION_BYTES_MAX).contains(&extension.len()) => {
            (stem, Some(extension))
        }
        _ => (name, None),
    }
}

/// At most `bytes_max` bytes, cut between characters and before the extension.
fn cut(name: &str, bytes_max: usize) -> String {
    if name.len() <= bytes_max {
        return name.to_owned();
    }
    let (stem, extension) = split(name);
    let kept = bytes_max - extension.map_or(0, |extension| extension.len() + 1);
    let stem = trimmed(&stem[..stem.floor_char_boundary(kept)]);
    extension.map_or_else(|| stem.to_owned(), |extension| format!("{stem}.{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(declared: &str) -> String {
        FileName::from_declared(declared).0
    }

    #[test]
    fn names() {
        for fine in [
            "photo.jpg",
            "Übersicht 2026 (final).pdf",
            "技术.tar.gz",
            ".profile",
            "👩\u{200d}👧.png",
            "a..b",
            "-rf",
            "50%.txt",
        ] {
            assert_eq!(name(fine), fine);
        }
        for (declared, expected) in [
            ("", "file"),
            ("/", "file"),
            ("..", "file"),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            ("C:\\Users\\me\\a.txt", "a.txt"),
            ("dir/", "dir"),
            ("a\0b\r\n.txt\x7f", "ab.txt"),
            ("\u{202e}gnp.exe", "gnp.exe"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("\u{2066}a\u{2069}\u{200b}\u{feff}.txt\u{200e}", "a.txt"),
            ("report.pdf. . .", "report.pdf"),
            ("  spaced .txt  ", "spaced .txt"),
            ("a\u{a0}", "a"),
            ("what?<is>|\"this\"*:.txt", "what__is___this___.txt"),
            ("con", "_con"),
            ("NUL.txt", "_NUL.txt"),
            ("aux .tar.gz", "_aux .tar.gz"),
            ("com1", "_com1"),
            ("LPT¹.x", "_LPT¹.x"),
            ("COM10", "COM10"),
            ("console.log", "console.log"),
            ("\u{200d}", "file"),
            // Composed, as everybody but macOS writes it.
            ("A\u{308}.txt", "Ä.txt"),
        ] {
            assert_eq!(name(declared), expected, "{declared:?}");
        }
    }

    #[test]
    fn long_names_keep_their_extension() {
        let long = name(&format!("{}.jpeg", "字".repeat(1_366)));
        assert!(long.ends_with("字.jpeg") && (250..=NAME_BYTES_MAX).contains(&long.len()), "{long}");
        assert_eq!(name(&"x".repeat(4_096)).len(), NAME_BYTES_MAX);
        // What stands behind the dot is no extension any more.
        assert_eq!(name(&format!("a.{}", "x".repeat(4_096))).len(), NAME_BYTES_MAX);
        let reserved = name(&format!("con.{}.txt", "x".repeat(4_096)));
        assert!(reserved.starts_with("_con.") && reserved.ends_with(".txt") && reserved.len() <= NAME_BYTES_MAX);
    }

    #[test]
    fn another_extension() {
        for (before, after) in
            [("scan.bmp", "scan.png"), ("scan", "scan.png"), ("a.b.bmp", "a.b.png"), (".bmp", ".bmp.png")]
        {
            assert_eq!(FileName::from_declared(before).with_extension("png").as_str(), after);
        }
    }

    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<String>(),
            proptest::sample::select(vec![
                "../",
                "..\\",
                "\0",
                "con",
                "NUL",
                ".",
                " ",
                "\u{202e}",
                "\u{200d}",
                "\u{fe0f}",
                "é",
                "e\u{301}",
                "字",
                "👧",
                "COM1.",
                "\u{2126}",
                "\u{a0}",
                "\u{1f1e6}",
                "..........",
                "\u{0344}",
                "\u{fb2c}"
            ])
            .prop_map(str::to_owned),
            "[a-z.]{0,300}",
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_name_is_fit(declared in hostile()) {
            let name = FileName::from_declared(&declared);
            let text = name.as_str();
            prop_assert!((1..=NAME_BYTES_MAX).contains(&text.len()));
            prop_assert!(!text.contains(['/', '\\', '\0', ':', '"', '<', '>', '|', '?', '*']));
            prop_assert!(text.chars().all(|c| !c.is_control()));
            prop_assert_eq!(characters::unseen(text), None);
            prop_assert!(!text.ends_with(['.', ' ']) && !text.starts_with(' '));
            prop_assert!(!is_reserved(text));
            let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            prop_assert!(!text.contains(turns));
            prop_assert_eq!(FileName::from_declared(text), name.clone());
        }
    }
}
