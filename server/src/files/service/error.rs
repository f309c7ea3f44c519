//! Why a file was not taken, or not handed out.

use rill_protocol::{
    Action, Code,
    limits::{EMOJI_MAX, EMOJI_NAME_CHARS_MAX, EMOJI_NAME_CHARS_MIN},
};
use rill_storage::StoreError;
use thiserror::Error;

use crate::{domain::DomainError, files::render::FactsError, wire::code::Failure};

/// One refusal. Those of a transfer are also kept, by the number of their code, beside what
/// became of it.
#[derive(Debug, Error, Clone)]
#[non_exhaustive]
pub enum FileError {
    #[error(transparent)]
    Domain(#[from] DomainError),
    #[error("this server takes no files")]
    SwitchedOff,
    #[error("the file has {bytes} bytes; the limit is {max}")]
    TooLarge {
        /// As declared.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    #[error("with this file there were more bytes than may be kept here")]
    QuotaExceeded,
    #[error("{why}")]
    TypeRefused {
        /// What of its type or name, or what is taken instead.
        why: String,
    },
    #[error("a file's name has 1 to {max} bytes, its media type at most {media_type_max}")]
    BadName {
        /// Bytes.
        max: usize,
        /// Bytes.
        media_type_max: usize,
    },
    #[error("the sound's waveform is longer than {0} bars")]
    BadWaveform(usize),
    #[error("the file was declared with {declared} bytes")]
    SizeWrong {
        /// Bytes.
        declared: u64,
    },
    #[error("the bytes are not those of the digest")]
    DigestWrong,
    #[error("the next byte is {expected}, and may go up to {credit}")]
    OffsetWrong {
        /// Where the next chunk begins.
        expected: u64,
        /// Where it ends at the latest.
        credit: u64,
    },
    #[error("the chunk is not understood")]
    Malformed,
    #[error("went on although refused")]
    Flooded,
    #[error("another stream goes on with this transfer")]
    Taken,
    #[error("as many transfers as allowed are unfinished")]
    TooManyTransfers,
    /// It failed before, for this.
    #[error("the transfer has ended: {0}")]
    Ended(Code),
    #[error("this is no image that can be shown, or one that is too much to look at")]
    NoPicture,
    #[error("only who made it and administrators may")]
    NotAllowed,
    #[error("an emoji's name has {EMOJI_NAME_CHARS_MIN} to {EMOJI_NAME_CHARS_MAX} lowercase letters, digits, _ or -")]
    BadEmojiName,
    #[error("there is another emoji of this name")]
    EmojiTaken,
    #[error("there are {EMOJI_MAX} emoji already")]
    TooManyEmoji,
    #[error("no such file")]
    NoSuchFile,
    #[error("the file is still on its way or being checked")]
    NotReady,
    #[error("the bytes of the file are missing or damaged on the server")]
    Damaged(#[source] StoreError),
    #[error("the file has {available} bytes for now")]
    BadRange {
        /// What there is.
        available: u64,
    },
}

impl From<StoreError> for FileError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::BlobMissing { .. } | StoreError::BlobDamaged { .. } => Self::Damaged(error),
            // Somebody who goes away is not gone yet, perhaps at another node.
            StoreError::BlobInUse { .. } => Self::Domain(DomainError::Busy),
            other => Self::Domain(other.into()),
        }
    }
}

impl FileError {
    /// What is kept of a file's bytes is not what was kept.
    pub(super) fn facts(error: FactsError) -> Self {
        Self::Damaged(StoreError::Blobs(error.to_string()))
    }

    /// Whether an upload that comes to this will never come to its end. A full disk does not end
    /// it: what has come stays for as long as its sender is waited for.
    pub fn ends_transfer(&self) -> bool {
        let is_out = matches!(self, Self::Domain(DomainError::RoomDeleted | DomainError::MessageRemoved));
        is_out || matches!(self, Self::SizeWrong { .. } | Self::DigestWrong | Self::Damaged(_))
    }

    /// As peers know it, and as it is kept.
    pub fn code(&self) -> Code {
        match self {
            Self::Domain(error) => Failure::from(error.clone()).code,
            Self::SwitchedOff => Code::Unsupported,
            Self::TooLarge { .. } => Code::FileTooLarge,
            Self::QuotaExceeded => Code::QuotaExceeded,
            Self::TypeRefused { .. } => Code::FileTypeRefused,
            Self::BadName { .. } => Code::BadFileName,
            Self::BadWaveform(_) => Code::BadRequest,
            Self::SizeWrong { .. } => Code::FileSizeWrong,
            Self::DigestWrong => Code::FileDigestWrong,
            Self::OffsetWrong { .. } => Code::FileOffsetWrong,
            Self::Malformed => Code::Malformed,
            Self::Flooded => Code::RateLimited,
            Self::Taken => Code::TransferTaken,
            Self::TooManyTransfers => Code::TooManyTransfers,
            Self::Ended(code) => *code,
            Self::NoPicture => Code::BadImage,
            Self::NotAllowed => Code::NotAllowed,
            Self::BadEmojiName => Code::BadEmojiName,
            Self::EmojiTaken => Code::EmojiTaken,
            Self::TooManyEmoji => Code::TooManyEmoji,
            Self::NoSuchFile => Code::NoSuchFile,
            Self::NotReady => Code::FileNotReady,
            Self::Damaged(_) => Code::FileDamaged,
            Self::BadRange { .. } => Code::BadRange,
        }
    }
}

/// The code that was kept of a transfer, for who asks again: none that says to try once more.
pub(super) fn kept(number: u32) -> Code {
    Code::from_number(number).filter(|code| code.action() == Action::Stop).unwrap_or(Code::TransferEnded)
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        if let FileError::Damaged(cause) = &error {
            tracing::error!(%cause, "a file cannot be read");
        }
        match error {
            FileError::Domain(error) => error.into(),
            other => Self { code: other.code(), detail: other.to_string() },
        }
    }
}
