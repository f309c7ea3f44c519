//! Names of users and rooms: what is allowed, and when two are the same.

use rill_protocol::limits::{
    DISPLAY_NAME_CHARS_MAX, ROOM_NAME_CHARS_MAX, ROOM_TOPIC_CHARS_MAX, STATUS_CHARS_MAX, STATUS_EMOJI_BYTES_MAX,
    USERNAME_CHARS_MAX, USERNAME_CHARS_MIN,
};
use std::fmt;
use unicode_normalization::UnicodeNormalization;
use unicode_security::{GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection, skeleton};

use super::characters::unseen;

/// Why a name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Characters: as given, smallest, largest.
    Length(usize, usize, usize),
    /// A character that does not belong there.
    Character(char),
    /// A mark at the beginning or the end.
    Edge(char),
    /// Letters of scripts that are not written together, such as Latin and Cyrillic.
    Mixed,
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(chars, min, max) => write!(out, "has {chars} characters; it needs {min} to {max}"),
            Self::Character(c) => write!(out, "may not hold U+{:04X}", u32::from(*c)),
            Self::Edge(c) => write!(out, "may not begin or end with '{c}'"),
            Self::Mixed => write!(out, "may not mix letters of scripts that look alike"),
        }
    }
}

/// A username that passed the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username {
    shown: String,
    compared: String,
}

fn folded(text: &str) -> String {
    // Upper then lower folds what has two lower-case forms (ſ, ς) to one.
    text.to_uppercase().to_lowercase().nfkc().collect()
}

impl Username {
    /// A name that an account can have: normalised (NFKC, so that look-alikes by width are
    /// one name) and checked by the rules that every version has had. For finding somebody.
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
        let compared = folded(&shown);
        Ok(Self { shown, compared })
    }

    /// A name for a new account. Beyond the rules of all, its characters are those that
    /// Unicode (TS 39) allows in identifiers, and their scripts are written together
    /// somewhere: Latin with Chinese, Japanese or Korean, say, but not with Cyrillic or Greek.
    pub fn fresh(text: &str) -> Result<Self, Reason> {
        let name = Self::new(text)?;
        if let Some(odd) = name.shown.chars().find(|c| !c.identifier_allowed()) {
            return Err(Reason::Character(odd));
        }
        match name.shown.detect_restriction_level() {
            RestrictionLevel::MinimallyRestrictive | RestrictionLevel::Unrestricted => Err(Reason::Mixed),
            _ => Ok(name),
        }
    }

    /// As others see it.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The form in which two names are compared: without case. Stores hold hashes of it:
    /// it never changes.
    pub fn compared(&self) -> &str {
        &self.compared
    }

    /// What the name looks like as it is written (the skeleton of Unicode TS 39): equal
    /// for `Alice` and `AIice`.
    pub fn looks(&self) -> String {
        skeleton(&self.shown).collect()
    }

    /// What it looks like without case: equal for Latin `coco` and Cyrillic `Сосо`.
    pub fn looks_without_case(&self) -> String {
        folded(&skeleton(&self.compared).collect::<String>())
    }
}

/// A room's name that passed the rules: NFC, trimmed, without characters that nobody sees.
pub fn room_name(text: &str) -> Result<String, Reason> {
    let name: String = text.trim().nfc().take(ROOM_NAME_CHARS_MAX * 8).collect();
    let chars = name.chars().count();
    if !(1..=ROOM_NAME_CHARS_MAX).contains(&chars) {
        return Err(Reason::Length(chars, 1, ROOM_NAME_CHARS_MAX));
    }
    match unseen(&name) {
        Some(odd) => Err(Reason::Character(odd)),
        None => Ok(name),
    }
}

/// A room's topic that passed the rules of its name; it may be empty.
pub fn topic(text: &str) -> Result<String, Reason> {
    line(text, ROOM_TOPIC_CHARS_MAX)
}

/// A text of one line, NFC and trimmed, without characters that nobody sees.
fn line(text: &str, chars_max: usize) -> Result<String, Reason> {
    let text: String = text.trim().nfc().take(chars_max * 8).collect();
    let chars = text.chars().count();
    if chars > chars_max {
        return Err(Reason::Length(chars, 0, chars_max));
    }
    unseen(&text).map_or(Ok(text), |odd| Err(Reason::Character(odd)))
}

/// The name that somebody wants to be shown by; empty for none.
pub fn display_name(text: &str) -> Result<String, Reason> {
    line(text, DISPLAY_NAME_CHARS_MAX)
}

/// What somebody says of the moment.
pub fn status(text: &str) -> Result<String, Reason> {
    line(text, STATUS_CHARS_MAX)
}

/// One emoji, or nothing: something short that can be seen and is no letter or word.
pub fn status_emoji(text: &str) -> Result<String, Reason> {
    const KEYCAP: &str = "\u{FE0F}\u{20E3}";
    let emoji = text.trim();
    if emoji.len() > STATUS_EMOJI_BYTES_MAX {
        return Err(Reason::Length(emoji.chars().count(), 0, 1));
    }
    // A digit is one with what makes it a key behind it.
    let seen = emoji.strip_suffix(KEYCAP).unwrap_or(emoji);
    if let Some(odd) = unseen(seen) {
        return Err(Reason::Character(odd));
    }
    let is_word = |c: char| c.is_alphabetic() || c.is_whitespace() || c.is_ascii_punctuation();
    // One of the server's own goes by its name.
    match seen.chars().find(|c| is_word(*c)) {
        Some(odd) if !seen.starts_with(':') => Err(Reason::Character(odd)),
        _ => Ok(emoji.to_owned()),
    }
}

/// What a name that is shown looks like, as usernames do: without case, and as it is written.
pub fn looks_of(name: &str) -> [String; 2] {
    let seen: String = name.nfkc().filter(|c| !c.is_whitespace()).collect();
    let folded_looks = folded(&skeleton(&folded(&seen)).collect::<String>());
    [folded_looks, skeleton(&seen).collect()]
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
    fn names_of_new_accounts() {
        for fine in [
            "alice",
            "user1",
            "Alice_B.c-d",
            "José",
            "Đỗ",
            "Müller",
            "林泓宇",
            "林lin",
            "小明2024",
            "山田たろう",
            "李lee한국",
            "Иван",
            "Ιωάννης",
            "נועם",
            "محمد",
            "नेहा",
            "ひなhina",
        ] {
            assert_eq!(Username::fresh(fine).map(|name| name.shown().to_owned()), Ok(fine.to_owned()));
        }
        for (odd, reason) in [
            ("аdmin", Reason::Mixed),
            ("Ωmega", Reason::Mixed),
            ("日本а", Reason::Mixed),
            ("ab١", Reason::Mixed),
            ("ɑdmin", Reason::Character('ɑ')),
            ("аԁmіn", Reason::Character('ԁ')),
            ("ab\u{3164}", Reason::Character('\u{1160}')),
            ("ab\u{FE0F}", Reason::Character('\u{FE0F}')),
            ("a\u{202E}b", Reason::Character('\u{202E}')),
            ("a\u{ad}b", Reason::Character('\u{ad}')),
            ("a\0b", Reason::Character('\0')),
        ] {
            assert_eq!(Username::fresh(odd), Err(reason), "{odd:?}");
        }
    }

    #[test]
    fn names_that_look_alike() {
        let name = |text| Username::new(text).unwrap();
        let alike = |a, b| {
            let (a, b) = (name(a), name(b));
            a.looks() == b.looks() || a.looks_without_case() == b.looks_without_case()
        };
        for (a, b) in [
            ("coco", "Сосо"),
            ("paypal", "раураl"),
            ("Alice", "AIice"),
            ("root", "r00t"),
            ("modern", "modem"),
            ("user1", "userl"),
            ("工工", "エエ"),
        ] {
            assert!(alike(a, b), "{a} {b}");
        }
        for (a, b) in [("user1", "user2"), ("lan", "dan"), ("Ian", "Lan"), ("jose", "josé"), ("林泓宇", "林弘宇")]
        {
            assert!(!alike(a, b), "{a} {b}");
        }
    }

    #[test]
    fn names_that_are_shown_and_what_they_look_like() {
        assert_eq!(display_name("  Li  Ming 李明 "), Ok("Li  Ming 李明".into()));
        assert_eq!(display_name(""), Ok(String::new()));
        assert_eq!(display_name(&"字".repeat(65)), Err(Reason::Length(65, 0, 64)));
        assert_eq!(display_name("a\u{202E}b"), Err(Reason::Character('\u{202E}')));
        assert_eq!(display_name("a\u{200B}b"), Err(Reason::Character('\u{200B}')));
        let alike = |shown: &str, username: &str| {
            let name = Username::new(username).unwrap();
            let [folded, written] = looks_of(shown);
            folded == name.looks_without_case() || written == name.looks()
        };
        for (shown, username) in
            [("Alice", "alice"), ("Al ice", "alice"), ("AIice", "Alice"), ("Сосо", "coco"), ("林 泓宇", "林泓宇")]
        {
            assert!(alike(shown, username), "{shown} {username}");
        }
        for (shown, username) in [("Alice Smith", "alice"), ("Ben", "den"), ("李明", "李名")] {
            assert!(!alike(shown, username), "{shown} {username}");
        }
    }

    #[test]
    fn what_is_said_of_the_moment() {
        assert_eq!(status(" at lunch "), Ok("at lunch".into()));
        assert_eq!(status(&"x".repeat(101)), Err(Reason::Length(101, 0, 100)));
        assert!(matches!(status(&"x".repeat(30_000)), Err(Reason::Length(..))));
        assert_eq!(status("a\nb"), Err(Reason::Character('\n')));
        for fine in ["", "🌴", "👩\u{200d}👧", "1\u{fe0f}\u{20e3}", ":party_parrot:"] {
            assert_eq!(status_emoji(fine), Ok(fine.into()));
        }
        assert_eq!(status_emoji("hi"), Err(Reason::Character('h')));
        assert!(status_emoji(&"🌴".repeat(40)).is_err());
    }

    #[test]
    fn room_names() {
        assert_eq!(room_name("  技术交流 ").unwrap(), "技术交流");
        assert_eq!(room_name(&"字".repeat(64)).unwrap().chars().count(), 64);
        assert_eq!(room_name(&"字".repeat(65)), Err(Reason::Length(65, 1, 64)));
        assert_eq!(room_name(" \t "), Err(Reason::Length(0, 1, 64)));
        assert_eq!(room_name("a\u{0}b"), Err(Reason::Character('\u{0}')));
        assert_eq!(room_name("a\u{202E}b"), Err(Reason::Character('\u{202E}')));
        assert_eq!(room_name("a\u{200B}b"), Err(Reason::Character('\u{200B}')));
        assert!(room_name("❤️ Café № 5").is_ok());
    }
}
