//! ICO: a directory of pictures, each a PNG or a bitmap without its file header. Written anew,
//! one behind the other, each as long as its header says.

use image::metadata::Orientation;

use super::{Stripped, png, take_array};
use crate::files::{
    image::Refused,
    limits::{ICON_ENTRIES_MAX, IMAGE_SIDE_MAX},
};

const ENTRY_BYTES: usize = 16;

pub(super) fn strip(file: &[u8]) -> Result<Stripped, Refused> {
    let mut rest = file;
    let head: [u8; 4] = take_array(&mut rest)?;
    let count = usize::from(u16::from_le_bytes(take_array(&mut rest)?));
    if count > ICON_ENTRIES_MAX {
        return Err(Refused::TooManyFrames);
    }
    let (mut kept, mut kept_bytes, mut read_bytes) = (Vec::new(), 0, 0);
    for _ in 0..count {
        let mut entry: [u8; ENTRY_BYTES] = take_array(&mut rest)?;
        // Documented as zero, and not used by anybody.
        entry[3] = 0;
        // Entries may share their bytes, but not so often that it becomes work.
        let Some(bytes) = bytes_of(file, &entry) else { continue };
        read_bytes += bytes.len();
        if read_bytes > 2 * file.len() {
            return Err(Refused::Damaged);
        }
        if let Some(picture) = picture(bytes) {
            kept_bytes += picture.len();
            // Nothing gets longer.
            if kept_bytes > file.len() {
                return Err(Refused::Damaged);
            }
            kept.push((entry, picture));
        }
    }
    if kept.is_empty() {
        return Err(Refused::Damaged);
    }
    let mut bytes = head.to_vec();
    bytes.extend((kept.len() as u16).to_le_bytes());
    let mut offset = bytes.len() + kept.len() * ENTRY_BYTES;
    for (entry, picture) in &kept {
        bytes.extend(&entry[..8]);
        for number in [picture.len(), offset] {
            bytes.extend(u32::try_from(number).map_err(|_| Refused::Damaged)?.to_le_bytes());
        }
        offset += picture.len();
    }
    // As browsers choose: the deepest, of these the largest. A side of 256 is written as 0.
    let depth_and_size = |entry: &[u8; ENTRY_BYTES]| {
        let side = |byte: u8| if byte == 0 { 256 } else { u32::from(byte) };
        (u16::from_le_bytes([entry[6], entry[7]]), side(entry[0]) * side(entry[1]))
    };
    let best = (0..kept.len()).max_by_key(|index| depth_and_size(&kept[*index].0));
    let mut png = None;
    for (index, (_, picture)) in kept.iter().enumerate() {
        let start = bytes.len();
        bytes.extend(picture);
        if best == Some(index) && picture.starts_with(png::SIGNATURE) {
            png = Some(start..bytes.len());
        }
    }
    Ok(Stripped { png, ..Stripped::still(bytes, Orientation::NoTransforms) })
}

fn bytes_of<'a>(file: &'a [u8], entry: &[u8; ENTRY_BYTES]) -> Option<&'a [u8]> {
    let [.., l0, l1, l2, l3, o0, o1, o2, o3] = *entry;
    let (length, offset) = (u32::from_le_bytes([l0, l1, l2, l3]), u32::from_le_bytes([o0, o1, o2, o3]));
    let bytes = file.get(offset as usize..)?;
    Some(&bytes[..bytes.len().min(length as usize)])
}

fn picture(picture: &[u8]) -> Option<Vec<u8>> {
    if picture.starts_with(png::SIGNATURE) {
        return Some(png::strip(picture, png::Keep::Still).ok()?.bytes);
    }
    Some(picture.get(..bitmap_bytes(picture)?)?.to_vec())
}

/// What a BITMAPINFOHEADER, its palette, its pixels and the mask behind them take.
fn bitmap_bytes(bitmap: &[u8]) -> Option<usize> {
    let number = |at: usize| Some(u32::from_le_bytes(*bitmap.get(at..)?.first_chunk()?));
    let (width, height) = (number(4)?, number(8)? / 2);
    let (bits, compression, colours) = (number(12)? >> 16, number(16)?, number(32)?);
    let fits = |side: u32| (1..=IMAGE_SIDE_MAX).contains(&side);
    if number(0)? != 40 || !fits(width) || !fits(height) {
        return None;
    }
    let palette = match (bits, compression) {
        (1 | 4 | 8, 0) => 4 * if colours == 0 { 1 << bits } else { colours.min(1 << bits) },
        (16 | 24 | 32, 0) => 0,
        // Masks of the colours.
        (16 | 32, 3) => 12,
        _ => return None,
    };
    let rows = |bits_per_pixel: u32| u64::from((width * bits_per_pixel).div_ceil(32) * 4) * u64::from(height);
    let pixels = u64::from(40 + palette) + rows(bits);
    let with_mask = usize::try_from(pixels + rows(1)).ok()?;
    if bitmap.len() >= with_mask { Some(with_mask) } else { usize::try_from(pixels).ok() }
}
