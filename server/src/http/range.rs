//! Which bytes of a file a request asks for (RFC 9110, section 14).

use axum::http::{HeaderMap, header};
use std::ops::Range;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Whole,
    Part(Range<u64>),
    /// It begins behind the end.
    Beyond,
}

/// What a request asks for of `size` bytes that `tag` names. Several ranges, another unit and what
/// is no range count as none (section 14.2), and so does one of other bytes than these (section
/// 13.1.5: a tag that is weak, or a date, names none for sure).
pub(super) fn asked(headers: &HeaderMap, tag: &str, size: u64) -> Asked {
    let mut ranges = headers.get_all(header::RANGE).iter();
    let (Some(range), None) = (ranges.next(), ranges.next()) else { return Asked::Whole };
    let is_of_others = headers.get_all(header::IF_RANGE).iter().any(|known| known.as_bytes() != tag.as_bytes());
    let spec = range.to_str().ok().and_then(|value| value.split_once('='));
    match spec {
        Some((unit, spec)) if unit.eq_ignore_ascii_case("bytes") && !is_of_others => {
            one(spec.trim(), size).unwrap_or(Asked::Whole)
        }
        _ => Asked::Whole,
    }
}

/// `first-last`, `first-` or `-length`.
fn one(spec: &str, size: u64) -> Option<Asked> {
    let (first, last) = spec.split_once('-')?;
    if first.is_empty() {
        return match number(last)? {
            0 => Some(Asked::Beyond),
            // The end of nothing is the whole of it.
            _ if size == 0 => None,
            length => Some(Asked::Part(size.saturating_sub(length)..size)),
        };
    }
    let first = number(first)?;
    let end = if last.is_empty() { size } else { number(last)?.saturating_add(1).min(size) };
    if !last.is_empty() && number(last)? < first {
        return None;
    }
    Some(if first < size { Asked::Part(first..end) } else { Asked::Beyond })
}

/// Digits alone, without a sign; more than any file has counts as the most there is.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    fn of(fields: &[(HeaderName, &str)], size: u64) -> Asked {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        asked(&headers, "\"tag\"", size)
    }

    fn range(value: &str, size: u64) -> Asked {
        of(&[(header::RANGE, value)], size)
    }

    #[test]
    fn one_range_is_taken() {
        for (value, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-", 0..10),
            ("bytes=3-5", 3..6),
            ("bytes=9-9", 9..10),
            ("bytes=9-", 9..10),
            ("bytes=5-99999999999999999999999", 5..10),
            ("bytes=-1", 9..10),
            ("bytes=-10", 0..10),
            ("bytes=-99999999999999999999999", 0..10),
            ("Bytes= 007-8 ", 7..9),
        ] {
            assert_eq!(range(value, 10), Asked::Part(expected), "{value}");
        }
    }

    #[test]
    fn what_is_no_range_is_ignored_and_what_is_behind_the_end_is_not() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=1",
            "bytes=+1-2",
            "bytes=1-+2",
            "bytes=--1",
            "bytes=5-4",
            "bytes=99-98",
            "bytes=0-1,3-4",
            "bytes=0-1, -1",
            "bytes=0 -1",
            "bytes 0-1",
            "lines=0-1",
            "bytes=0x0-0x1",
        ] {
            assert_eq!(range(value, 10), Asked::Whole, "{value:?}");
        }
        for value in ["bytes=10-", "bytes=10-10", "bytes=99999999999999999999999-", "bytes=-0"] {
            assert_eq!(range(value, 10), Asked::Beyond, "{value}");
        }
        assert_eq!(range("bytes=0-", 0), Asked::Beyond);
        assert_eq!(range("bytes=-1", 0), Asked::Whole);
        let two = [(header::RANGE, "bytes=0-1"), (header::RANGE, "bytes=0-1")];
        assert_eq!(of(&two, 10), Asked::Whole);
    }

    #[test]
    fn a_range_of_other_bytes_is_none() {
        for (known, expected) in [
            ("\"tag\"", Asked::Part(1..2)),
            ("\"other\"", Asked::Whole),
            ("W/\"tag\"", Asked::Whole),
            ("tag", Asked::Whole),
            ("Sun, 22 Nov 2026 08:49:37 GMT", Asked::Whole),
        ] {
            let fields = [(header::RANGE, "bytes=1-1"), (header::IF_RANGE, known)];
            assert_eq!(of(&fields, 10), expected, "{known}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever is asked, a part is never empty and never more than there is.
        #[test]
        fn a_part_lies_within(spec in "[0-9]{0,21}-[0-9]{0,21}", size in 0_u64..2_000) {
            if let Asked::Part(part) = range(&format!("bytes={spec}"), size) {
                prop_assert!(part.start < part.end && part.end <= size);
            }
        }
    }
}
