//! Avatars and custom emoji.

use super::{Refused, contains, making};
use ::image::{GenericImageView as _, Rgb, RgbImage};
use making::SECRETS;
use rill_server::files::{
    image::{Format, Images, Preview, avatar, emoji},
    limits::{AVATAR_FILE_BYTES_MAX, EMOJI_BYTES_MAX, EMOJI_FILE_BYTES_MAX},
};

fn sides(picture: &Preview) -> (u32, u32) {
    let decoded = ::image::load_from_memory(&picture.bytes).unwrap();
    assert_eq!(decoded.dimensions(), (picture.width, picture.height));
    assert_eq!(Format::sniff(&picture.bytes), Some(picture.format));
    decoded.dimensions()
}

/// Red, but for a green middle.
fn wide() -> RgbImage {
    RgbImage::from_fn(1_200, 400, |x, _| if (400..800).contains(&x) { Rgb([10, 200, 10]) } else { Rgb([220, 10, 10]) })
}

#[test]
fn an_avatar_is_the_middle_of_an_image() {
    for format in [Format::Jpeg, Format::Png, Format::WebP, Format::Bmp, Format::Tiff] {
        let avatar = avatar(&making::encoded(wide(), format)).unwrap();
        assert_eq!((sides(&avatar.large), sides(&avatar.small)), ((256, 256), (64, 64)), "{format:?}");
        for picture in [avatar.large, avatar.small] {
            assert_eq!(picture.format, Format::Jpeg);
            let decoded = ::image::load_from_memory(&picture.bytes).unwrap().to_rgb8();
            let is_green = |pixel: &Rgb<u8>| pixel.0[1] > 150 && pixel.0[0] < 90;
            // Its borders too, but for what two colours beside each other become in a JPEG.
            let inner = ::image::imageops::crop_imm(&decoded, 4, 0, picture.width - 8, picture.height).to_image();
            assert!(inner.pixels().all(is_green), "{format:?}");
        }
    }
}

#[test]
fn avatars_are_upright_clean_and_no_larger_than_what_they_are_of() {
    let file = making::jpeg_with_metadata(&making::encoded(making::picture(90, 60), Format::Jpeg), 6);
    let made = avatar(&file).unwrap();
    assert_eq!((sides(&made.large), sides(&made.small)), ((60, 60), (60, 60)));
    assert!(SECRETS.iter().all(|secret| !contains(&made.large.bytes, secret)));
    // Turned to the right, the white corner on the left above lies on the right.
    let decoded = ::image::load_from_memory(&made.large.bytes).unwrap().to_rgb8();
    assert!(decoded.get_pixel(58, 1).0.iter().all(|colour| *colour > 150), "{:?}", decoded.get_pixel(58, 1));
    let clear = avatar(&making::encoded(making::holed(300, 300), Format::Png)).unwrap();
    assert_eq!(clear.small.format, Format::Png);
    assert_eq!(avatar(b"GIF, perhaps").unwrap_err(), Refused::NoImage);
    assert_eq!(avatar(&vec![0xFF; AVATAR_FILE_BYTES_MAX + 1]).unwrap_err(), Refused::TooManyBytes);
    assert_eq!(avatar(b"\x89PNG\r\n\x1a\n").unwrap_err(), Refused::Damaged);
}

#[test]
fn an_emoji_is_small() {
    let made = emoji(&making::encoded(making::holed(500, 250), Format::Png)).unwrap();
    assert_eq!((sides(&made.picture), made.animated), ((128, 64), false));
    assert_eq!(made.picture.format, Format::Png);
    let made = emoji(&making::encoded(making::picture(20, 10), Format::Jpeg)).unwrap();
    assert_eq!(sides(&made.picture), (20, 10));
    assert_eq!(emoji(&vec![0xFF; EMOJI_FILE_BYTES_MAX + 1]).unwrap_err(), Refused::TooManyBytes);
    assert_eq!(emoji(b"\0").unwrap_err(), Refused::NoImage);
}

#[test]
fn an_emoji_moves_if_it_is_small_enough() {
    let made = emoji(&making::moving_gif_with_metadata(64, 48)).unwrap();
    assert_eq!((made.picture.format, made.animated, sides(&made.picture)), (Format::Gif, true, (64, 48)));
    assert!(SECRETS.iter().all(|secret| !contains(&made.picture.bytes, secret)));
    // Too many pixels, too many bytes, and of another format: its first frame.
    let large = making::moving_gif(300, 150);
    let mut long = making::moving_gif(100, 50);
    let frames = long.len() - 1;
    let first = making::gif_head(&long).0.len();
    let repeated = long[first..frames].repeat(2 * EMOJI_BYTES_MAX / (frames - first));
    long.splice(frames..frames, repeated);
    for (name, file) in [("large", large), ("long", long), ("png", making::moving_png(40, 20, 3))] {
        let made = emoji(&file).unwrap();
        assert!(!made.animated && made.picture.format != Format::Gif, "{name}");
        assert!(made.picture.width <= 128 && made.picture.bytes.len() <= EMOJI_BYTES_MAX, "{name}");
    }
}

#[tokio::test]
async fn both_in_their_turn() {
    let images = Images::default();
    let file: bytes::Bytes = making::encoded(making::picture(300, 300), Format::Png).into();
    assert_eq!(images.avatar(file.clone()).await.unwrap().unwrap().large.width, 256);
    assert_eq!(images.emoji(file).await.unwrap().unwrap().picture.width, 128);
}
