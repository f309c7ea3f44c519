//! Names of users and rooms: what is allowed, and when two are the same.

use rill_protocol::limits::{ROOM_NAME_CHARS_MAX, USERNAME_CHARS_MAX, USERNAME_CHARS_MIN};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// Why a name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Characters: as given, smallest, largest.
    Length(usize, usize, usize),
    /// A character that does not belong there.
    Character(char),
    /// A mark at the beginning or the end.
    Edge(char),
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(chars, min, max) => write!(out, "has {chars} characters; it needs {min} to {max}"),
            Self::Character(c) => write!(out, "may not hold U+{:04X}", u32::from(*c)),
            Self::Edge(c) => write!(out, "may not begin or end with '{c}'"),
        }
    }
}

/// A username that passed the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username {
    shown: String,
    compared: String,
}

impl Username {
    /// Normalises (NFKC, so that look-alikes by width are one name) and checks.
    pub fn new(text: &str) -> Result<Self, Reason> {
        // Bounded before the work: NFKC of a short text can be long, of a long one longer.
        let shown: String = text.trim().nfkc().take(USERNAME_CHARS_MAX * 8).collect();
        let chars = shown.chars().count();
        if !(USERNAME_CHARS_MIN..=USERNAME_CHARS_MAX).contains(&chars) {
            return Err(Reason::Length(chars, USERNAME_CHARS_MIN, USERNAME_CHARS_MAX));
        }
        let mark = |c: char| matches!(c, '.' | '_' | '-');
        if let Some(odd) = shown.chars().find(|c| !c.is_alphanumeric() && !mark(*c)) {
            return Err(Reason::Character(odd));
        }
        if let Some(edge) = shown.chars().next().into_iter().chain(shown.chars().last()).find(|c| mark(*c)) {
            return Err(Reason::Edge(edge));
        }
        // Upper then lower folds what has two lower-case forms (ſ, ς) to one.
        let compared = shown.to_uppercase().to_lowercase().nfkc().collect();
        Ok(Self { shown, compared })
    }

    /// As others see it.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The form in which two names are compared: without case.
    pub fn compared(&self) -> &str {
        &self.compared
    }
}

/// A room's name that passed the rules: NFC, trimmed, without control characters.
pub fn room_name(text: &str) -> Result<String, Reason> {
    let name: String = text.trim().nfc().take(ROOM_NAME_CHARS_MAX * 8).collect();
    let chars = name.chars().count();
    if !(1..=ROOM_NAME_CHARS_MAX).contains(&chars) {
        return Err(Reason::Length(chars, 1, ROOM_NAME_CHARS_MAX));
    }
    match name.chars().find(|c| c.is_control() || is_direction_mark(*c)) {
        Some(odd) => Err(Reason::Character(odd)),
        None => Ok(name),
    }
}

/// Characters that turn the direction of the text around them (Unicode TR36).
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_one_without_regard_to_case_and_width() {
        let same = |a: &str, b: &str| Username::new(a).unwrap().compared() == Username::new(b).unwrap().compared();
        assert!(same("Alice", "aLICE"));
        assert!(same("Ａlice", "alice"));
        assert!(same("ΣΑΣ", "σας"));
        assert!(same("林泓宇", " 林泓宇 "));
        assert!(!same("alice", "alicf"));
    }

    #[test]
    fn usernames_that_are_refused() {
        for (text, reason) in [
            ("a", Reason::Length(1, 2, 32)),
            (&"x".repeat(33), Reason::Length(33, 2, 32)),
            ("a b", Reason::Character(' ')),
            ("a\u{200B}b", Reason::Character('\u{200B}')),
            ("a\nb", Reason::Character('\n')),
            (".ab", Reason::Edge('.')),
            ("ab-", Reason::Edge('-')),
            ("a@b", Reason::Character('@')),
        ] {
            assert_eq!(Username::new(text), Err(reason), "{text:?}");
        }
    }

    #[test]
    fn room_names() {
        assert_eq!(room_name("  技术交流 ").unwrap(), "技术交流");
        assert_eq!(room_name(&"字".repeat(64)).unwrap().chars().count(), 64);
        assert_eq!(room_name(&"字".repeat(65)), Err(Reason::Length(65, 1, 64)));
        assert_eq!(room_name(" \t "), Err(Reason::Length(0, 1, 64)));
        assert_eq!(room_name("a\u{0}b"), Err(Reason::Character('\u{0}')));
        assert_eq!(room_name("a\u{202E}b"), Err(Reason::Character('\u{202E}')));
    }
}
