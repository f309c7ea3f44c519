//! What decoding the first page of a TIFF takes. Its decoder allocates and reads by what the tags
//! say of tiles and samples, and holds none of that against its limits.

use super::tiff::File;
use crate::files::{
    image::Refused,
    limits::{DECODE_BYTES_MAX, IMAGE_PIXELS_MAX, IMAGE_SIDE_MAX, TIFF_BITS_MAX, TIFF_SAMPLES_MAX},
};

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const COMPRESSION: u16 = 259;
const SAMPLES: u16 = 277;
const TILE_WIDTH: u16 = 322;
const TILE_LENGTH: u16 = 323;
const TILE_OFFSETS: u16 = 324;

/// Whether the first page of a stripped file is decoded.
pub(super) fn check(file: &File<'_>) -> Result<(), Refused> {
    let (entries, _) = file.directory(file.long(4)?)?;
    let mut tags: Vec<_> = entries.iter().map(|entry| entry.tag).collect();
    tags.sort_unstable();
    // Of two of a kind readers take the first or the last.
    if tags.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Refused::Damaged);
    }
    let number = |tag, default: Option<u64>| match entries.iter().find(|entry| entry.tag == tag) {
        Some(entry) => file.numbers(entry)?.first().map(|number| *number as u64).ok_or(Refused::Damaged),
        None => default.ok_or(Refused::Damaged),
    };
    let is_tiled = entries.iter().any(|entry| entry.tag == TILE_OFFSETS);
    let (width, height) = (number(WIDTH, None)?, number(HEIGHT, None)?);
    let (across, down) =
        if is_tiled { (number(TILE_WIDTH, None)?, number(TILE_LENGTH, None)?) } else { (width, height) };
    let sides = [width, height, across, down];
    if sides.contains(&0) {
        return Err(Refused::Damaged);
    }
    // Tiles go past the right edge: as wide as they are together, rows are read.
    let row_pixels = width.div_ceil(across).saturating_mul(across);
    if sides.iter().any(|side| *side > IMAGE_SIDE_MAX.into()) || row_pixels * height > IMAGE_PIXELS_MAX {
        return Err(Refused::TooManyPixels);
    }
    // A JPEG inside has headers of its own, which nothing holds against the limits.
    let is_decoded = matches!(number(COMPRESSION, Some(1))?, 1 | 4 | 5 | 8 | 32_773 | 32_946);
    let (samples, bits) = (number(SAMPLES, Some(1))?, number(BITS, Some(1))?);
    if !is_decoded || samples > TIFF_SAMPLES_MAX || bits > TIFF_BITS_MAX {
        return Err(Refused::Unsupported);
    }
    let row_bytes = (row_pixels * samples * bits).div_ceil(8);
    if row_bytes * height > DECODE_BYTES_MAX { Err(Refused::TooMuchWork) } else { Ok(()) }
}
