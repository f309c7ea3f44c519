//! Names of files that others chose, made fit for this machine's folders.

use rill_protocol::limits::FILE_NAME_BYTES_MAX;
use std::path::{Path, PathBuf};

use crate::limits::NUMBERED_NAMES_MAX;

/// Room for what is put behind a name: ` (12)`, or `.….part`.
const SPARE_BYTES: usize = 32;

/// A name for a file in a folder, from what somebody else says it is called: never a path,
/// never hidden, without control characters and marks of direction, and nothing that some
/// system takes for a device. `otherwise` is taken where nothing is left.
pub fn safe_name(said: &str, otherwise: &str) -> String {
    let last = said.rsplit(['/', '\\']).next().unwrap_or_default();
    let fit = |c: &char| !c.is_control() && !is_mark(*c);
    let plain = |c: char| if matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|') { '_' } else { c };
    let name: String = last.chars().filter(fit).map(plain).collect();
    let name = shortened(name.trim_matches(|c: char| c.is_whitespace() || c == '.'));
    let name = if name.is_empty() { otherwise.to_owned() } else { name };
    if is_device(&name) { format!("_{name}") } else { name }
}

/// The path, and behind it others with a number in their name: one of them is free.
pub fn numbered(path: &Path) -> impl Iterator<Item = PathBuf> + use<'_> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (stem, ending) = match name.rfind('.') {
        Some(at) if at > 0 => name.split_at(at),
        _ => (&*name, ""),
    };
    let (stem, ending) = (stem.to_owned(), ending.to_owned());
    let others = (1..NUMBERED_NAMES_MAX).map(move |number| path.with_file_name(format!("{stem} ({number}){ending}")));
    std::iter::once(path.to_owned()).chain(others)
}

/// Marks that turn the direction of what follows, and such that cannot be seen.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// The end of the name, which says what it is, is kept.
fn shortened(name: &str) -> String {
    let most = FILE_NAME_BYTES_MAX - SPARE_BYTES;
    if name.len() <= most {
        return name.to_owned();
    }
    let ending = name.rfind('.').map(|at| &name[at..]).filter(|ending| ending.len() <= SPARE_BYTES).unwrap_or_default();
    let stem = name.floor_char_boundary(most - ending.len());
    format!("{}{ending}", &name[..stem])
}

/// The devices of Windows, with any ending.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |device: &str| {
        stem.strip_prefix(device).is_some_and(|number| number.len() == 1 && number.as_bytes()[0].is_ascii_digit())
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_of_others_is_a_name_here() {
        let check = |said: &str, expected: &str| assert_eq!(safe_name(said, "file-7"), expected, "{said:?}");
        check("plan.pdf", "plan.pdf");
        check("技术 交流.tar.gz", "技术 交流.tar.gz");
        check("../../etc/passwd", "passwd");
        check("C:\\Windows\\x.dll", "x.dll");
        check(".bashrc", "bashrc");
        check("..", "file-7");
        check("a/", "file-7");
        check("\u{202E}gpj.exe\u{7}\0", "gpj.exe");
        check("nul.txt", "_nul.txt");
        check("COM1", "_COM1");
        check("command.txt", "command.txt");
        check("a:b|c", "a_b_c");
        let long = safe_name(&format!("{}.jpeg", "é".repeat(400)), "f");
        assert!(long.len() <= FILE_NAME_BYTES_MAX - SPARE_BYTES && long.ends_with(".jpeg"), "{long}");
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let check = |path: &str, expected: [&str; 3]| {
            let paths: Vec<PathBuf> = numbered(Path::new(path)).take(3).collect();
            assert_eq!(paths, expected.map(PathBuf::from));
        };
        check("d/a.tar.gz", ["d/a.tar.gz", "d/a.tar (1).gz", "d/a.tar (2).gz"]);
        check("技术", ["技术", "技术 (1)", "技术 (2)"]);
        check(".rc", [".rc", ".rc (1)", ".rc (2)"]);
    }

    proptest! {
        #[test]
        fn no_name_leaves_its_folder(said: String) {
            let name = safe_name(&said, "f");
            let path = std::path::Path::new(&name);
            prop_assert_eq!(path.file_name().map(|name| name.to_str().unwrap()), Some(name.as_str()));
            prop_assert_eq!(path.components().count(), 1);
            prop_assert!(!name.starts_with('.') && name.len() <= FILE_NAME_BYTES_MAX - SPARE_BYTES + 1);
        }
    }
}
