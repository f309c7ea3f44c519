//! Why something that begins as an image is not taken for one.

/// The reason, for a page that wants to say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It does not begin as an image of a known format.
    #[error("the file is no image of a known format")]
    NoImage,
    /// The file is longer than [`IMAGE_BYTES_MAX`](crate::files::limits::IMAGE_BYTES_MAX).
    #[error("the file is too long to be looked at as an image")]
    TooManyBytes,
    /// A side or the number of pixels is past its limit.
    #[error("the image has too many pixels")]
    TooManyPixels,
    /// Decoding would take too much memory, or too much work.
    #[error("the image takes too much to decode")]
    TooMuchWork,
    /// An animation of too many frames, or too many pages.
    #[error("the image has too many frames or pages")]
    TooManyFrames,
    /// A variant that is not decoded, as JPEG with 12 bits.
    #[error("the image is of a kind that is not decoded")]
    Unsupported,
    /// The bytes are not what they claim, or are cut.
    #[error("the image is damaged")]
    Damaged,
}
