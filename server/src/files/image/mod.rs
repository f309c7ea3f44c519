//! Images: what a file that begins as one is, and what of it others get.
//!
//! A file is stripped first ([`strip()`]) and decoded then, from the stripped bytes: so what others
//! get is what was decoded, and decoders never see metadata. Which way is up is read before,
//! stays in the file as the only thing of its EXIF, and is applied to sizes and previews. WebP,
//! of which browsers do not read it, is turned.
//!
//! A file that cannot be taken for an image is a plain one, never an error.

mod decode;
mod exif;
mod format;
mod looks;
mod preview;
mod profile;
mod refused;
mod small;
mod strip;

pub use format::Format;
pub use looks::{ImageError, Images};
pub use refused::Refused;
pub use small::{Avatar, Emoji, avatar, emoji};
pub use strip::{Stripped, strip};

use image::{DynamicImage, metadata::Orientation};
use std::{
    io::{self, Read},
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::limits::{BLUR_ACROSS, BLUR_DOWN, IMAGE_BYTES_MAX, PREVIEW_LARGE_SIDE, PREVIEW_SMALL_SIDE, TURNED_QUALITY};

/// What a file turned out to be.
#[derive(Debug)]
pub enum Looked {
    /// To be shown as an image.
    Image(Image),
    /// To be downloaded.
    Plain(Plain),
}

/// An image as others get it.
#[derive(Debug)]
pub struct Image {
    /// Of the bytes: that of the file, but PNG where it was a BMP, and JPEG or PNG where it was a WebP
    /// that did not lie upright. The name's extension follows it.
    pub format: Format,
    /// In pixels, upright.
    pub width: u32,
    pub height: u32,
    /// Whether it moves.
    pub animated: bool,
    /// The file without its metadata.
    pub bytes: Vec<u8>,
    /// Whether they are others than those that came.
    pub is_changed: bool,
    /// Upright, the first frame of what moves, its longer side at most 320 pixels.
    pub small: Preview,
    /// At most 1,280; none where the small one is as large.
    pub large: Option<Preview>,
    /// A few colours for the time until a preview is there (github.com/woltapp/blurhash), upright.
    pub blur_hash: String,
}

/// A smaller picture, JPEG or PNG.
#[derive(Debug)]
pub struct Preview {
    pub format: Format,
    pub width: u32,
    pub height: u32,
    pub bytes: Vec<u8>,
}

/// A file that is not shown as an image.
#[derive(Debug, Default)]
pub struct Plain {
    /// Why, where it begins as one.
    pub refused: Option<(Format, Refused)>,
    /// The file without its metadata, where it is an image as far as it was walked over, whatever
    /// was wrong with its pixels. Everything else is handed on as it came.
    pub bytes: Option<Vec<u8>>,
}

/// Looks at a file of `length` bytes. More than its beginning is read only if that is an image's
/// and the whole is at most [`IMAGE_BYTES_MAX`]. Takes up to seconds, and
/// [`IMAGE_MEMORY_BYTES_MAX`](super::limits::IMAGE_MEMORY_BYTES_MAX): [`Images`] bounds how many.
///
/// # Errors
/// The file cannot be read, or is shorter than it is said to be.
pub fn look(file: impl Read, length: u64) -> io::Result<Looked> {
    let (format, stripped, is_changed) = match read_and_stripped(file, length)? {
        Ok(stripped) => stripped,
        Err(plain) => return Ok(Looked::Plain(plain)),
    };
    Ok(match carefully(format, || decoded(format, &stripped)) {
        Ok(seen) => {
            let is_changed = is_changed || seen.rewritten.is_some();
            Looked::Image(Image {
                format: seen.format,
                width: seen.width,
                height: seen.height,
                animated: stripped.frames > 1,
                bytes: seen.rewritten.unwrap_or(stripped.bytes),
                is_changed,
                small: seen.small,
                large: seen.large,
                blur_hash: seen.blur_hash,
            })
        }
        Err(refused) => Looked::Plain(plain(format, refused, stripped, is_changed)),
    })
}

/// What others get of a file that there is no time to decode: the plain file that
/// [`look`] makes of one that does not decode.
///
/// # Errors
/// As [`look`].
pub fn only_strip(file: impl Read, length: u64) -> io::Result<Plain> {
    Ok(match read_and_stripped(file, length)? {
        Ok((format, stripped, is_changed)) => plain(format, Refused::TooMuchWork, stripped, is_changed),
        Err(plain) => plain,
    })
}

fn plain(format: Format, refused: Refused, stripped: Stripped, is_changed: bool) -> Plain {
    Plain { refused: Some((format, refused)), bytes: is_changed.then_some(stripped.bytes) }
}

/// The stripped file of an image, and whether that changed it; or the plain file that it is.
fn read_and_stripped(mut file: impl Read, length: u64) -> io::Result<Result<(Format, Stripped, bool), Plain>> {
    let mut head = [0; 16];
    let head = &mut head[..usize::try_from(length).unwrap_or(usize::MAX).min(16)];
    file.read_exact(head)?;
    let Some(format) = Format::sniff(head) else { return Ok(Err(Plain::default())) };
    let as_it_came = |refused| Plain { refused: Some((format, refused)), bytes: None };
    let length = match usize::try_from(length) {
        Ok(length) if length <= IMAGE_BYTES_MAX => length,
        _ => return Ok(Err(as_it_came(Refused::TooManyBytes))),
    };
    let mut bytes = vec![0; length];
    let (start, rest) = bytes.split_at_mut(head.len());
    start.copy_from_slice(head);
    file.read_exact(rest)?;
    let stripped = carefully(format, || strip(format, &bytes)).map_err(as_it_came);
    Ok(stripped.map(|stripped| {
        let is_changed = stripped.bytes != bytes;
        (format, stripped, is_changed)
    }))
}

/// Decoders are written by others, and are given what strangers wrote.
fn carefully<T>(format: Format, work: impl FnOnce() -> Result<T, Refused>) -> Result<T, Refused> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::warn!(?format, "a decoder of images panicked; the file is taken for a plain one");
        Err(Refused::Damaged)
    })
}

/// What is seen in a stripped file.
struct Seen {
    format: Format,
    width: u32,
    height: u32,
    /// The file, where others get it in another form.
    rewritten: Option<Vec<u8>>,
    small: Preview,
    large: Option<Preview>,
    blur_hash: String,
}

fn decoded(format: Format, stripped: &Stripped) -> Result<Seen, Refused> {
    if let Some(refused) = stripped.too_much {
        return Err(refused);
    }
    let decode::Pixels { image: mut picture, profile } = decode::decode(format, stripped)?;
    let mut orientation = stripped.orientation;
    let (format, rewritten) = match format {
        Format::Bmp => (Format::Png, Some(preview::png(&picture, None)?)),
        // Browsers turn JPEG and PNG as their EXIF says, WebP they do not. So that everybody sees
        // the same, its pixels are turned, and written anew. The decoder held more.
        Format::WebP if orientation != Orientation::NoTransforms => {
            picture.apply_orientation(std::mem::replace(&mut orientation, Orientation::NoTransforms));
            match picture {
                DynamicImage::ImageRgba8(_) => (Format::Png, Some(preview::png(&picture, profile.as_ref())?)),
                _ => (Format::Jpeg, Some(preview::jpeg(&picture, TURNED_QUALITY, profile.as_ref())?)),
            }
        }
        _ => (format, None),
    };
    let (mut width, mut height) = (picture.width(), picture.height());
    if rewritten.as_ref().is_some_and(|bytes| bytes.len() > IMAGE_BYTES_MAX) {
        return Err(Refused::TooManyBytes);
    }
    if exif::is_on_its_side(orientation) {
        (width, height) = (height, width);
    }
    preview::premultiply(&mut picture);
    let large = preview::shrunk(&picture, PREVIEW_LARGE_SIDE);
    drop(picture);
    let small = preview::shrunk(&large, PREVIEW_SMALL_SIDE);
    let large = (large.width() > small.width() || large.height() > small.height())
        .then(|| preview::written(large, orientation, profile.as_ref()))
        .transpose()?;
    let mut blurred = preview::shrunk(&small, 32);
    blurred.apply_orientation(orientation);
    let blur_hash = blur_hash(&blurred)?;
    let small = preview::written(small, orientation, profile.as_ref())?;
    Ok(Seen { format, width, height, rewritten, small, large, blur_hash })
}

fn blur_hash(picture: &DynamicImage) -> Result<String, Refused> {
    let flat = DynamicImage::ImageRgb8(preview::flat(picture)).into_rgba8();
    let (width, height) = flat.dimensions();
    // More components across than there are pixels say nothing.
    let (across, down) = if width >= height { (BLUR_ACROSS, BLUR_DOWN) } else { (BLUR_DOWN, BLUR_ACROSS) };
    blurhash::encode(across.min(width), down.min(height), width, height, flat.as_raw()).map_err(|_| Refused::Damaged)
}
