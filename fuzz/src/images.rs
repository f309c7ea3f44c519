//! The strippers of images, and where a picture is small, all of a look at it.

use image::ImageReader;
use rill_server::files::image::{Format, Looked, look, strip};
use std::io::Cursor;

/// Larger pictures take decoders too long here; they have limits and tests of their own.
const PIXELS_MAX: u64 = 65_536;

/// Takes `data` for a file.
pub fn image_strip(data: &[u8]) {
    let Some(format) = Format::sniff(data) else { return };
    let Ok(once) = strip(format, data) else { return };
    assert!(once.bytes.len() <= data.len() + 1_024, "what is left out makes nothing longer");
    // Tags of a TIFF may point at each other.
    if format != Format::Tiff {
        let twice = strip(format, &once.bytes).expect("what was written can be read");
        assert_eq!(twice.bytes, once.bytes);
        assert_eq!((twice.orientation, twice.frames), (once.orientation, once.frames));
    }
    let sides = ImageReader::new(Cursor::new(&once.bytes)).with_guessed_format().map(ImageReader::into_dimensions);
    if !matches!(sides, Ok(Ok((width, height))) if u64::from(width) * u64::from(height) <= PIXELS_MAX) {
        return;
    }
    match look(data, data.len() as u64).expect("memory can be read") {
        Looked::Image(image) => {
            let again = look(&image.bytes[..], image.bytes.len() as u64).expect("memory can be read");
            let Looked::Image(again) = again else { panic!("others get something else than what was looked at") };
            assert_eq!((again.width, again.height, again.animated), (image.width, image.height, image.animated));
        }
        Looked::Plain(plain) => {
            assert!(plain.refused.is_some(), "it begins as an image");
            assert_eq!(plain.bytes.as_deref().unwrap_or(data), once.bytes, "what was stripped stays so");
        }
    }
}
