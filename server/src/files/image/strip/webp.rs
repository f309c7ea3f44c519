//! WebP (RFC 9649): chunks in a RIFF container.

use image::metadata::Orientation;

use super::{Stripped, take, take_array};
use crate::files::{
    image::{Refused, exif, profile},
    limits::IMAGE_FRAMES_MAX,
};

// Flags of the extended header.
const HAS_PROFILE: u8 = 0x20;
const HAS_ALPHA: u8 = 0x10;
const HAS_EXIF: u8 = 0x08;
const MOVES: u8 = 0x02;

/// Bytes a pixel beside the result, at most: luma and chroma, an unpacked alpha channel and
/// what it is unpacked in; a canvas and a frame where it moves.
const SCRATCH_PER_PIXEL: u64 = 7;
const SCRATCH_PER_PIXEL_MOVING: u64 = 16;

pub(super) fn strip(file: &[u8]) -> Result<Stripped, Refused> {
    let mut rest = file;
    take(&mut rest, 4)?;
    let length = u32::from_le_bytes(take_array(&mut rest)?) as usize;
    // What the container does not hold is not looked at.
    let mut rest = &rest[..length.min(rest.len())];
    take(&mut rest, 4)?;
    let (kind, data) = chunk(&mut rest)?;
    let mut bytes = b"RIFF\0\0\0\0WEBP".to_vec();
    bytes.reserve(file.len());
    let mut stripped = match &kind {
        b"VP8 " | b"VP8L" => {
            write(&mut bytes, kind, data);
            let mut stripped = Stripped::still(bytes, Orientation::NoTransforms);
            stripped.scratch_bytes = pixels(kind, data).unwrap_or(0) * SCRATCH_PER_PIXEL;
            stripped
        }
        b"VP8X" => extended(data, rest, bytes)?,
        _ => return Err(Refused::Damaged),
    };
    let length = u32::try_from(stripped.bytes.len() - 8).map_err(|_| Refused::Damaged)?;
    stripped.bytes[4..8].copy_from_slice(&length.to_le_bytes());
    Ok(stripped)
}

/// A picture with an extended header: canvas and flags, then the chunks that the flags name.
fn extended(header: &[u8], mut rest: &[u8], mut bytes: Vec<u8>) -> Result<Stripped, Refused> {
    let header: [u8; 10] = *header.first_chunk().ok_or(Refused::Damaged)?;
    let side = |at: usize| u64::from(u32::from_le_bytes([header[at], header[at + 1], header[at + 2], 0])) + 1;
    let canvas = side(4) * side(7);
    let moves = header[0] & MOVES != 0;
    let (mut profile, mut orientation, mut frames) = (None, None, 0);
    let (mut seen, mut picture) = (Vec::new(), Vec::with_capacity(rest.len()));
    while let Ok((kind, data)) = chunk(&mut rest) {
        if kind != *b"ANMF" && seen.contains(&kind) {
            continue;
        }
        match &kind {
            b"ICCP" => profile = profile::valid(data),
            b"EXIF" => orientation = Some(exif::orientation(data)),
            b"ANIM" if moves => write(&mut picture, kind, data.get(..6).ok_or(Refused::Damaged)?),
            b"ANMF" if moves => {
                frames += 1;
                write(&mut picture, kind, &frame(data)?);
            }
            b"ALPH" | b"VP8 " | b"VP8L" if !moves => write(&mut picture, kind, data),
            _ => continue,
        }
        if !seen.contains(&kind) {
            seen.push(kind);
        }
    }
    let whole =
        if moves { frames > 0 && seen.contains(b"ANIM") } else { seen.contains(b"VP8 ") != seen.contains(b"VP8L") };
    if !whole {
        return Err(Refused::Damaged);
    }
    let orientation = orientation.unwrap_or(Orientation::NoTransforms);
    let exif = exif::saying(orientation);
    let mut flags = header[0] & (HAS_ALPHA | MOVES);
    flags |= if profile.is_some() { HAS_PROFILE } else { 0 };
    flags |= if exif.is_some() { HAS_EXIF } else { 0 };
    write(&mut bytes, *b"VP8X", &[&[flags, 0, 0, 0], &header[4..]].concat());
    if let Some(profile) = profile {
        write(&mut bytes, *b"ICCP", profile);
    }
    bytes.append(&mut picture);
    if let Some(exif) = exif {
        write(&mut bytes, *b"EXIF", &exif);
    }
    let mut stripped = Stripped::still(bytes, orientation);
    stripped.frames = frames.max(1);
    stripped.scratch_bytes = canvas * if moves { SCRATCH_PER_PIXEL_MOVING } else { SCRATCH_PER_PIXEL };
    stripped.too_much_if(frames > IMAGE_FRAMES_MAX, Refused::TooManyFrames);
    Ok(stripped)
}

/// A frame's place and time, and of its chunks the pixels.
fn frame(mut data: &[u8]) -> Result<Vec<u8>, Refused> {
    let mut kept = take(&mut data, 16)?.to_vec();
    let (mut alpha, mut pixels) = (false, false);
    while let Ok((kind, data)) = chunk(&mut data) {
        match &kind {
            b"ALPH" if !alpha && !pixels => alpha = true,
            b"VP8 " | b"VP8L" if !pixels => pixels = true,
            _ => continue,
        }
        write(&mut kept, kind, data);
    }
    if pixels { Ok(kept) } else { Err(Refused::Damaged) }
}

/// The next chunk. The last one may lack the byte that makes its length even.
fn chunk<'a>(rest: &mut &'a [u8]) -> Result<([u8; 4], &'a [u8]), Refused> {
    let kind = take_array(rest)?;
    let length = u32::from_le_bytes(take_array(rest)?) as usize;
    let data = take(rest, length)?;
    *rest = rest.get(length % 2..).unwrap_or_default();
    Ok((kind, data))
}

fn write(bytes: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    bytes.extend(kind);
    // Chunks that came from a file have lengths that fit; so have those that are made here.
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes.extend(&[0][..data.len() % 2]);
}

/// Width times height, as the bitstream says (RFC 6386, section 9.1; RFC 9649, section 3.4).
fn pixels(kind: [u8; 4], data: &[u8]) -> Option<u64> {
    let (width, height) = if kind == *b"VP8L" {
        let sides = u32::from_le_bytes(*data.get(1..)?.first_chunk()?);
        ((sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1)
    } else {
        let [w0, w1, h0, h1] = *data.get(6..)?.first_chunk()?;
        (u32::from(u16::from_le_bytes([w0, w1]) & 0x3FFF), u32::from(u16::from_le_bytes([h0, h1]) & 0x3FFF))
    };
    Some(u64::from(width) * u64::from(height))
}
