//! The eight ways in which a camera can be held.

use super::{image, making};
use ::image::{
    DynamicImage, GenericImageView as _, ImageDecoder as _, ImageReader, load_from_memory, metadata::Orientation,
};
use rill_server::files::image::Format;
use std::io::Cursor;

/// How a picture lies in a file that says `orientation` when it is `upright`.
fn lying(upright: &DynamicImage, orientation: Orientation) -> DynamicImage {
    let back = match orientation {
        Orientation::Rotate90 => Orientation::Rotate270,
        Orientation::Rotate270 => Orientation::Rotate90,
        other => other,
    };
    let mut lying = upright.clone();
    lying.apply_orientation(back);
    lying
}

fn file(format: Format, lying: &DynamicImage, orientation: u16) -> Vec<u8> {
    match format {
        Format::Jpeg => making::jpeg_with_metadata(&making::encoded(lying.clone(), format), orientation),
        Format::Png => making::png_with_metadata(&making::encoded(lying.clone(), format), orientation),
        Format::WebP => making::webp_with_metadata(&lying.to_rgba8(), orientation),
        Format::Tiff => making::tiff(&[lying.to_rgb8()], orientation, true),
        other => panic!("{other:?} says no orientation"),
    }
}

#[test]
fn previews_sizes_and_blurs_are_upright() {
    let upright = DynamicImage::ImageRgb8(making::picture(400, 240));
    for format in [Format::Jpeg, Format::Png, Format::WebP, Format::Tiff] {
        let straight = image(&file(format, &upright, 1));
        let expected = load_from_memory(&straight.small.bytes).unwrap().to_rgb8();
        for number in 1..=8 {
            let orientation = Orientation::from_exif(number).unwrap();
            let image = image(&file(format, &lying(&upright, orientation), number.into()));
            assert_eq!((image.width, image.height), (400, 240), "{format:?} {number}");
            for preview in [&image.small, image.large.as_ref().unwrap()] {
                let seen = load_from_memory(&preview.bytes).unwrap();
                let seen =
                    seen.resize_exact(expected.width(), expected.height(), ::image::imageops::Triangle).to_rgb8();
                let far = seen
                    .pixels()
                    .zip(expected.pixels())
                    .filter(|(a, b)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > 48));
                // Edges are drawn a little differently when turned.
                assert!(far.count() < 320 * 192 / 50, "{format:?} {number} is not upright");
            }
            let blurred = |hash: &str| blurhash::decode(hash, 40, 24, 1.0).unwrap();
            let pairs = blurred(&image.blur_hash).into_iter().zip(blurred(&straight.blur_hash));
            assert!(pairs.into_iter().all(|(a, b)| a.abs_diff(b) < 40), "{format:?} {number}: the blur is not upright");
        }
    }
}

/// The file itself keeps its pixels as they lie and says which way is up, as it did before.
#[test]
fn the_stripped_file_says_the_orientation_and_nothing_else() {
    let upright = DynamicImage::ImageRgb8(making::picture(80, 48));
    for format in [Format::Jpeg, Format::Png, Format::Tiff] {
        for number in 1..=8 {
            let orientation = Orientation::from_exif(number).unwrap();
            let file = file(format, &lying(&upright, orientation), number.into());
            let image = image(&file);
            let mut decoder =
                ImageReader::new(Cursor::new(&image.bytes)).with_guessed_format().unwrap().into_decoder().unwrap();
            assert_eq!(decoder.orientation().unwrap(), orientation, "{format:?} {number}");
            let mut seen = DynamicImage::from_decoder(decoder).unwrap();
            assert_eq!(seen.to_rgba8(), load_from_memory(&file).unwrap().to_rgba8(), "{format:?}: not a pixel changed");
            seen.apply_orientation(orientation);
            assert_eq!(seen.dimensions(), (80, 48));
        }
    }
}

/// Browsers do not look for an orientation in WebP.
#[test]
fn a_webp_is_turned() {
    let upright = DynamicImage::ImageRgba8(making::holed(80, 48));
    for number in 2..=8 {
        let orientation = Orientation::from_exif(number).unwrap();
        let image = image(&file(Format::WebP, &lying(&upright, orientation), number.into()));
        assert_eq!((image.format, image.width, image.height), (Format::Png, 80, 48));
        assert_eq!(load_from_memory(&image.bytes).unwrap().to_rgba8(), upright.to_rgba8());
    }
    let opaque = DynamicImage::ImageRgb8(making::picture(80, 48));
    let mut lossy = file(Format::WebP, &lying(&opaque, Orientation::Rotate90), 6);
    // Without the flag of an alpha channel.
    lossy[20] &= !0x10;
    let image = image(&lossy);
    assert_eq!((image.format, image.width, image.height), (Format::Jpeg, 80, 48));
}
