//! Which engine a data directory belongs to. It is written down once, before the
//! engine's first file, so that a store is always opened with the engine that wrote it.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Write},
    path::Path,
    str::FromStr,
};

use crate::{StoreError, platform};

const KIND_FILE: &str = "engine";

/// The engines on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    #[default]
    Sled,
    Fjall,
}

impl EngineKind {
    /// Every engine.
    pub const ALL: [Self; 2] = [Self::Sled, Self::Fjall];

    /// Its name in configurations and in the data directory, where it is also the name
    /// of its folder.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sled => "sled",
            Self::Fjall => "fjall",
        }
    }

    /// The file without which there is no database of this kind.
    const fn landmark(self) -> &'static str {
        match self {
            Self::Sled => "db",
            Self::Fjall => "version",
        }
    }

    /// Whether the directory holds an engine of this kind.
    pub(crate) fn is_present(self, directory: &Path) -> bool {
        directory.join(self.name()).join(self.landmark()).exists()
    }

    /// The engine of a data directory; `None` if it has none yet.
    ///
    /// # Errors
    /// The note names no engine that this program knows, or cannot be read.
    pub fn of(directory: &Path) -> Result<Option<Self>, StoreError> {
        let path = directory.join(KIND_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => text.parse().map(Some).map_err(|_| StoreError::Open {
                path,
                detail: format!(
                    "it names the engine {:?}, which this server does not know; use the server that wrote it, or \
                     restore the file from a backup",
                    text.trim()
                ),
            }),
            // Directories from before there was a choice.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Self::Sled.is_present(directory).then_some(Self::Sled))
            }
            Err(error) => Err(StoreError::Open { path, detail: format!("{error}; check its permissions") }),
        }
    }

    /// The engine to open a directory with: the one it belongs to, which must be the
    /// one asked for if one was. Writes it down, durably.
    pub(crate) fn settle(directory: &Path, asked: Option<Self>) -> Result<Self, StoreError> {
        let kind = match (Self::of(directory)?, asked) {
            (Some(found), Some(asked)) if found != asked => {
                return Err(StoreError::Open {
                    path: directory.to_owned(),
                    detail: format!(
                        "it was written by the engine {found} and this server is set to {asked}; set storage.engine \
                         to {found}, or copy the store to another directory with `rill store copy --to {asked}`"
                    ),
                });
            }
            (found, asked) => found.or(asked).unwrap_or_default(),
        };
        kind.write_down(directory).map_err(|error| StoreError::Open {
            path: directory.join(KIND_FILE),
            detail: format!("it cannot be written: {error}; check its permissions and the space on its disk"),
        })?;
        Ok(kind)
    }

    fn write_down(self, directory: &Path) -> io::Result<()> {
        let path = directory.join(KIND_FILE);
        if path.exists() {
            return Ok(());
        }
        let fresh = path.with_extension("new");
        let mut file = File::create(&fresh)?;
        writeln!(file, "{self}")?;
        file.sync_all()?;
        fs::rename(fresh, path)?;
        platform::sync_directory(directory)
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for EngineKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text.trim());
        found.ok_or_else(|| format!("no engine is called {text:?}; there are sled and fjall"))
    }
}
