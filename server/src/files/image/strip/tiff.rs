//! TIFF (revision 6.0): directories of tags that point anywhere in the file. It is stripped in
//! its place: what no kept tag points to becomes zero, and the file ends where the last kept
//! byte does. So pages, layouts and depths that nothing here decodes stay whole.

use image::metadata::Orientation;
use std::ops::Range;

use super::{Stripped, jpeg, tiff_cost};
use crate::files::{
    image::Refused,
    limits::{IMAGE_PAGES_MAX, PROFILE_BYTES_MAX, TIFF_STRIPS_MAX, TIFF_TAGS_MAX},
};

const ENTRY_BYTES: usize = 12;
const COMPRESSION: u16 = 259;
const ORIENTATION: u16 = 274;
const JPEG_TABLES: u16 = 347;
const PROFILE: u16 = 34_675;
/// Where pixels lie, beside how long they are there: strips, then tiles.
const PIXELS: [(u16, u16); 2] = [(273, 279), (324, 325)];

/// Tags of the size, the layout, the compression and the colours of the pixels.
fn is_of_the_picture(tag: u16) -> bool {
    matches!(tag, 254..=259 | 262..=266 | ORIENTATION | 277..=284 | 290..=293 | 296 | 297 | 301 | 317..=325
        | 332 | 334 | 338..=341 | JPEG_TABLES | 529..=532 | PROFILE)
        || PIXELS.iter().any(|(offsets, lengths)| tag == *offsets || tag == *lengths)
}

pub(super) struct File<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

/// A tag with its values, or with where they lie.
pub(super) struct Entry {
    pub(super) tag: u16,
    kind: u16,
    values: Range<usize>,
    raw: [u8; ENTRY_BYTES],
}

pub(super) fn strip(bytes: &[u8]) -> Result<Stripped, Refused> {
    let file = File::new(bytes);
    let mut page =
        Page { file: &file, out: vec![0; bytes.len()], end: 8, kept_bytes: 0, orientation: Orientation::NoTransforms };
    page.keep(0..8)?;
    let mut next = file.long(4)?;
    let mut visited = Vec::new();
    while next != 0 {
        // A ring of directories has no last page.
        if visited.contains(&next) {
            return Err(Refused::Damaged);
        }
        if visited.len() == IMAGE_PAGES_MAX {
            return Err(Refused::TooManyFrames);
        }
        visited.push(next);
        next = page.directory(next, visited.len() == 1)?;
    }
    if visited.is_empty() {
        return Err(Refused::Damaged);
    }
    let Page { mut out, end, orientation, .. } = page;
    out.truncate(end);
    // Tags may point at each other, so what counts is what is written.
    let cost = tiff_cost::check(&File::new(&out));
    let mut stripped = Stripped::still(out, orientation);
    stripped.too_much = cost.err();
    Ok(stripped)
}

impl<'a> File<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, big_endian: bytes.starts_with(b"MM") }
    }

    /// The entries of a directory, and where the number of the next one stands.
    pub(super) fn directory(&self, at: usize) -> Result<(Vec<Entry>, usize), Refused> {
        let count = usize::from(self.short(at)?);
        if count > TIFF_TAGS_MAX {
            return Err(Refused::TooMuchWork);
        }
        let entries = (0..count).map(|number| self.entry(at + 2 + number * ENTRY_BYTES));
        Ok((entries.collect::<Result<_, _>>()?, at + 2 + count * ENTRY_BYTES))
    }

    fn short(&self, at: usize) -> Result<u16, Refused> {
        let bytes = *self.bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(Refused::Damaged)?;
        Ok(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    pub(super) fn long(&self, at: usize) -> Result<usize, Refused> {
        let bytes = *self.bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(Refused::Damaged)?;
        Ok(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) } as usize)
    }

    fn entry(&self, at: usize) -> Result<Entry, Refused> {
        let raw = *self.bytes.get(at..).and_then(|rest| rest.first_chunk()).ok_or(Refused::Damaged)?;
        let (tag, kind, count) = (self.short(at)?, self.short(at + 2)?, self.long(at + 4)?);
        let size: usize = match kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            // Values of unknown length are of no use to anybody.
            _ => 0,
        };
        let length = count.checked_mul(size).ok_or(Refused::Damaged)?;
        let start = if length <= 4 { at + 8 } else { self.long(at + 8)? };
        Ok(Entry { tag, kind, values: start..start.checked_add(length).ok_or(Refused::Damaged)?, raw })
    }

    /// The values of an entry of whole numbers.
    pub(super) fn numbers(&self, entry: &Entry) -> Result<Vec<usize>, Refused> {
        if self.bytes.get(entry.values.clone()).is_none() {
            return Err(Refused::Damaged);
        }
        if entry.values.len() > 4 * TIFF_STRIPS_MAX {
            return Err(Refused::TooMuchWork);
        }
        match entry.kind {
            3 => entry.values.clone().step_by(2).map(|at| self.short(at).map(usize::from)).collect(),
            4 => entry.values.clone().step_by(4).map(|at| self.long(at)).collect(),
            _ => Err(Refused::Damaged),
        }
    }
}

struct Page<'a> {
    file: &'a File<'a>,
    out: Vec<u8>,
    end: usize,
    /// What was kept of all pages: bytes may be used twice, but not so often that it becomes work.
    kept_bytes: usize,
    orientation: Orientation,
}

impl Page<'_> {
    fn keep(&mut self, range: Range<usize>) -> Result<(), Refused> {
        let kept = self.file.bytes.get(range.clone()).ok_or(Refused::Damaged)?;
        self.kept_bytes += kept.len();
        if self.kept_bytes > 2 * self.file.bytes.len() {
            return Err(Refused::TooMuchWork);
        }
        self.out[range.clone()].copy_from_slice(kept);
        self.end = self.end.max(range.end);
        Ok(())
    }

    fn put_short(&mut self, at: usize, number: u16) {
        let bytes = if self.file.big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
        self.out[at..at + 2].copy_from_slice(&bytes);
    }

    /// Keeps what belongs to the picture of one directory, and says where the next one is.
    fn directory(&mut self, at: usize, first: bool) -> Result<usize, Refused> {
        let (mut entries, next_at) = self.file.directory(at)?;
        let next = self.file.long(next_at)?;
        entries.retain(|entry| {
            is_of_the_picture(entry.tag)
                && !entry.values.is_empty()
                && (entry.tag != PROFILE || entry.values.len() <= PROFILE_BYTES_MAX)
        });
        // The directory gets shorter: what follows the kept entries moves up.
        self.put_short(at, entries.len() as u16);
        for (number, entry) in entries.iter().enumerate() {
            let at = at + 2 + number * ENTRY_BYTES;
            self.out[at..at + ENTRY_BYTES].copy_from_slice(&entry.raw);
            if entry.values.len() > 4 {
                self.keep(entry.values.clone())?;
            }
        }
        let new_next_at = at + 2 + entries.len() * ENTRY_BYTES;
        let pointer = self.file.bytes.get(next_at..next_at + 4).ok_or(Refused::Damaged)?;
        self.out[new_next_at..new_next_at + 4].copy_from_slice(pointer);
        self.end = self.end.max(new_next_at + 4);
        if first {
            let tag = entries.iter().find(|entry| entry.tag == ORIENTATION && entry.kind == 3);
            let number = tag.and_then(|tag| self.file.numbers(tag).ok()?.first().copied());
            let orientation = number.and_then(|number| Orientation::from_exif(u8::try_from(number).ok()?));
            self.orientation = orientation.unwrap_or(Orientation::NoTransforms);
        }
        self.pixels(&entries)?;
        Ok(next)
    }

    fn pixels(&mut self, entries: &[Entry]) -> Result<(), Refused> {
        let find = |tag| entries.iter().find(|entry| entry.tag == tag);
        let compression = find(COMPRESSION).map(|entry| self.file.numbers(entry)).transpose()?;
        let is_jpeg = matches!(compression.as_deref(), Some([6 | 7, ..]));
        for (offsets, lengths) in PIXELS {
            let (Some(offsets), Some(lengths)) = (find(offsets), find(lengths)) else { continue };
            let (offsets, lengths) = (self.file.numbers(offsets)?, self.file.numbers(lengths)?);
            for (offset, length) in offsets.into_iter().zip(lengths) {
                // A cut file has the beginning of its last strip.
                let end = offset.saturating_add(length).min(self.file.bytes.len());
                let range = offset..end.max(offset);
                self.keep(range.clone())?;
                if is_jpeg {
                    jpeg::blank(&mut self.out[range]);
                }
            }
        }
        if let Some(tables) = find(JPEG_TABLES)
            && is_jpeg
        {
            jpeg::blank(&mut self.out[tables.values.clone()]);
        }
        Ok(())
    }
}
