//! Of EXIF (CIPA DC-008) only the orientation is read, and nothing else is written.

use image::metadata::Orientation;

/// The orientation that EXIF data ask for (tag 0x0112 of the first directory).
pub(super) fn orientation(exif: &[u8]) -> Orientation {
    // Some writers put the marker of JPEG in front in other formats too.
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    Orientation::from_exif_chunk(exif).unwrap_or(Orientation::NoTransforms)
}

/// EXIF data that say this orientation: a header, and a directory of one entry. `None` for
/// upright images, which need none.
pub(super) fn saying(orientation: Orientation) -> Option<[u8; 26]> {
    if orientation == Orientation::NoTransforms {
        return None;
    }
    let mut exif = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    exif[19] = orientation.to_exif();
    Some(exif)
}

/// Whether width and height change places.
pub(super) const fn is_on_its_side(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for number in 2..=8 {
            let orientation = Orientation::from_exif(number).unwrap();
            assert_eq!(super::orientation(&saying(orientation).unwrap()), orientation);
            assert_eq!(is_on_its_side(orientation), number >= 5);
        }
        assert!(saying(Orientation::NoTransforms).is_none());
        for odd in [&b""[..], b"Exif\0\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff"] {
            assert_eq!(orientation(odd), Orientation::NoTransforms);
        }
    }
}
