//! What a file's name and an image may come to, and what looking at an image may cost.

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// A name, in bytes of UTF-8: what common file systems take.
pub const NAME_BYTES_MAX: usize = 255;
/// Of it the part behind the last dot that is kept when a name is cut.
pub const EXTENSION_BYTES_MAX: usize = 32;

/// A longer file is a plain file, whatever it holds.
pub const IMAGE_BYTES_MAX: usize = 64 * MIB;
/// Pixels of a side, and of all.
pub const IMAGE_SIDE_MAX: u32 = 16_384;
pub const IMAGE_PIXELS_MAX: u64 = 50_000_000;
/// Frames of an animation, pages of a TIFF, entries of an ICO.
pub const IMAGE_FRAMES_MAX: usize = 5_000;
pub const IMAGE_PAGES_MAX: usize = 1_000;
pub const ICON_ENTRIES_MAX: usize = 64;
/// Entries of one directory of a TIFF.
pub const TIFF_TAGS_MAX: usize = 512;
/// Strips or tiles of one page.
pub const TIFF_STRIPS_MAX: usize = 65_536;
/// Samples of a pixel, and the bits of one: colours, and a few that are left out.
pub const TIFF_SAMPLES_MAX: u64 = 8;
pub const TIFF_BITS_MAX: u64 = 64;
/// A JPEG is passed over once a scan, progressive or not; so many pixels in all.
pub const JPEG_SCANNED_PIXELS_MAX: u64 = 800_000_000;
/// Scans of a JPEG: ten are usual.
pub const JPEG_SCANS_MAX: u64 = 100;
/// A colour profile: those of printing are around 600 KiB, those of screens 3 KiB.
pub const PROFILE_BYTES_MAX: usize = MIB;
/// One that a preview carries too.
pub const PREVIEW_PROFILE_BYTES_MAX: usize = 4 * KIB;

/// What a decoder may hold beside the file: the pixels and what it works in.
pub const DECODE_BYTES_MAX: u64 = 256 * MIB as u64;
/// Previews and what they are made in.
const PREVIEWS_BYTES: u64 = 96 * MIB as u64;
/// The memory of one image that is looked at: the file as it is handed on, once more for the
/// decoder that copies it, what the decoder holds, previews.
pub const IMAGE_MEMORY_BYTES_MAX: u64 = 2 * IMAGE_BYTES_MAX as u64 + DECODE_BYTES_MAX + PREVIEWS_BYTES;

/// Images that are looked at at once: memory is the measure, and one core is enough.
pub const IMAGES_AT_ONCE: usize = 1;
/// Images that wait for their turn. They wait unopened.
pub const IMAGES_WAITING_MAX: usize = 32;
/// How long they wait. Whoever asked asks again later.
pub const IMAGE_WAIT_S: u64 = 120;
/// A look that takes longer is given up for who asked; the limits above end it soon after.
pub const IMAGE_LOOK_S: u64 = 30;

/// Images of which what others get is made at once: while one is looked at, what became of
/// another is written. So much more than the memory of one look is the file and its previews.
pub const RENDERS_AT_ONCE: usize = IMAGES_AT_ONCE + 1;
/// Pieces of a blob, of 64 KiB at most, between who reads it and who looks at it.
pub const BRIDGE_PIECES_MAX: usize = 4;

/// The longer sides of the two previews.
pub const PREVIEW_SMALL_SIDE: u32 = 320;
pub const PREVIEW_LARGE_SIDE: u32 = 1_280;
/// Quality of a preview without transparency, in JPEG's scale of 100.
pub const PREVIEW_QUALITY: u8 = 80;
/// Quality of an opaque WebP that had to be turned.
pub const TURNED_QUALITY: u8 = 92;
/// A transparent preview that is longer as PNG becomes a JPEG on white.
pub const PREVIEW_PNG_BYTES_MAX: usize = 768 * KIB;
/// Components of the blurred preview, across and down: at most 28 characters.
pub const BLUR_ACROSS: u32 = 4;
pub const BLUR_DOWN: u32 = 3;
pub const BLUR_HASH_BYTES_MAX: usize = 28;

pub use rill_protocol::limits::{AVATAR_FILE_BYTES_MAX, EMOJI_FILE_BYTES_MAX};
/// The sides that an avatar gets.
pub const AVATAR_LARGE_SIDE: u32 = 256;
pub const AVATAR_SMALL_SIDE: u32 = 64;
/// The longer side of one that becomes an emoji, and its bytes then.
pub const EMOJI_SIDE: u32 = 128;
pub const EMOJI_BYTES_MAX: usize = 256 * KIB;
