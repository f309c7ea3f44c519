//! Files that were cut or changed on their way: an image or a plain file, never a panic.

use super::{looked, making};
use ::image::DynamicImage;
use rill_server::files::image::{Format, Looked};

fn small_files() -> Vec<(&'static str, Vec<u8>)> {
    let picture = making::picture(60, 40);
    let rgba = DynamicImage::ImageRgb8(picture.clone()).into_rgba8();
    vec![
        ("jpeg", making::jpeg_with_metadata(&making::encoded(picture.clone(), Format::Jpeg), 6)),
        ("png", making::png_with_metadata(&making::encoded(picture.clone(), Format::Png), 6)),
        ("apng", making::moving_png(60, 40, 3)),
        ("gif", making::moving_gif_with_metadata(60, 40)),
        ("webp", making::webp_with_metadata(&rgba, 6)),
        ("moving webp", making::moving_webp(60, 40, true)),
        ("bmp", making::encoded(picture.clone(), Format::Bmp)),
        ("tiff", making::tiff(std::slice::from_ref(&picture), 6, true)),
        ("ico", making::encoded(picture, Format::Ico)),
    ]
}

#[test]
fn cut_at_every_seventh_byte() {
    for (name, file) in small_files() {
        let (mut images, mut plain) = (0, 0);
        for length in (0..file.len()).step_by(7) {
            match looked(&file[..length]) {
                Looked::Image(image) => {
                    images += 1;
                    assert_eq!((image.width.min(image.height), image.width.max(image.height)), (40, 60), "{name}");
                }
                Looked::Plain(cut) => {
                    plain += 1;
                    assert!(length < 16 || cut.refused.is_some(), "{name} at {length}");
                }
            }
        }
        assert!(plain > 0, "{name}: {images} images");
    }
}

#[test]
fn every_byte_changed() {
    for (_, file) in small_files() {
        // Pixels are most of a TIFF and a BMP, and all alike.
        let step = 1 + file.len() / 250;
        for at in (0..file.len()).step_by(step) {
            for change in [0xFF, 0x80, 0x01] {
                let mut changed = file.clone();
                changed[at] ^= change;
                looked(&changed);
            }
        }
    }
}

/// A picture that arrived in part is shown in part, as browsers do.
#[test]
fn a_cut_jpeg_is_a_picture_with_its_lower_part_missing() {
    let file = making::encoded(making::picture(400, 240), Format::Jpeg);
    let image = super::image(&file[..file.len() * 3 / 4]);
    assert_eq!((image.width, image.height), (400, 240));
    assert!(image.bytes.ends_with(&[0xFF, 0xD9]));
}
