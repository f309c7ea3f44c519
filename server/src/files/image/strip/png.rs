//! PNG (W3C Portable Network Graphics, third edition): chunks, each with its length and sum.

use image::metadata::Orientation;

use super::{Stripped, take, take_array};
use crate::files::{
    image::{Refused, exif, profile},
    limits::{IMAGE_FRAMES_MAX, PROFILE_BYTES_MAX},
};

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What of a file is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    All,
    /// One picture, as it stands in an icon.
    Still,
}

pub(super) fn strip(file: &[u8], keep: Keep) -> Result<Stripped, Refused> {
    let mut rest = file;
    take(&mut rest, SIGNATURE.len())?;
    // Kinds that were kept, of which there are few: the others are as many as a file likes.
    let mut seen = Vec::new();
    let mut before = Vec::new();
    let mut pixels = Vec::with_capacity(file.len());
    let (mut orientation, mut frames, mut moves, mut ended) = (None, 0, false, false);
    while !ended && let Ok((kind, data)) = chunk(&mut rest) {
        // The header comes first; and of what may come once the first counts.
        if seen.is_empty() != (kind == *b"IHDR") || (is_once(kind) && seen.contains(&kind)) {
            if kind == *b"IHDR" || kind == *b"PLTE" || seen.is_empty() {
                return Err(Refused::Damaged);
            }
            continue;
        }
        match &kind {
            b"IHDR" if data.len() != 13 => return Err(Refused::Damaged),
            b"IDAT" | b"IEND" => {
                ended = kind == *b"IEND";
                write(&mut pixels, kind, if ended { &[] } else { data });
            }
            b"fcTL" | b"fdAT" if keep == Keep::All && moves && (kind == *b"fdAT" || data.len() == 26) => {
                frames += usize::from(kind == *b"fcTL");
                write(&mut pixels, kind, data);
            }
            b"acTL" if keep == Keep::All && data.len() == 8 && !seen.contains(b"IDAT") => {
                moves = true;
                write(&mut before, kind, data);
            }
            b"eXIf" => orientation = Some(exif::orientation(data)),
            b"iCCP" if keep == Keep::All => {
                if let Some(profile) = profile_of(data) {
                    let packed = fdeflate::compress_to_vec(&profile);
                    write(&mut before, kind, &[b"ICC\0\0", packed.as_slice()].concat());
                }
            }
            _ if is_of_the_picture(kind, data.len()) => write(&mut before, kind, data),
            // A chunk that nobody may skip, and nobody knows.
            _ if kind[0].is_ascii_uppercase() => return Err(Refused::Unsupported),
            _ => continue,
        }
        if !seen.contains(&kind) {
            seen.push(kind);
        }
    }
    if !seen.contains(b"IDAT") {
        return Err(Refused::Damaged);
    }
    if !ended {
        write(&mut pixels, *b"IEND", &[]);
    }
    let orientation = orientation.filter(|_| keep == Keep::All).unwrap_or(Orientation::NoTransforms);
    let mut bytes = SIGNATURE.to_vec();
    bytes.append(&mut before);
    if let Some(exif) = exif::saying(orientation) {
        write(&mut bytes, *b"eXIf", &exif);
    }
    bytes.append(&mut pixels);
    let mut stripped = Stripped::still(bytes, orientation);
    stripped.frames = frames.max(1);
    stripped.too_much_if(frames > IMAGE_FRAMES_MAX, Refused::TooManyFrames);
    Ok(stripped)
}

/// The next chunk. Its sum is not asked for: what is kept gets a new one, and a decoder
/// finds pixels that are damaged.
fn chunk<'a>(rest: &mut &'a [u8]) -> Result<([u8; 4], &'a [u8]), Refused> {
    let length = u32::from_be_bytes(take_array(rest)?) as usize;
    let kind: [u8; 4] = take_array(rest)?;
    let data = take(rest, length)?;
    let _sum: [u8; 4] = take_array(rest)?;
    if kind.iter().all(u8::is_ascii_alphabetic) { Ok((kind, data)) } else { Err(Refused::Damaged) }
}

fn write(bytes: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    // Chunks that came from a file have lengths that fit; so have those that are made here.
    bytes.extend((data.len() as u32).to_be_bytes());
    let start = bytes.len();
    bytes.extend(kind);
    bytes.extend(data);
    let sum = crc32fast::hash(&bytes[start..]);
    bytes.extend(sum.to_be_bytes());
}

fn is_once(kind: [u8; 4]) -> bool {
    !matches!(&kind, b"IDAT" | b"fcTL" | b"fdAT")
}

/// What says how the pixels look, by kind and by the lengths that it can have.
fn is_of_the_picture(kind: [u8; 4], length: usize) -> bool {
    match &kind {
        b"IHDR" => length == 13,
        b"PLTE" => length <= 768 && length.is_multiple_of(3),
        b"tRNS" => length <= 256,
        b"gAMA" | b"cICP" => length == 4,
        b"cHRM" => length == 32,
        b"sRGB" => length == 1,
        b"sBIT" => length <= 4,
        b"bKGD" => length <= 6,
        b"pHYs" => length == 9,
        _ => false,
    }
}

/// The profile in `iCCP`: behind its name and the number of the compression.
fn profile_of(data: &[u8]) -> Option<Vec<u8>> {
    let name = data.iter().take(80).position(|byte| *byte == 0)?;
    let packed = data.get(name + 1..)?.strip_prefix(&[0])?;
    let unpacked = fdeflate::decompress_to_vec_bounded(packed, PROFILE_BYTES_MAX).ok()?;
    profile::valid(&unpacked).map(<[u8]>::to_vec)
}
