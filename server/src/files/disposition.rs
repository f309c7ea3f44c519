//! `Content-Disposition` (RFC 6266) with the name in both of its forms.

use std::fmt::Write as _;

use super::FileName;

/// The header's value. A name beyond ASCII comes as `filename*` (RFC 8187), behind a plainer one
/// for old clients (RFC 6266, Appendix D: without `%`, which some of them decode).
#[must_use]
pub fn content_disposition(inline: bool, name: &FileName) -> String {
    let name = name.as_str();
    let plain: String = name
        .chars()
        .map(|c| if (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '%') { c } else { '_' })
        .collect();
    let mut value = format!("{}; filename=\"{plain}\"", if inline { "inline" } else { "attachment" });
    if plain != name {
        value.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            if is_attr_char(byte) {
                value.push(byte.into());
            } else {
                // Writing to a string does not fail.
                let _ = write!(value, "%{byte:02X}");
            }
        }
    }
    value
}

/// RFC 8187, section 3.2.1.
fn is_attr_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values() {
        for (inline, name, expected) in [
            (true, "photo 1.jpg", "inline; filename=\"photo 1.jpg\""),
            (false, "a;b='c'.txt", "attachment; filename=\"a;b='c'.txt\""),
            (false, "€ rates.txt", "attachment; filename=\"_ rates.txt\"; filename*=UTF-8''%E2%82%AC%20rates.txt"),
            (false, "50%41.txt", "attachment; filename=\"50_41.txt\"; filename*=UTF-8''50%2541.txt"),
            (true, "it's 字", "inline; filename=\"it's _\"; filename*=UTF-8''it%27s%20%E5%AD%97"),
        ] {
            assert_eq!(content_disposition(inline, &FileName::from_declared(name)), expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Nothing in a name ends the value or begins another, and the name comes back from it.
        #[test]
        fn a_name_stays_in_its_place(declared in any::<String>(), inline in any::<bool>()) {
            let name = FileName::from_declared(&declared);
            let value = content_disposition(inline, &name);
            prop_assert!(http::HeaderValue::from_str(&value).is_ok() && value.is_ascii());
            let rest = value.strip_prefix(if inline { "inline; filename=\"" } else { "attachment; filename=\"" }).unwrap();
            let (plain, rest) = rest.split_once('"').unwrap();
            prop_assert!(!plain.contains('\\'));
            let Some(encoded) = rest.strip_prefix("; filename*=UTF-8''") else {
                prop_assert_eq!(rest, "");
                prop_assert_eq!(plain, name.as_str());
                return Ok(());
            };
            prop_assert!(!encoded.contains(['"', ';', ' ', '\'']));
            let mut bytes = encoded.bytes();
            let mut decoded = Vec::new();
            while let Some(byte) = bytes.next() {
                decoded.push(if byte == b'%' {
                    let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                } else { byte });
            }
            prop_assert_eq!(String::from_utf8(decoded).unwrap(), name.as_str());
        }
    }
}
