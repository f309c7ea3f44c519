//! WebP (RFC 9649): chunks in a RIFF container.

use image::metadata::Orientation;

use super::{Stripped, take, take_array, webp_codes};
use crate::files::{
    image::{Refused, exif, profile},
    limits::{IMAGE_FRAMES_MAX, IMAGE_PIXELS_MAX, IMAGE_SIDE_MAX},
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
            let mut cost = Cost::default();
            let (width, height) = sides(kind, data)?;
            cost.part(kind, data, width, height);
            cost.of(Stripped::still(bytes, Orientation::NoTransforms), width, height, SCRATCH_PER_PIXEL)
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
    let (width, height) = (side(&header[4..])?, side(&header[7..])?);
    let moves = header[0] & MOVES != 0;
    let (mut profile, mut orientation, mut frames, mut cost) = (None, None, 0, Cost::default());
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
                // Of frames the first alone is decoded.
                write(&mut picture, kind, &frame(data, (frames == 1).then_some(&mut cost))?);
            }
            b"ALPH" | b"VP8 " | b"VP8L" if !moves => {
                cost.part(kind, data, width, height);
                write(&mut picture, kind, data);
            }
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
    // What moves is turned by no viewer.
    let orientation = orientation.filter(|_| !moves).unwrap_or(Orientation::NoTransforms);
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
    let scratch = if moves { SCRATCH_PER_PIXEL_MOVING } else { SCRATCH_PER_PIXEL };
    let mut stripped = cost.of(Stripped::still(bytes, orientation), width, height, scratch);
    stripped.frames = frames.max(1);
    stripped.too_much_if(frames > IMAGE_FRAMES_MAX, Refused::TooManyFrames);
    Ok(stripped)
}

/// A length less one, of three bytes.
fn side(bytes: &[u8]) -> Result<u32, Refused> {
    let [a, b, c] = *bytes.first_chunk().ok_or(Refused::Damaged)?;
    Ok(u32::from_le_bytes([a, b, c, 0]) + 1)
}

/// A frame's place and time, and of its chunks the pixels. What decoding them takes is added up.
fn frame(mut data: &[u8], mut cost: Option<&mut Cost>) -> Result<Vec<u8>, Refused> {
    let mut kept = take(&mut data, 16)?.to_vec();
    let (width, height) = (side(&kept[6..])?, side(&kept[9..])?);
    let (mut alpha, mut pixels) = (false, false);
    while let Ok((kind, data)) = chunk(&mut data) {
        match &kind {
            b"ALPH" if !alpha && !pixels => alpha = true,
            // Behind an alpha channel of their own decoders read a lossy picture, whatever it is called.
            b"VP8L" if alpha => continue,
            b"VP8 " | b"VP8L" if !pixels => pixels = true,
            _ => continue,
        }
        if let Some(cost) = cost.as_deref_mut() {
            cost.part(kind, data, width, height);
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

/// Width and height, as the bitstream says (RFC 6386, section 9.1; RFC 9649, section 3.4).
fn sides(kind: [u8; 4], data: &[u8]) -> Result<(u32, u32), Refused> {
    if kind == *b"VP8L" {
        let sides = data.get(1..).and_then(|rest| rest.first_chunk()).ok_or(Refused::Damaged)?;
        let sides = u32::from_le_bytes(*sides);
        return Ok(((sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1));
    }
    let sides = data.get(6..).and_then(|rest| rest.first_chunk()).ok_or(Refused::Damaged)?;
    let [w0, w1, h0, h1] = *sides;
    Ok((u32::from(u16::from_le_bytes([w0, w1]) & 0x3FFF), u32::from(u16::from_le_bytes([h0, h1]) & 0x3FFF)))
}

/// What decoding the parts of a picture takes beside its pixels.
#[derive(Default)]
struct Cost {
    table_bytes: u64,
    /// Why they are not decoded.
    refused: Option<Refused>,
}

impl Cost {
    /// Adds a part of a canvas or a frame of these sides. The picture in it has the same: memory is
    /// reckoned by these, and decoders take it by what the picture says of itself.
    fn part(&mut self, kind: [u8; 4], data: &[u8], width: u32, height: u32) {
        let fills = kind == *b"ALPH" || sides(kind, data) == Ok((width, height));
        let bytes = if fills { tables(kind, data, width, height) } else { Err(Refused::Damaged) };
        match bytes {
            Ok(bytes) => self.table_bytes += bytes,
            Err(refused) => drop(self.refused.get_or_insert(refused)),
        }
    }

    fn of(&self, mut stripped: Stripped, width: u32, height: u32, scratch_per_pixel: u64) -> Stripped {
        stripped.scratch_bytes = u64::from(width) * u64::from(height) * scratch_per_pixel + self.table_bytes;
        stripped.too_much = self.refused;
        stripped
    }
}

/// What the codes of a part take: of pixels, or of an alpha channel that is packed as they are,
/// of a picture of these sides.
fn tables(kind: [u8; 4], data: &[u8], width: u32, height: u32) -> Result<u64, Refused> {
    let (stream, width, height) = match (&kind, data) {
        (b"VP8L", [_, _, _, _, _, stream @ ..]) => {
            let (width, height) = sides(kind, data)?;
            (stream, width, height)
        }
        (b"ALPH", [flags, stream @ ..]) if flags & 3 == 1 => (stream, width, height),
        _ => return Ok(0),
    };
    // Others are refused for their sides.
    if width.max(height) > IMAGE_SIDE_MAX || u64::from(width) * u64::from(height) > IMAGE_PIXELS_MAX {
        return Ok(0);
    }
    webp_codes::table_bytes(stream, width, height)
}
