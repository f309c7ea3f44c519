//! By what bytes the kinds of sound and video that browsers play are known.

/// A container, and what may be in it: the first is meant unless its sender says another.
pub(super) fn playable(head: &[u8]) -> Option<&'static [&'static str]> {
    let at = |offset: usize, bytes: &[u8]| head.get(offset..offset + bytes.len()) == Some(bytes);
    if at(0, b"ID3") || is_mpeg_audio(head) {
        Some(&["audio/mpeg"])
    } else if at(0, b"OggS\0") {
        // The first packet of a stream lies behind one segment's length (RFC 3533).
        if at(28, b"OpusHead") || at(28, b"\x01vorbis") || at(28, b"\x7fFLAC") {
            Some(&["audio/ogg"])
        } else {
            Some(&["video/ogg", "audio/ogg"])
        }
    } else if at(0, b"fLaC") {
        Some(&["audio/flac"])
    } else if at(0, b"RIFF") && at(8, b"WAVE") {
        Some(&["audio/wav"])
    } else if at(0, b"\x1a\x45\xdf\xa3") {
        // The document type stands among the first elements (RFC 8794); Matroska is not played.
        let first = &head[..head.len().min(64)];
        first.windows(7).any(|element| element == b"\x42\x82\x84webm").then_some(&["video/webm", "audio/webm"])
    } else if at(4, b"ftyp") && head.first() == Some(&0) {
        match head.get(8..12)? {
            b"M4A " | b"M4B " => Some(&["audio/mp4"]),
            b"qt  " => Some(&["video/quicktime"]),
            brand if is_film(brand) || is_also_film(head) => Some(&["video/mp4", "audio/mp4"]),
            _ => None,
        }
    } else if is_adts(head) {
        Some(&["audio/aac"])
    } else {
        None
    }
}

/// Brands of the files that browsers play as MP4 (mp4ra.org).
fn is_film(brand: &[u8]) -> bool {
    const BRANDS: [&[u8; 4]; 14] = [
        b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"M4VH", b"M4VP",
        b"MSNV", b"dash",
    ];
    BRANDS.iter().any(|known| *known == brand)
}

/// Whether a file of another brand can be read as one of these (ISO 14496-12, section 4.3), and
/// is not a picture.
fn is_also_film(head: &[u8]) -> bool {
    let length = head.first_chunk().map_or(0, |length| u32::from_be_bytes(*length) as usize);
    let brands = head.get(8..length.min(head.len())).unwrap_or_default().as_chunks::<4>().0;
    // Between the first and the others stands its version.
    let picture =
        |brand: &[u8; 4]| matches!(brand, b"mif1" | b"msf1" | b"heic" | b"heix" | b"hevc" | b"avif" | b"avis");
    !brands.iter().any(picture) && brands.iter().skip(2).any(|brand| is_film(brand))
}

/// A frame's header (ISO 11172-3): eleven ones, layer III, nothing reserved.
fn is_mpeg_audio(head: &[u8]) -> bool {
    let [0xFF, second, third, ..] = *head else { return false };
    second & 0xE6 == 0xE2 && second & 0x18 != 0x08 && !matches!(third >> 4, 0 | 15) && third & 0x0C != 0x0C
}

/// A frame's header (ISO 13818-7): twelve ones, layer 0, a rate that exists.
fn is_adts(head: &[u8]) -> bool {
    let [0xFF, second, third, ..] = *head else { return false };
    second & 0xF6 == 0xF0 && (third >> 2) & 0x0F < 13
}
