//! The formats of images that are looked at, and the bytes by which they are known.

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Png,
    Jpeg,
    Gif,
    WebP,
    Bmp,
    Tiff,
    Ico,
}

impl Format {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Png, Self::Jpeg, Self::Gif, Self::WebP, Self::Bmp, Self::Tiff, Self::Ico];

    /// What a file that begins so claims to be. 16 bytes are enough.
    #[must_use]
    pub fn sniff(head: &[u8]) -> Option<Self> {
        let at = |offset: usize, bytes: &[u8]| head.get(offset..offset + bytes.len()) == Some(bytes);
        if at(0, b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if at(0, b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else if at(0, b"GIF87a") || at(0, b"GIF89a") {
            Some(Self::Gif)
        } else if at(0, b"RIFF") && at(8, b"WEBP") {
            Some(Self::WebP)
        } else if at(0, b"II*\0") || at(0, b"MM\0*") {
            Some(Self::Tiff)
        } else if at(0, b"BM") && at(6, &[0; 4]) {
            Some(Self::Bmp)
        } else if at(0, &[0, 0, 1, 0]) && !at(4, &[0, 0]) {
            Some(Self::Ico)
        } else {
            None
        }
    }

    /// Its registered type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
            Self::Ico => "image/vnd.microsoft.icon",
        }
    }

    /// How its names end.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::WebP => "webp",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Ico => "ico",
        }
    }

    /// Whether names of it end so.
    #[must_use]
    pub fn is_named(self, extension: &str) -> bool {
        let also = match self {
            Self::Png => "apng",
            Self::Jpeg => "jpeg",
            Self::Tiff => "tif",
            Self::Bmp => "dib",
            format => format.extension(),
        };
        [self.extension(), also].iter().any(|known| known.eq_ignore_ascii_case(extension))
    }

    /// What stores keep of it: its place in [`Self::ALL`], which only grows.
    pub(in crate::files) fn number(self) -> u8 {
        self as u8
    }

    pub(in crate::files) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Whether it is more than a download to them.
    #[must_use]
    pub const fn is_shown_by_browsers(self) -> bool {
        !matches!(self, Self::Tiff)
    }

    pub(super) const fn of_library(self) -> image::ImageFormat {
        match self {
            Self::Png => image::ImageFormat::Png,
            Self::Jpeg => image::ImageFormat::Jpeg,
            Self::Gif => image::ImageFormat::Gif,
            Self::WebP => image::ImageFormat::WebP,
            Self::Bmp => image::ImageFormat::Bmp,
            Self::Tiff => image::ImageFormat::Tiff,
            Self::Ico => image::ImageFormat::Ico,
        }
    }
}
