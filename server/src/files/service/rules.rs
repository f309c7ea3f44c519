//! What the operator allows: how large, how many, which.

use rill_protocol::{
    U53,
    limits::{FILE_NAME_BYTES_MAX, MEDIA_TYPE_BYTES_MAX, WAVEFORM_BYTES_MAX},
};
use rill_storage::model::TransferBounds;

use super::{FileError, NewUpload};
use crate::{config, domain::content};

/// See the module.
#[derive(Clone, Debug)]
pub struct Rules {
    is_on: bool,
    pub(super) size_max: u64,
    pub(super) of_user: TransferBounds,
    /// What the place of blobs may hold.
    pub(super) kept_bytes_max: u64,
    pub(super) expire_ms: u64,
    pub(super) is_emoji_for_everyone: bool,
    allowed: Vec<String>,
    refused: Vec<String>,
}

impl From<&config::Files> for Rules {
    fn from(config: &config::Files) -> Self {
        let bytes = config::Files::bytes;
        Self {
            is_on: config.enabled,
            size_max: bytes(config.size_mib_max),
            of_user: TransferBounds {
                transfers_max: match config.under_way_per_user {
                    0 => usize::MAX,
                    transfers => transfers as usize,
                },
                bytes_max: bytes(config.under_way_mib_per_user),
                kept_bytes_max: bytes(config.kept_mib_per_user),
            },
            kept_bytes_max: bytes(config.kept_mib),
            expire_ms: config.expire_ms(),
            is_emoji_for_everyone: true,
            allowed: config.allowed_types.clone(),
            refused: config.refused_types.clone(),
        }
    }
}

impl Rules {
    /// With what is said of emoji.
    #[must_use]
    pub fn with_emoji(self, config: &config::Emoji) -> Self {
        Self { is_emoji_for_everyone: config.add == config::MayAdd::Everyone, ..self }
    }

    /// The largest file, for whoever may ask, as a number that every page can hold; nothing if
    /// none is taken.
    pub fn size_max(&self) -> Option<u64> {
        self.is_on.then_some(self.size_max.min(U53::MAX.get()))
    }

    /// Whether it can be sent at all: what is wrong with it is wrong each time.
    pub(super) fn check(&self, new: &NewUpload) -> Result<(), FileError> {
        if !self.is_on {
            return Err(FileError::SwitchedOff);
        }
        let is_named = !new.name.is_empty() && new.name.len() <= FILE_NAME_BYTES_MAX;
        if !is_named || new.media_type.len() > MEDIA_TYPE_BYTES_MAX {
            let (max, media_type_max) = (FILE_NAME_BYTES_MAX, MEDIA_TYPE_BYTES_MAX);
            return Err(FileError::BadName { max, media_type_max });
        }
        if new.voice.as_ref().is_some_and(|voice| voice.waveform.len() > WAVEFORM_BYTES_MAX) {
            return Err(FileError::BadWaveform(WAVEFORM_BYTES_MAX));
        }
        content::caption(&new.text)?;
        if new.size > self.size_max {
            return Err(FileError::TooLarge { bytes: new.size, max: self.size_max });
        }
        self.check_type(&new.name, &new.media_type)
    }

    fn check_type(&self, name: &str, media_type: &str) -> Result<(), FileError> {
        let name = name.to_lowercase();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_of = |known: &String| match known.strip_suffix('*') {
            Some(kind) => media_type.starts_with(kind),
            None if known.starts_with('.') => name.trim_end_matches(['.', ' ']).ends_with(known),
            None => media_type == *known,
        };
        if let Some(refused) = self.refused.iter().find(|known| is_of(known)) {
            return Err(FileError::TypeRefused { why: format!("{refused} is refused") });
        }
        if self.allowed.is_empty() || self.allowed.iter().any(is_of) {
            return Ok(());
        }
        Err(FileError::TypeRefused { why: format!("taken are {}", self.allowed.join(", ")) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_extensions() {
        let list = |types: &[&str]| types.iter().map(|known| (*known).to_owned()).collect();
        let rules = |allowed: &[&str], refused: &[&str]| {
            let (allowed_types, refused_types) = (list(allowed), list(refused));
            Rules::from(&config::Files { allowed_types, refused_types, ..Default::default() })
        };
        let why =
            |rules: &Rules, name, media_type| rules.check_type(name, media_type).err().map(|error| error.to_string());
        assert_eq!(why(&rules(&[], &[]), "setup.exe", ""), None);
        let no_programs = rules(&[], &[".exe", "application/x-msdownload"]);
        assert_eq!(why(&no_programs, "a.zip", "application/zip"), None);
        assert_eq!(why(&no_programs, "SETUP.EXE", "").as_deref(), Some(".exe is refused"));
        assert_eq!(why(&no_programs, "setup.exe. .", "").as_deref(), Some(".exe is refused"));
        let of_type = why(&no_programs, "a", "Application/X-MSDownload; charset=x");
        assert_eq!(of_type.as_deref(), Some("application/x-msdownload is refused"));
        let pictures = rules(&["image/*", ".pdf"], &["image/svg+xml"]);
        assert_eq!((why(&pictures, "a", "image/png"), why(&pictures, "a.pdf", "")), (None, None));
        assert_eq!(why(&pictures, "a.svg", "image/svg+xml").as_deref(), Some("image/svg+xml is refused"));
        assert_eq!(why(&pictures, "a.txt", "text/plain").as_deref(), Some("taken are image/*, .pdf"));
    }
}
