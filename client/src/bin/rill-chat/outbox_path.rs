//! Where unconfirmed messages of one user on one server wait.

use std::{
    env,
    path::{Path, PathBuf},
};
use url::Url;

/// The file, or nothing where the system has no place for it.
pub(crate) fn outbox_path(state: Option<&Path>, server: &Url, user: &str) -> Option<PathBuf> {
    let folder = match state {
        Some(folder) => folder.to_owned(),
        None => default_folder()?,
    };
    let port = server.port_or_known_default().unwrap_or_default();
    let host = server.host_str().unwrap_or_default();
    Some(folder.join(format!("outbox-{}-{port}-{}.json", plain(host), plain(user))))
}

/// The XDG base directory for state.
fn default_folder() -> Option<PathBuf> {
    let given = env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let usual = || env::home_dir().map(|home| home.join(".local/state"));
    Some(given.or_else(usual)?.join("rill"))
}

/// A file name from any text, and different ones from different texts.
fn plain(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.to_lowercase().bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_for_each_user_and_server() {
        let path = |server: &str, user: &str| {
            let server = Url::parse(server).unwrap();
            outbox_path(Some(Path::new("s")), &server, user).unwrap().display().to_string()
        };
        assert_eq!(path("http://localhost:8080", "user1"), "s/outbox-localhost-8080-user1.json");
        assert_eq!(path("https://[::1]/", "../x"), "s/outbox-%5B%3A%3A1%5D-443-..%2Fx.json");
        assert_ne!(path("http://localhost:1", "a-b"), path("http://localhost:1", "a_b"));
    }
}
