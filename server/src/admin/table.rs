//! Tables for a terminal: columns as wide as what they hold, Chinese and accents too.

use unicode_width::UnicodeWidthStr as _;

use crate::domain::characters::cleaned;

/// Characters of one cell.
const CELL_CHARS_MAX: usize = 128;

/// Rows under a head, each cell fit to be printed whoever wrote it.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| cleaned(cell, CELL_CHARS_MAX)).collect()).collect();
    let head = head.iter().map(|title| (*title).to_owned()).collect();
    let lines: Vec<&Vec<String>> = std::iter::once(&head).chain(&rows).collect();
    let width = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.width()).max();
    let mut text = String::new();
    for line in &lines {
        let mut out = String::new();
        for (column, cell) in line.iter().enumerate() {
            out.push_str(cell);
            let padding = width(column).unwrap_or_default() - cell.width() + 2;
            out.push_str(&" ".repeat(padding));
        }
        text.push_str(out.trim_end());
        text.push('\n');
    }
    text
}

/// A time of the API, to the minute.
pub(crate) fn time(ms: Option<u64>) -> String {
    let Some(ms) = ms else { return String::new() };
    match time::OffsetDateTime::from_unix_timestamp((ms / 1_000) as i64) {
        Ok(at) => format!(
            "{:04}-{:02}-{:02} {:02}:{:02} UTC",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute()
        ),
        Err(_) => ms.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_whatever_they_hold() {
        let rows = [vec!["林泓宇".to_owned(), "x".to_owned()], vec!["a\u{1b}[2J".to_owned(), "y".to_owned()]];
        assert_eq!(table(&["NAME", "ROLE"], &rows), "NAME    ROLE\n林泓宇  x\na [2J   y\n");
    }

    #[test]
    fn times_are_told_in_utc() {
        assert_eq!(time(Some(1_700_000_000_000)), "2023-11-14 22:13 UTC");
        assert_eq!(time(None), "");
    }
}
