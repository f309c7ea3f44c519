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
mod strip;

pub use format::Format;
pub use looks::{ImageError, Images};
pub use refused::Refused;
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
    /// The file without its metadata, where it is an image that is only too large to be decoded.
    /// Everything else is handed on as it came.
    pub bytes: Option<Vec<u8>>,
}

/// Looks at a file of `length` bytes. More than its beginning is read only if that is an image's
/// and the whole is at most [`IMAGE_BYTES_MAX`]. Takes up to seconds, and
/// [`IMAGE_MEMORY_BYTES_MAX`](super::limits::IMAGE_MEMORY_BYTES_MAX): [`Images`] bounds how many.
///
/// # Errors
/// The file cannot be read, or is shorter than it is said to be.
pub fn look(mut file: impl Read, length: u64) -> io::Result<Looked> {
    let mut head = [0; 16];
    let head = &mut head[..usize::try_from(length).unwrap_or(usize::MAX).min(16)];
    file.read_exact(head)?;
    let Some(format) = Format::sniff(head) else { return Ok(Looked::Plain(Plain::default())) };
    let plain = |refused, bytes| Looked::Plain(Plain { refused: Some((format, refused)), bytes });
    let length = match usize::try_from(length) {
        Ok(length) if length <= IMAGE_BYTES_MAX => length,
        _ => return Ok(plain(Refused::TooManyBytes, None)),
    };
    let mut bytes = vec![0; length];
    let (start, rest) = bytes.split_at_mut(head.len());
    start.copy_from_slice(head);
    file.read_exact(rest)?;
    // Decoders are written by others, and are given what strangers wrote.
    let looked = catch_unwind(AssertUnwindSafe(|| {
        let stripped = strip(format, &bytes).map_err(|refused| (refused, None))?;
        drop(bytes);
        decoded(format, stripped)
    }));
    Ok(match looked {
        Ok(Ok(image)) => Looked::Image(image),
        Ok(Err((refused, bytes))) => plain(refused, bytes),
        Err(_) => {
            tracing::warn!(?format, "a decoder of images panicked; the file is taken for a plain one");
            plain(Refused::Damaged, None)
        }
    })
}

/// The image of a stripped file; or why there is none, with the file if nothing else is wrong.
fn decoded(format: Format, stripped: Stripped) -> Result<Image, (Refused, Option<Vec<u8>>)> {
    if let Some(refused) = stripped.too_much {
        return Err((refused, Some(stripped.bytes)));
    }
    let pixels = match decode::decode(format, &stripped) {
        Ok(pixels) => pixels,
        // A BMP is not stripped, but has no metadata either.
        Err(refused) => {
            return Err((refused, Some(stripped.bytes).filter(|_| refused.is_for_size() && format != Format::Bmp)));
        }
    };
    described(format, stripped, pixels).map_err(|refused| (refused, None))
}

fn described(format: Format, stripped: Stripped, pixels: decode::Pixels) -> Result<Image, Refused> {
    let decode::Pixels { image: mut picture, profile } = pixels;
    let mut orientation = stripped.orientation;
    let (format, bytes) = match format {
        Format::Bmp => (Format::Png, preview::png(&picture, None)?),
        // Browsers turn JPEG and PNG as their EXIF says, WebP they do not. So that everybody sees
        // the same, its pixels are turned, and written anew. The decoder held more.
        Format::WebP if orientation != Orientation::NoTransforms => {
            picture.apply_orientation(std::mem::replace(&mut orientation, Orientation::NoTransforms));
            match picture {
                DynamicImage::ImageRgba8(_) => (Format::Png, preview::png(&picture, profile.as_ref())?),
                _ => (Format::Jpeg, preview::jpeg(&picture, TURNED_QUALITY, profile.as_ref())?),
            }
        }
        _ => (format, stripped.bytes),
    };
    let (mut width, mut height) = (picture.width(), picture.height());
    if bytes.len() > IMAGE_BYTES_MAX {
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
    Ok(Image { format, width, height, animated: stripped.frames > 1, bytes, small, large, blur_hash })
}

fn blur_hash(picture: &DynamicImage) -> Result<String, Refused> {
    let flat = DynamicImage::ImageRgb8(preview::flat(picture)).into_rgba8();
    let (width, height) = flat.dimensions();
    // More components across than there are pixels say nothing.
    let (across, down) = if width >= height { (BLUR_ACROSS, BLUR_DOWN) } else { (BLUR_DOWN, BLUR_ACROSS) };
    blurhash::encode(across.min(width), down.min(height), width, height, flat.as_raw()).map_err(|_| Refused::Damaged)
}
