//! Characters that nobody sees, or that change how others are seen.

/// Default ignorable code points (Unicode Annex 44, `Default_Ignorable_Code_Point`), what
/// turns the direction of the text around it among them (Unicode TR36).
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether a character cannot be seen, and is no ordinary space. Blanks that are no
/// spaces, separators of lines and marks of annotations belong to it.
pub fn is_invisible(c: char) -> bool {
    is_ignorable(c) || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{2800}' | '\u{FFF9}'..='\u{FFFB}')
}

/// Whether `c` may stand behind `before`: it can be seen, or it is a joiner of Persian or of
/// emoji, or the mark of an emoji, behind what it joins.
fn belongs(before: Option<char>, c: char) -> bool {
    let joins = matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE0F}');
    let may_join = before.is_some_and(|before: char| {
        !before.is_ascii() && !before.is_whitespace() && (before == '\u{FE0F}' || !is_invisible(before))
    });
    !is_invisible(c) || joins && may_join
}

/// The first character of a title that does not belong there: an invisible one. The joiners
/// of Persian or of emoji and the mark of an emoji do, behind what they join.
pub fn unseen(title: &str) -> Option<char> {
    let mut before = None;
    for c in title.chars() {
        if !belongs(before, c) {
            return Some(c);
        }
        before = Some(c);
    }
    // Joiners join nothing at the end; the mark of an emoji may stand there.
    before.filter(|last| matches!(last, '\u{200C}' | '\u{200D}'))
}

/// A title without what [`unseen`] finds.
pub fn seen(title: &str) -> String {
    let mut kept = String::with_capacity(title.len());
    let mut before = None;
    for c in title.chars() {
        if belongs(before, c) {
            kept.push(c);
            before = Some(c);
        }
    }
    kept.truncate(kept.trim_end_matches(['\u{200C}', '\u{200D}']).len());
    kept
}

/// What somebody else says of itself, fit to be shown and logged: at most `chars_max`
/// characters, a space in the place of each that cannot be seen.
pub fn cleaned(text: &str, chars_max: usize) -> String {
    let seen: String = text.chars().take(chars_max).map(|c| if is_invisible(c) { ' ' } else { c }).collect();
    seen.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen() {
        for c in
            "\0\n\u{7f}\u{85}\u{ad}\u{200b}\u{200d}\u{202e}\u{2066}\u{2028}\u{3164}\u{fe0f}\u{feff}\u{e0041}\u{2800}"
                .chars()
        {
            assert!(is_invisible(c), "U+{:04X}", u32::from(c));
        }
        for c in " aé字🙂\u{3000}".chars() {
            assert!(!is_invisible(c), "{c}");
        }
    }

    #[test]
    fn titles() {
        for fine in ["技术交流", "❤️ team", "👩\u{200d}👧 family", "می\u{200c}خواهم", "🏳️\u{200d}🌈", "Café № 5"]
        {
            assert_eq!(unseen(fine), None, "{fine}");
            assert_eq!(seen(fine), fine);
        }
        for (odd, c) in [
            ("a\u{200d}b", '\u{200d}'),
            ("\u{200d}", '\u{200d}'),
            ("字\u{200d}", '\u{200d}'),
            ("字\u{200b}", '\u{200b}'),
            ("字\u{200d}\u{200d}字", '\u{200d}'),
            ("a\u{202e}b", '\u{202e}'),
            ("a\nb", '\n'),
        ] {
            assert_eq!(unseen(odd), Some(c), "{odd:?}");
            assert_eq!(unseen(&seen(odd)), None, "{odd:?}");
        }
    }

    #[test]
    fn strings_of_clients_are_cleaned() {
        assert_eq!(cleaned(" Firefox\r\nSet-Cookie: x\u{202e} ", 128), "Firefox  Set-Cookie: x");
        assert_eq!(cleaned(&"字".repeat(200), 128).chars().count(), 128);
    }
}
