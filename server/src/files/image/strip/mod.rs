//! Strippers: of a file's container everything is left out but what makes the picture, its
//! colours, its movement and which way is up. Pixels are not touched: no format loses quality.
//!
//! What is kept is named, everything else goes: cameras, places, times, comments, embedded
//! previews, what lies between the parts and behind the end. So nothing is left where another
//! file could hide, and decoders are not fed what they do not need. Each stripper checks
//! lengths before it follows them and walks its input once.

mod gif;
mod ico;
mod jpeg;
mod png;
mod tiff;
mod tiff_cost;
mod webp;
mod webp_codes;

use image::metadata::Orientation;
use std::ops::Range;

use super::{Format, Refused};

/// A file without what does not belong to the picture.
#[derive(Debug)]
pub struct Stripped {
    /// The file. Stripping it again changes nothing.
    pub bytes: Vec<u8>,
    /// Which way is up; the file says so too.
    pub orientation: Orientation,
    /// More than one: it moves.
    pub frames: usize,
    /// What decoding the first frame takes beside the pixels.
    pub(super) scratch_bytes: u64,
    /// The picture in an icon that is decoded, if it is a PNG.
    pub(super) png: Option<Range<usize>>,
    /// Why it is not decoded, although it is whole.
    pub(super) too_much: Option<Refused>,
}

impl Stripped {
    fn still(bytes: Vec<u8>, orientation: Orientation) -> Self {
        Self { bytes, orientation, frames: 1, scratch_bytes: 0, png: None, too_much: None }
    }

    fn too_much_if(&mut self, condition: bool, refused: Refused) {
        if condition {
            self.too_much.get_or_insert(refused);
        }
    }
}

/// Strips a file that begins as `format`.
///
/// # Errors
/// It is not what it claims to be, or of a kind that is not decoded.
pub fn strip(format: Format, file: &[u8]) -> Result<Stripped, Refused> {
    match format {
        Format::Png => png::strip(file, png::Keep::All),
        Format::Jpeg => jpeg::strip(file),
        Format::Gif => gif::strip(file),
        Format::WebP => webp::strip(file),
        Format::Tiff => tiff::strip(file),
        Format::Ico => ico::strip(file),
        // It is written anew as PNG, from its pixels.
        Format::Bmp => Ok(Stripped::still(file.to_vec(), Orientation::NoTransforms)),
    }
}

/// Takes `length` bytes off the front.
fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Refused> {
    let (taken, left) = rest.split_at_checked(length).ok_or(Refused::Damaged)?;
    *rest = left;
    Ok(taken)
}

/// Takes an array off the front.
fn take_array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Refused> {
    let (taken, left) = rest.split_first_chunk().ok_or(Refused::Damaged)?;
    *rest = left;
    Ok(*taken)
}
