//! What a key's value must be, and how it is read from text and from TOML. What is not
//! so is refused in words that say what is.

use ipnet::IpNet;
use rill_storage::redis::RedisServer;
use std::net::{IpAddr, SocketAddr};
use toml::{Value, de::DeValue};

/// The kind of a key's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Switch,
    Number,
    Text,
    /// A path of a file or a directory, from the working directory.
    Path,
    /// Address and port; port 0 is a free one.
    Address,
    /// Origins of pages (RFC 6454); commas between them outside TOML.
    Origins,
    /// Addresses and networks; commas between them outside TOML.
    Networks,
    /// Media types and extensions of files; commas between them outside TOML.
    FileTypes,
    /// Addresses of Redis, which may hold a password; commas between them outside TOML.
    Servers,
    /// One of these words.
    Word(&'static [&'static str]),
}

impl Kind {
    /// What is expected, for a sentence.
    pub(super) fn expects(self) -> String {
        match self {
            Self::Switch => "true or false".into(),
            Self::Number => format!("a whole number from 0 to {}", u32::MAX),
            Self::Text => "a text".into(),
            Self::Path => "the path of a file".into(),
            Self::Address => "an address with a port, as 127.0.0.1:8080 or [::]:8443".into(),
            Self::Origins => "origins of pages, as https://chat.example or http://localhost:5173".into(),
            Self::Networks => "addresses and networks, as 10.0.0.1 or 10.0.0.0/8".into(),
            Self::FileTypes => "media types and extensions, as application/zip, video/* or .exe".into(),
            Self::Servers => {
                "addresses as redis://HOST:6379 or rediss://USER:PASSWORD@HOST:6379/0, more than one for a cluster"
                    .into()
            }
            Self::Word(words) => format!("one of {}", words.join(", ")),
        }
    }

    /// Reads what a variable or a flag says.
    pub(super) fn read_text(self, text: &str) -> Option<Value> {
        match self {
            Self::Switch => match text {
                "true" | "1" => Some(Value::Boolean(true)),
                "false" | "0" => Some(Value::Boolean(false)),
                _ => None,
            },
            Self::Number => text.parse::<u32>().ok().map(|number| Value::Integer(number.into())),
            Self::Origins => list(text, origin),
            Self::Networks => list(text, network),
            Self::FileTypes => list(text, file_type),
            Self::Servers => list(text, server),
            Self::Text | Self::Path | Self::Address | Self::Word(_) => self.written(text),
        }
    }

    /// Reads what a file says.
    pub(super) fn read_toml(self, value: &DeValue<'_>) -> Option<Value> {
        match (self, value) {
            (Self::Switch, DeValue::Boolean(switch)) => Some(Value::Boolean(*switch)),
            (Self::Number, DeValue::Integer(number)) => {
                let number = u32::from_str_radix(number.as_str(), number.radix()).ok()?;
                Some(Value::Integer(number.into()))
            }
            (Self::Origins, DeValue::Array(origins)) => {
                let origins = origins.iter().map(|text| origin(text.get_ref().as_str()?).map(Value::String));
                origins.collect::<Option<Vec<_>>>().map(Value::Array)
            }
            (Self::Networks, DeValue::Array(networks)) => {
                let networks = networks.iter().map(|text| network(text.get_ref().as_str()?).map(Value::String));
                networks.collect::<Option<Vec<_>>>().map(Value::Array)
            }
            (Self::FileTypes, DeValue::Array(types)) => {
                let types = types.iter().map(|text| file_type(text.get_ref().as_str()?).map(Value::String));
                types.collect::<Option<Vec<_>>>().map(Value::Array)
            }
            (Self::Servers, DeValue::Array(servers)) => {
                let servers = servers.iter().map(|text| server(text.get_ref().as_str()?).map(Value::String));
                servers.collect::<Option<Vec<_>>>().map(Value::Array)
            }
            (Self::Servers, DeValue::String(text)) => server(text).map(|one| Value::Array(vec![Value::String(one)])),
            (Self::Text | Self::Path | Self::Address | Self::Word(_), DeValue::String(text)) => self.written(text),
            _ => None,
        }
    }

    fn written(self, text: &str) -> Option<Value> {
        let fits = match self {
            Self::Text => true,
            Self::Path => !text.is_empty() && !text.contains('\0'),
            Self::Address => text.parse::<SocketAddr>().is_ok(),
            Self::Word(words) => words.contains(&text),
            Self::Switch | Self::Number | Self::Origins | Self::Networks | Self::FileTypes | Self::Servers => false,
        };
        fits.then(|| Value::String(text.to_owned()))
    }
}

/// What stands between commas.
fn list(text: &str, read: impl Fn(&str) -> Option<String>) -> Option<Value> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| read(part).map(Value::String)).collect::<Option<Vec<_>>>().map(Value::Array)
}

/// An address is the network of it alone.
fn network(text: &str) -> Option<String> {
    let one = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse::<IpNet>().ok().or_else(one).map(|network| network.trunc().to_string())
}

/// A media type, all of one kind, or an extension.
fn file_type(text: &str) -> Option<String> {
    let is_token = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let fits = match (text.strip_prefix('.'), text.split_once('/')) {
        (Some(extension), None) => is_token(extension),
        (None, Some((kind, subtype))) => is_token(kind) && (subtype == "*" || is_token(subtype)),
        _ => false,
    };
    fits.then(|| text.to_ascii_lowercase())
}

fn server(text: &str) -> Option<String> {
    RedisServer::parse(&[text.to_owned()]).ok().map(|_| text.to_owned())
}

/// RFC 6454: scheme and authority, no path. A slash behind it is forgiven.
fn origin(text: &str) -> Option<String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let fits = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
    fits.then(|| text.trim_end_matches('/').to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, good: &[&str], bad: &[&str]) {
        good.iter().for_each(|text| assert!(kind.read_text(text).is_some(), "{kind:?} {text}"));
        bad.iter().for_each(|text| assert_eq!(kind.read_text(text), None, "{kind:?} {text}"));
    }

    #[test]
    fn what_each_kind_takes() {
        check(Kind::Switch, &["true", "0"], &["yes", "", "TRUE"]);
        check(Kind::Number, &["0", "4294967295"], &["-1", "4294967296", "1.5", "", "ten"]);
        check(Kind::Path, &["data", "/var/lib/rill"], &["", "a\0b"]);
        check(Kind::Address, &["127.0.0.1:0", "[::]:8443"], &["8443", "localhost:80", ":80", "127.0.0.1", ""]);
        check(
            Kind::Origins,
            &["", "https://chat.example", "http://localhost:5173/, https://[2001:db8::7]:8443"],
            &[
                "chat.example",
                "https://",
                "https://chat.example/page",
                "ftp://chat.example",
                "https://a b",
                "*",
                "null",
            ],
        );
        check(
            Kind::Networks,
            &["", "10.0.0.1", "10.0.0.0/8, ::1, 2001:db8::/32"],
            &["10.0.0.0/33", "10.0.0", "localhost", "10.0.0.1:80", "*", "10.0.0.0/8;::1"],
        );
        check(
            Kind::FileTypes,
            &["", "image/png", "video/*, .exe, .tar.gz"],
            &["png", ".", "*", "*/*", "image/", "/png", "image/a/b", ".a/b", "a b/c"],
        );
        check(
            Kind::Servers,
            &["", "redis://cache.example", "redis://a:1, redis://b:2", "rediss://rill:hush@a:1/3"],
            &["cache.example:6379", "http://a", "redis://a:1,b:2", "rediss://a#insecure"],
        );
        check(Kind::Word(&["text", "json"]), &["json"], &["JSON", "", "xml"]);
    }

    #[test]
    fn numbers_of_a_file_may_have_any_radix_and_no_sign() {
        let check = |text: &str, expected: Option<i64>| {
            let value = DeValue::parse(text).unwrap();
            assert_eq!(Kind::Number.read_toml(value.get_ref()), expected.map(Value::Integer), "{text}");
        };
        check("10_000", Some(10_000));
        check("0x10", Some(16));
        for odd in ["-1", "4294967296", "1.0", "\"1\"", "true"] {
            check(odd, None);
        }
    }
}
