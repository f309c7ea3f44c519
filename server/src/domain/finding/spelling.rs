//! Names as they are typed: in any case, and Chinese ones by their readings. Pure.
//!
//! 李明 is found by `liming`, `lm`, `lim` and 李m: each character is typed as itself, or as the
//! beginning of one of its readings.

use pinyin::ToPinyinMulti as _;
use unicode_normalization::UnicodeNormalization as _;

/// Positions in a text that is looked for are bits of a number.
const TYPED_CHARS_MAX: usize = 127;

/// How a character can be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Letter {
    itself: char,
    readings: Vec<Vec<char>>,
}

/// A name that can be looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelled {
    folded: String,
    /// Empty where nothing has a reading: then the name itself says it all.
    letters: Vec<Letter>,
}

/// How well a name answers to a text, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    /// It begins with it.
    Begins,
    /// A word of it does, or its readings do.
    WordBegins,
    /// It is somewhere within.
    Holds,
}

/// Without case, width and blanks at the ends.
pub(super) fn folded(text: &str) -> String {
    text.trim().nfkc().collect::<String>().to_lowercase()
}

/// All readings of a character, without tones. `ü` is typed as `v` or as `u`.
fn readings(c: char) -> Vec<Vec<char>> {
    let Some(all) = c.to_pinyin_multi() else { return Vec::new() };
    let mut found: Vec<Vec<char>> = Vec::new();
    for reading in all {
        let plain = reading.plain();
        for typed in [plain.replace('ü', "v"), plain.replace('ü', "u")] {
            let typed: Vec<char> = typed.chars().collect();
            if !found.contains(&typed) {
                found.push(typed);
            }
        }
    }
    found
}

impl Spelled {
    pub(super) fn new(name: &str) -> Self {
        let folded = folded(name);
        let letters: Vec<Letter> = folded
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|itself| Letter { itself, readings: readings(itself) })
            .collect();
        let has_readings = letters.iter().any(|letter| !letter.readings.is_empty());
        Self { folded, letters: if has_readings { letters } else { Vec::new() } }
    }

    /// What names are put in order by: the first readings of what has some.
    pub(super) fn order(&self) -> String {
        if self.letters.is_empty() {
            return self.folded.clone();
        }
        let spelled = self.letters.iter().flat_map(|letter| match letter.readings.first() {
            Some(reading) => reading.clone(),
            None => vec![letter.itself],
        });
        spelled.collect()
    }

    /// Whether a text, which is folded, finds it.
    pub(super) fn find(&self, text: &str) -> Option<Match> {
        match self.folded.find(text) {
            Some(0) => return Some(Match::Begins),
            Some(_) if self.folded.split(|c: char| !c.is_alphanumeric()).any(|word| word.starts_with(text)) => {
                return Some(Match::WordBegins);
            }
            Some(_) => return Some(Match::Holds),
            None => {}
        }
        let typed: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).take(TYPED_CHARS_MAX).collect();
        (0..self.letters.len())
            .find(|from| is_typed(&self.letters[*from..], &typed))
            .map(|from| if from == 0 { Match::WordBegins } else { Match::Holds })
    }
}

/// Whether these letters, from the first on, can be what was typed.
fn is_typed(letters: &[Letter], typed: &[char]) -> bool {
    // Bit n: the letters so far can be the first n characters.
    let (mut reached, whole) = (1u128, 1u128 << typed.len());
    for letter in letters {
        let mut next = 0;
        for at in (0..typed.len()).filter(|at| reached & (1 << at) != 0) {
            if typed[at] == letter.itself {
                next |= 1 << (at + 1);
            }
            for reading in &letter.readings {
                let common = reading.iter().zip(&typed[at..]).take_while(|(a, b)| a == b).count();
                next |= (1..=common).fold(0, |bits, length| bits | 1 << (at + length));
            }
        }
        if next & whole != 0 {
            return true;
        }
        if next == 0 {
            return false;
        }
        reached = next;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_by_what_is_typed_of_their_names() {
        let find = |name: &str, text: &str| Spelled::new(name).find(&folded(text));
        for (name, text, expected) in [
            ("李明", "lm", Some(Match::WordBegins)),
            ("李明", "liming", Some(Match::WordBegins)),
            ("李明", "LiM", Some(Match::WordBegins)),
            ("李明", "li m", Some(Match::WordBegins)),
            ("李明", "李m", Some(Match::WordBegins)),
            ("李明", "李", Some(Match::Begins)),
            ("李明", "明", Some(Match::Holds)),
            ("李明", "ming", Some(Match::Holds)),
            ("李明", "ml", None),
            ("李明", "limingx", None),
            // More than one reading.
            ("曾毅", "zy", Some(Match::WordBegins)),
            ("曾毅", "cengyi", Some(Match::WordBegins)),
            ("单强", "shanq", Some(Match::WordBegins)),
            ("吕梁", "lvl", Some(Match::WordBegins)),
            ("吕梁", "luliang", Some(Match::WordBegins)),
            ("Anna Berg", "an", Some(Match::Begins)),
            ("Anna Berg", "BERG", Some(Match::WordBegins)),
            ("Anna Berg", "nna", Some(Match::Holds)),
            ("Ａnna", "anna", Some(Match::Begins)),
            ("Anna", "annab", None),
            ("小明Ming", "xmming", Some(Match::WordBegins)),
        ] {
            assert_eq!(find(name, text), expected, "{name} {text}");
        }
    }

    #[test]
    fn what_is_typed_is_matched_in_time_that_grows_no_faster_than_it() {
        // Every character can begin in many places.
        let name = Spelled::new(&"安".repeat(64));
        assert_eq!(name.find(&format!("{}x", "an".repeat(40))), None);
        assert_eq!(name.find(&"a".repeat(64)), Some(Match::WordBegins));
    }

    #[test]
    fn chinese_names_stand_where_their_readings_would() {
        let mut names = ["王芳", "Bob", "李明", "anna"];
        names.sort_by_key(|name| Spelled::new(name).order());
        assert_eq!(names, ["anna", "Bob", "李明", "王芳"]);
    }
}
