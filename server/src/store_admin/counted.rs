//! How many of something, in words.

/// `1 room`, `2 rooms`; for nouns whose plural is regular.
pub(super) fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The same of what ends in `y`: `1 entry`, `2 entries`.
pub(super) fn entries(number: u64) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_many() {
        for (number, expected) in [(0, "0 rooms, 0 entries"), (1, "1 room, 1 entry"), (2, "2 rooms, 2 entries")] {
            assert_eq!(format!("{}, {}", counted(number, "room"), entries(number)), expected);
        }
    }
}
