//! Every format in its ordinary form.

use super::{image, making, plain};
use ::image::{DynamicImage, GenericImageView as _, ImageBuffer, Rgb, load_from_memory};
use rill_server::files::image::Format;

#[test]
fn every_format_is_recognised_by_its_bytes_and_keeps_its_pixels() {
    for format in Format::ALL {
        let side = if *format == Format::Ico { (200, 120) } else { (400, 240) };
        let file = making::encoded(making::picture(side.0, side.1), *format);
        let image = image(&file);
        assert_eq!((image.width, image.height), side, "{format:?}");
        assert_eq!(image.format, if *format == Format::Bmp { Format::Png } else { *format });
        assert!(!image.animated);
        assert_eq!(Format::sniff(&image.bytes), Some(image.format));
        let (before, after) = (load_from_memory(&file).unwrap(), load_from_memory(&image.bytes).unwrap());
        assert_eq!(before.to_rgba8(), after.to_rgba8(), "{format:?} keeps its pixels");
        let small = load_from_memory(&image.small.bytes).unwrap();
        assert_eq!(image.small.format, Format::Jpeg);
        assert_eq!(small.dimensions(), (image.small.width, image.small.height));
        if *format == Format::Ico {
            assert_eq!(small.dimensions(), side, "never enlarged");
            assert!(image.large.is_none());
        } else {
            assert_eq!(small.dimensions(), (320, 192));
            let large = image.large.expect("it is larger than the small one");
            assert_eq!((large.width, large.height), side, "never enlarged");
        }
        let corner = |x: f64, y: f64| {
            small.get_pixel((x * f64::from(small.width())) as u32, (y * f64::from(small.height())) as u32).0
        };
        let near = |a: [u8; 4], b: [u8; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 16);
        assert!(near(corner(0.1, 0.1), [255, 255, 255]) && near(corner(0.9, 0.1), [30, 200, 30]), "{format:?}");
        assert!(near(corner(0.1, 0.9), [30, 30, 220]) && near(corner(0.9, 0.9), [230, 220, 20]), "{format:?}");
        assert_eq!(image.blur_hash.len(), 28);
    }
}

#[test]
fn previews_have_two_sizes() {
    let image = image(&making::encoded(making::picture(3_000, 1_000), Format::Jpeg));
    let large = image.large.unwrap();
    assert_eq!((image.small.width, image.small.height, large.width, large.height), (320, 107, 1_280, 427));
    assert!(image.small.bytes.len() < 20_000 && large.bytes.len() < 100_000);
}

#[test]
fn thin_pictures_keep_a_pixel() {
    let image = image(&making::encoded(making::picture(10_000, 2), Format::Png));
    let large = image.large.unwrap();
    assert_eq!((image.small.width, image.small.height, large.width, large.height), (320, 1, 1_280, 1));
    assert_eq!(super::image(&making::encoded(making::picture(1, 1), Format::Png)).small.width, 1);
}

/// The colour of clear pixels is black here, and must not be seen at the hole's edge.
#[test]
fn what_is_transparent_stays_so() {
    for format in [Format::Png, Format::WebP] {
        let image = image(&making::encoded(making::holed(800, 800), format));
        assert_eq!(image.small.format, Format::Png);
        let small = load_from_memory(&image.small.bytes).unwrap().to_rgba8();
        assert_eq!(small.get_pixel(160, 160).0[3], 0);
        for pixel in small.pixels().filter(|pixel| pixel.0[3] > 32) {
            assert!(pixel.0[..3].iter().max() > Some(&140), "a dark edge: {pixel:?}");
        }
    }
}

/// A long PNG would be as long as the picture.
#[test]
fn a_large_transparent_picture_becomes_a_jpeg_on_white() {
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let mut picture = ::image::RgbaImage::from_fn(1_280, 1_280, |_, _| ::image::Rgba([noise(), noise(), noise(), 255]));
    picture.put_pixel(0, 0, ::image::Rgba([0; 4]));
    let image = image(&making::encoded(picture, Format::Png));
    assert_eq!(image.large.as_ref().unwrap().format, Format::Jpeg);
    let clear = making::encoded(making::holed(1_280, 1_280), Format::Png);
    assert_eq!(super::image(&clear).large.unwrap().format, Format::Png);
}

#[test]
fn sixteen_bits_and_greys() {
    let deep: ImageBuffer<Rgb<u16>, Vec<u16>> =
        ImageBuffer::from_fn(300, 200, |x, y| Rgb([x as u16 * 200, y as u16 * 300, 40_000]));
    for format in [Format::Png, Format::Tiff] {
        let image = image(&making::encoded(DynamicImage::ImageRgb16(deep.clone()), format));
        assert_eq!((image.width, image.height), (300, 200));
        assert_eq!(load_from_memory(&image.bytes).unwrap().into_rgb16(), deep, "its depth stays");
    }
    let grey = DynamicImage::ImageRgb8(making::picture(300, 200)).grayscale();
    for format in [Format::Png, Format::Tiff] {
        assert_eq!(image(&making::encoded(grey.clone(), format)).width, 300);
    }
}

#[test]
fn every_other_format_is_a_plain_file() {
    for file in [
        &b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..],
        b"\0\0\0\x20ftypavif",
        b"\0\0\0\x18ftypheic",
        b"8BPS\0\x01",
        b"%PDF-1.7",
        b"P6 1 1 255 abc",
        b"II+\0 a big TIFF",
        b"\0\0\x02\0 a cursor",
        b"BM, a text",
        b"hello",
        b"a",
        b"",
    ] {
        assert!(plain(file).refused.is_none(), "{file:?}");
    }
}

#[test]
fn a_file_that_only_pretends_is_a_plain_file() {
    for format in Format::ALL {
        let file = making::encoded(making::picture(60, 40), *format);
        let pretends = [&file[..12], &[0x5A; 200]].concat();
        let plain = plain(&pretends);
        assert_eq!(plain.refused.expect("it begins as one").0, *format);
        assert!(plain.bytes.is_none());
    }
}

/// More than the limit is not even read.
#[test]
fn a_long_file_is_a_plain_file() {
    use rill_server::files::{
        image::{Looked, Refused, look},
        limits::IMAGE_BYTES_MAX,
    };
    let png = making::encoded(making::picture(60, 40), Format::Png);
    let Looked::Plain(plain) = look(&png[..], IMAGE_BYTES_MAX as u64 + 1).unwrap() else { panic!("an image") };
    assert_eq!(plain.refused, Some((Format::Png, Refused::TooManyBytes)));
    assert!(look(&png[..png.len() - 1], png.len() as u64).is_err(), "shorter than it is said to be");
}

#[test]
fn an_icon_keeps_all_its_sizes() {
    let entries: Vec<_> = [16, 48, 256]
        .map(|side| {
            let rgba = DynamicImage::ImageRgb8(making::picture(side, side)).into_rgba8();
            ::image::codecs::ico::IcoFrame::as_png(rgba.as_raw(), side, side, ::image::ExtendedColorType::Rgba8)
                .unwrap()
        })
        .into();
    let mut file = Vec::new();
    ::image::codecs::ico::IcoEncoder::new(&mut file).encode_images(&entries).unwrap();
    let image = image(&file);
    assert_eq!((image.width, image.height), (256, 256));
    assert_eq!(image.bytes[4], 3);
}

/// As other programs write them.
#[test]
fn an_icon_of_a_png_without_transparency() {
    let png = making::encoded(making::picture(64, 64), Format::Png);
    let entry = [&[64, 64, 0, 0, 1, 0, 32, 0][..], &(png.len() as u32).to_le_bytes(), &22_u32.to_le_bytes()].concat();
    let image = image(&[&[0, 0, 1, 0, 1, 0][..], &entry, &png].concat());
    assert_eq!((image.format, image.width, image.height), (Format::Ico, 64, 64));
}
