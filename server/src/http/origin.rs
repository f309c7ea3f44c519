//! Which pages may talk to this server: its own, and those that the operator names.

use std::collections::BTreeSet;

/// Origins (RFC 6454) that are not foreign.
#[derive(Debug, Default)]
pub struct Origins {
    allowed: BTreeSet<String>,
}

impl Origins {
    /// The server's own pages, one for each name of the machine, and the operator's.
    pub fn new(http_port: u16, https_port: u16, names: &[String], extra: &[String]) -> Self {
        let loopback = ["localhost", "127.0.0.1", "[::1]"].map(|host| origin("http", host, http_port, 80));
        let tls = names.iter().map(|name| origin("https", &bracketed(name), https_port, 443));
        let extra = extra.iter().map(|text| text.trim_end_matches('/').to_ascii_lowercase());
        Self { allowed: loopback.into_iter().chain(tls).chain(extra).collect() }
    }

    /// Whether a page of `origin` may talk to the server. Absent is a native client.
    pub fn allows(&self, origin: Option<&str>) -> bool {
        origin.is_none_or(|origin| self.allowed.contains(&origin.to_ascii_lowercase()))
    }

    /// The same for a request that says which host it was sent to: a page that was
    /// served by that host is its own.
    pub fn allows_at(&self, origin: Option<&str>, scheme: &str, host: &str) -> bool {
        self.allows(origin) || origin.is_some_and(|origin| origin.eq_ignore_ascii_case(&format!("{scheme}://{host}")))
    }
}

fn origin(scheme: &str, host: &str, port: u16, default_port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == default_port { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") }
}

fn bracketed(name: &str) -> String {
    if name.contains(':') { format!("[{name}]") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_pages_pass_and_foreign_ones_do_not() {
        let names = ["localhost".to_owned(), "2001:db8::7".to_owned()];
        let origins = Origins::new(8080, 443, &names, &["https://Chat.example/".to_owned()]);
        for own in [
            "http://localhost:8080",
            "http://[::1]:8080",
            "https://localhost",
            "https://[2001:db8::7]",
            "https://chat.example",
        ] {
            assert!(origins.allows(Some(own)), "{own}");
        }
        for foreign in [
            "http://localhost:8081",
            "http://localhost",
            "https://evil.example",
            "null",
            "",
            "https://chat.example:444",
        ] {
            assert!(!origins.allows(Some(foreign)), "{foreign}");
        }
        assert!(origins.allows(None));
    }

    #[test]
    fn a_page_is_its_own_hosts() {
        let origins = Origins::default();
        assert!(origins.allows_at(Some("https://chat.example:8443"), "https", "chat.example:8443"));
        assert!(!origins.allows_at(Some("http://chat.example:8443"), "https", "chat.example:8443"));
        assert!(!origins.allows_at(Some("https://evil.example"), "https", "chat.example"));
    }
}
