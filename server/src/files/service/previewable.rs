//! Whether a file is one that pages show: such a one appears only when it was checked, and
//! without what it says of its maker.

use crate::files::{FileName, MediaType, image::Format};

/// How names of images end, also of those that are never shown as one.
const EXTENSIONS: &[&str] = &[
    "apng", "avif", "bmp", "dng", "gif", "heic", "heif", "ico", "jfif", "jpe", "jpeg", "jpg", "jxl", "png", "svg",
    "tif", "tiff", "webp",
];

/// By what its sender calls it, and by what its first bytes are.
pub(super) fn is_previewable(name: &FileName, declared: &str, head: &[u8]) -> bool {
    let is_image = declared.trim_start().get(..6).is_some_and(|kind| kind.eq_ignore_ascii_case("image/"));
    let is_named_so =
        name.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension)));
    is_image || is_named_so || Format::sniff(head).is_some() || MediaType::of_named(head, declared, name).is_inline()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sign_is_enough() {
        let check = |name: &str, declared: &str, head: &[u8], expected: bool| {
            assert_eq!(is_previewable(&FileName::from_declared(name), declared, head), expected, "{name} {declared}");
        };
        check("a.zip", "application/zip", b"PK\x03\x04", false);
        check("notes", "", b"anything", false);
        check("a.zip", "Image/PNG", b"PK\x03\x04", true);
        check("photo.JPG", "", b"PK\x03\x04", true);
        check("a.bin", "", b"\xff\xd8\xff\xe1", true);
        check("a.bin", "", b"ID3\x04", true);
        check("a.txt", "text/plain", b"words", true);
        check("a.html", "text/html", b"<p>", false);
    }
}
