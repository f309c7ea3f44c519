//! JPEG (ITU-T T.81, JFIF 1.02): segments behind markers, then coded data up to the next.
//!
//! Kept are tables, frame and scans; of the application's segments JFIF's density, Adobe's
//! transform of colours (TN 5116) and the profile (ICC.1, annex B), each written anew.

use image::metadata::Orientation;

use super::{Stripped, take, take_array};
use crate::files::{
    image::{Refused, exif, profile},
    limits::{JPEG_SCANNED_PIXELS_MAX, JPEG_SCANS_MAX, PROFILE_BYTES_MAX},
};

const PROFILE_MARK: &[u8] = b"ICC_PROFILE\0";
const PROFILE_PART_BYTES: usize = 65_519;
/// They are numbered in a byte, from 1.
const PROFILE_PARTS_MAX: usize = 255;

/// What is known of the picture when all of it has been walked over.
#[derive(Default)]
struct Seen<'a> {
    density: Option<[u8; 5]>,
    transform: Option<[u8; 7]>,
    orientation: Option<Orientation>,
    profile: Vec<(u8, &'a [u8])>,
    profile_bytes: usize,
    frame: Option<Frame>,
    scans: u64,
    partial_scan: bool,
    /// Of a kind that nothing here decodes.
    unsupported: bool,
}

struct Frame {
    width: u64,
    height: u64,
    progressive: bool,
    /// Neither lossless, nor of differences, nor arithmetic, nor with 12 bits.
    is_decoded: bool,
    /// Horizontal and vertical sampling.
    components: Vec<(u64, u64)>,
}

pub(super) fn strip(file: &[u8]) -> Result<Stripped, Refused> {
    let mut rest = file;
    take(&mut rest, 2)?;
    let mut seen = Seen::default();
    let mut picture = Vec::with_capacity(file.len());
    // A file that ends within its scans is a picture with its lower part missing.
    while let Some(marker) = next_marker(&mut rest) {
        match marker {
            0xD9 => break,
            0x01 | 0xD0..=0xD7 => continue,
            0x00 | 0xD8 => return Err(Refused::Damaged),
            _ => {}
        }
        let Some(payload) = segment(&mut rest) else { break };
        match marker {
            0xDB => tables(payload, |first| if first >> 4 == 0 { 65 } else { 129 })?,
            0xC4 => huffman_tables(payload)?,
            0xDD if payload.len() == 2 => {}
            0xC0..=0xCF if marker != 0xCC && (seen.frame.is_none() || seen.unsupported) => {
                let frame = Frame::read(marker, payload)?;
                seen.unsupported |= !frame.is_decoded;
                seen.frame.get_or_insert(frame);
            }
            0xDA => {
                let frame = seen.frame.as_ref().ok_or(Refused::Damaged)?;
                let components = *payload.first().ok_or(Refused::Damaged)?;
                if payload.len() != 4 + 2 * usize::from(components) {
                    return Err(Refused::Damaged);
                }
                seen.scans += 1;
                seen.partial_scan |= usize::from(components) < frame.components.len();
            }
            0xE0..=0xEF | 0xFE => {
                seen.application(marker, payload);
                continue;
            }
            // Tables of arithmetic coding; a height that is told afterwards; frames of frames.
            0xCC | 0xDC | 0xDE | 0xDF => seen.unsupported = true,
            _ => return Err(Refused::Damaged),
        }
        picture.extend([0xFF, marker]);
        picture.extend(u16::try_from(payload.len() + 2).map_err(|_| Refused::Damaged)?.to_be_bytes());
        picture.extend(payload);
        if marker == 0xDA {
            picture.extend(coded_data(&mut rest));
        }
    }
    seen.finish(picture)
}

/// The next marker. Bytes between segments are nobody's.
fn next_marker(rest: &mut &[u8]) -> Option<u8> {
    let start = rest.windows(2).position(|pair| pair[0] == 0xFF && pair[1] != 0xFF)?;
    let marker = rest[start + 1];
    *rest = &rest[start + 2..];
    Some(marker)
}

fn segment<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::from(u16::from_be_bytes(take_array(rest).ok()?));
    take(rest, length.checked_sub(2)?).ok()
}

/// Fills what applications and people put into a JPEG with zeros, where it stands. Of Adobe's
/// segment the transform stays.
pub(super) fn blank(jpeg: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = jpeg[at..].windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xFF)) {
        let marker = jpeg[at + found + 1];
        at += found + 2;
        if matches!(marker, 0x01 | 0xD0..=0xD9) {
            continue;
        }
        let Some(length) = jpeg[at..].first_chunk().map(|length| usize::from(u16::from_be_bytes(*length))) else {
            return;
        };
        // A strip may be cut.
        let payload = at + 2..(at + length.max(2)).min(jpeg.len());
        at = payload.end;
        let kept = match marker {
            0xEE if jpeg[payload.clone()].starts_with(b"Adobe") => 12.min(payload.len()),
            0xE0..=0xEF | 0xFE => 0,
            _ => payload.len(),
        };
        jpeg[payload.start + kept..payload.end].fill(0);
    }
}

/// Up to the next marker that is not part of it.
fn coded_data<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let is_end = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xFF | 0xD0..=0xD7);
    let length = rest.windows(2).position(is_end).unwrap_or(rest.len());
    let (data, left) = rest.split_at(length);
    *rest = left;
    data
}

/// Tables that fill the segment to its end.
fn tables(mut payload: &[u8], length: impl Fn(u8) -> usize) -> Result<(), Refused> {
    while let Some(first) = payload.first() {
        take(&mut payload, length(*first))?;
    }
    Ok(())
}

fn huffman_tables(mut payload: &[u8]) -> Result<(), Refused> {
    while !payload.is_empty() {
        let head: [u8; 17] = take_array(&mut payload)?;
        take(&mut payload, head[1..].iter().map(|count| usize::from(*count)).sum())?;
    }
    Ok(())
}

impl Frame {
    fn read(marker: u8, payload: &[u8]) -> Result<Self, Refused> {
        let [precision, y1, y0, x1, x0, count, components @ ..] = payload else { return Err(Refused::Damaged) };
        let (components, []) = components.as_chunks::<3>() else { return Err(Refused::Damaged) };
        if components.len() != usize::from(*count) || !(1..=4).contains(&components.len()) {
            return Err(Refused::Damaged);
        }
        let components = components.iter().map(|[_, sampling, _]| (u64::from(sampling >> 4), u64::from(sampling & 15)));
        let components: Vec<_> = components.collect();
        if components.iter().any(|(across, down)| !(1..=4).contains(across) || !(1..=4).contains(down)) {
            return Err(Refused::Damaged);
        }
        let (width, height) = (u16::from_be_bytes([*x1, *x0]).into(), u16::from_be_bytes([*y1, *y0]).into());
        let is_decoded = *precision == 8 && marker <= 0xC2;
        Ok(Self { width, height, progressive: marker == 0xC2, is_decoded, components })
    }

    /// Coefficients of 16 bits, which are held where a pixel is spread over several scans.
    fn coefficient_bytes(&self) -> u64 {
        let widest = self.components.iter().map(|(across, _)| *across).max().unwrap_or(1);
        let highest = self.components.iter().map(|(_, down)| *down).max().unwrap_or(1);
        let blocks = self.width.div_ceil(8 * widest) * self.height.div_ceil(8 * highest);
        blocks * self.components.iter().map(|(across, down)| across * down * 64 * 2).sum::<u64>()
    }
}

impl<'a> Seen<'a> {
    fn application(&mut self, marker: u8, payload: &'a [u8]) {
        match marker {
            0xE0 => {
                if let Some([_, _, density @ .., _, _]) =
                    payload.strip_prefix(b"JFIF\0").and_then(|jfif| jfif.first_chunk::<9>())
                {
                    self.density.get_or_insert(*density);
                }
            }
            0xE1 if payload.starts_with(b"Exif\0\0") && self.orientation.is_none() => {
                self.orientation = Some(exif::orientation(payload));
            }
            0xE2 => {
                if let Some([number, _, part @ ..]) = payload.strip_prefix(PROFILE_MARK) {
                    let bytes = self.profile_bytes + part.len();
                    if !part.is_empty() && self.profile.len() < PROFILE_PARTS_MAX && bytes <= PROFILE_BYTES_MAX {
                        self.profile.push((*number, part));
                        self.profile_bytes = bytes;
                    }
                }
            }
            0xEE => {
                if let Some(transform) = payload.strip_prefix(b"Adobe").and_then(|adobe| adobe.first_chunk()) {
                    self.transform.get_or_insert(*transform);
                }
            }
            _ => {}
        }
    }

    fn finish(mut self, picture: Vec<u8>) -> Result<Stripped, Refused> {
        let frame = self.frame.as_ref().filter(|_| self.scans > 0).ok_or(Refused::Damaged)?;
        let mut bytes = Vec::with_capacity(picture.len() + 64);
        bytes.extend([0xFF, 0xD8]);
        if let Some(density) = self.density {
            // Version 1.02, and an embedded preview of no pixels.
            write(&mut bytes, 0xE0, &[b"JFIF\0\x01\x02", &density, &[0, 0]]);
        }
        let orientation = self.orientation.unwrap_or(Orientation::NoTransforms);
        if let Some(exif) = exif::saying(orientation) {
            write(&mut bytes, 0xE1, &[b"Exif\0\0", &exif]);
        }
        if let Some(transform) = self.transform {
            write(&mut bytes, 0xEE, &[b"Adobe", &transform]);
        }
        self.profile.sort_by_key(|(number, _)| *number);
        let profile: Vec<u8> = self.profile.iter().flat_map(|(_, part)| *part).copied().collect();
        if let Some(profile) = profile::valid(&profile) {
            let parts = profile.chunks(PROFILE_PART_BYTES);
            let count = parts.len() as u8;
            for (number, part) in (1..).zip(parts) {
                write(&mut bytes, 0xE2, &[PROFILE_MARK, &[number, count], part]);
            }
        }
        bytes.extend(picture);
        bytes.extend([0xFF, 0xD9]);
        let mut stripped = Stripped::still(bytes, orientation);
        stripped.too_much_if(self.unsupported, Refused::Unsupported);
        if frame.progressive || self.partial_scan || self.scans > 1 {
            stripped.scratch_bytes = frame.coefficient_bytes();
            let scanned = self.scans * frame.width * frame.height;
            let too_much = self.scans > JPEG_SCANS_MAX || scanned > JPEG_SCANNED_PIXELS_MAX;
            stripped.too_much_if(too_much, Refused::TooMuchWork);
        }
        Ok(stripped)
    }
}

fn write(bytes: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    bytes.extend([0xFF, marker]);
    // Every caller's parts are shorter than 64 KiB.
    bytes.extend((length as u16 + 2).to_be_bytes());
    parts.iter().for_each(|part| bytes.extend(*part));
}
