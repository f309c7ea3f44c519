//! Whatever bytes come: strippers end, say the same about what they wrote, and add next to nothing.

use super::{looked, making};
use ::image::DynamicImage;
use proptest::prelude::*;
use rill_server::files::image::{Format, strip};

/// Files that are nearly right: a whole one, cut, with parts changed, repeated or put elsewhere.
fn nearly() -> impl Strategy<Value = (Format, Vec<u8>)> {
    let picture = making::picture(20, 12);
    let rgba = DynamicImage::ImageRgb8(picture.clone()).into_rgba8();
    let whole = proptest::sample::select(vec![
        (Format::Jpeg, making::jpeg_with_metadata(&making::encoded(picture.clone(), Format::Jpeg), 6)),
        (Format::Png, making::png_with_metadata(&making::encoded(picture.clone(), Format::Png), 6)),
        (Format::Png, making::moving_png(20, 12, 3)),
        (Format::Gif, making::moving_gif_with_metadata(20, 12)),
        (Format::WebP, making::webp_with_metadata(&rgba, 6)),
        (Format::WebP, making::moving_webp(20, 12, true)),
        (Format::Tiff, making::tiff(std::slice::from_ref(&picture), 6, true)),
        (Format::Ico, making::encoded(picture, Format::Ico)),
    ]);
    let change = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    (whole, proptest::collection::vec(change, 0..6)).prop_map(|((format, mut file), changes)| {
        for (at, other, byte, what) in changes {
            if file.len() < 32 {
                break;
            }
            let (at, other) = (12 + at.index(file.len() - 12), 12 + other.index(file.len() - 12));
            let range = at.min(other)..at.max(other);
            match what {
                0 => file[at] = byte,
                1 => file.truncate(at),
                2 => drop(file.drain(range)),
                _ => file.extend_from_within(range),
            }
        }
        (format, file)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stripping_again_changes_nothing((format, file) in nearly()) {
        let Ok(once) = strip(format, &file) else { return Ok(()) };
        // An icon's pictures get their ends, a profile is packed anew.
        prop_assert!(once.bytes.len() <= file.len() + 1_024);
        prop_assert!(looked(&file[..]).is_said());
        let twice = strip(format, &once.bytes);
        // Tags of a TIFF may point at each other.
        if format != Format::Tiff {
            let twice = twice.expect("what was written can be read");
            prop_assert_eq!(&twice.bytes, &once.bytes);
            prop_assert_eq!((twice.orientation, twice.frames), (once.orientation, once.frames));
        }
    }

    #[test]
    fn any_bytes_behind_any_beginning(format in proptest::sample::select(Format::ALL), noise in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let file = [&making::encoded(making::picture(8, 8), format)[..16], &noise].concat();
        looked(&file);
    }
}

trait Said {
    fn is_said(&self) -> bool;
}

impl Said for rill_server::files::image::Looked {
    /// An image has sides and a blur; a plain file that begins as an image says why it is none.
    fn is_said(&self) -> bool {
        match self {
            Self::Image(image) => image.width > 0 && image.height > 0 && image.blur_hash.len() >= 6,
            Self::Plain(plain) => plain.refused.is_some(),
        }
    }
}
