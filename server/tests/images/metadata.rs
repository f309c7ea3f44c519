//! What a file tells of its maker stays with its maker.

use super::{contains, given, image, making, making::SECRETS};
use ::image::{DynamicImage, RgbaImage};
use rill_server::files::image::{Format, strip};

fn files() -> Vec<(Format, Vec<u8>)> {
    let picture = making::picture(400, 240);
    let rgba: RgbaImage = DynamicImage::ImageRgb8(picture.clone()).into_rgba8();
    vec![
        (Format::Jpeg, making::jpeg_with_metadata(&making::encoded(picture.clone(), Format::Jpeg), 6)),
        (Format::Png, making::png_with_metadata(&making::encoded(picture.clone(), Format::Png), 6)),
        (Format::WebP, making::webp_with_metadata(&rgba, 6)),
        (Format::WebP, making::moving_webp(400, 240, true)),
        (Format::Gif, making::moving_gif_with_metadata(400, 240)),
        (Format::Tiff, making::tiff(&[picture.clone(), making::picture(20, 10)], 6, true)),
        (Format::Bmp, [&making::encoded(picture, Format::Bmp)[..], b"secret comment"].concat()),
    ]
}

#[test]
fn nothing_of_it_is_in_what_others_get() {
    for (format, file) in files() {
        assert!(SECRETS.iter().any(|secret| contains(&file, secret)), "{format:?} has none to begin with");
        let image = image(&file);
        for bytes in given(&image) {
            for secret in SECRETS {
                assert!(!contains(bytes, secret), "{format:?} has {:?}", String::from_utf8_lossy(secret));
            }
        }
    }
}

/// An image that is too large to be decoded is a download, and clean too.
#[test]
fn not_even_where_the_image_is_too_large_to_be_shown() {
    let picture = making::picture(16, 16);
    let mut jpeg = making::jpeg_with_metadata(&making::encoded(picture, Format::Jpeg), 6);
    let frame = jpeg.windows(4).position(|window| window == [0xFF, 0xC0, 0, 17]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF]);
    let plain = super::plain(&jpeg);
    assert!(plain.refused.is_some());
    let bytes = plain.bytes.expect("it is whole");
    for secret in SECRETS {
        assert!(!contains(&bytes, secret));
    }
}

/// What does not decode is a download, and as clean as what does.
#[test]
fn not_even_where_the_pixels_are_damaged() {
    let picture = making::picture(400, 240);
    let pixels = |file: &mut Vec<u8>, mark: &[u8], length: usize| {
        let at = file.windows(mark.len()).rposition(|window| window == mark).unwrap() + mark.len();
        file[at + 4..at + 4 + length].fill(0xAA);
    };
    let mut png = making::png_with_metadata(&making::encoded(picture.clone(), Format::Png), 6);
    pixels(&mut png, b"IDAT", 60);
    let mut webp = making::webp_with_metadata(&making::holed(400, 240), 6);
    pixels(&mut webp, b"VP8L", 60);
    let jpeg = making::jpeg_with_metadata(&making::encoded(picture, Format::Jpeg), 6);
    let frame = jpeg.windows(4).position(|window| window == [0xFF, 0xC0, 0, 17]).unwrap();
    // Lossless, arithmetic, and with 12 bits: of a kind that is not decoded.
    let of_kind = |marker: u8, bits: u8| {
        let mut file = jpeg.clone();
        (file[frame + 1], file[frame + 4]) = (marker, bits);
        file
    };
    for (name, file) in
        [("png", png), ("webp", webp), ("c3", of_kind(0xC3, 8)), ("c9", of_kind(0xC9, 8)), ("c1", of_kind(0xC1, 12))]
    {
        let plain = super::plain(&file);
        assert!(plain.refused.is_some());
        let bytes = plain.bytes.unwrap_or_else(|| panic!("{name} is whole as far as it was walked over"));
        for secret in SECRETS {
            assert!(!contains(&bytes, secret), "{name}");
        }
        assert!(contains(&file, b"GPS"), "{name} has none to begin with");
    }
}

#[test]
fn a_stripped_file_is_stripped() {
    for (format, file) in files() {
        let once = strip(format, &file).unwrap();
        let twice = strip(format, &once.bytes).unwrap();
        assert_eq!(once.bytes, twice.bytes, "{format:?}");
        assert_eq!((once.orientation, once.frames), (twice.orientation, twice.frames));
    }
}

/// A small one goes into previews as well, so that their colours are those of the picture.
#[test]
fn a_colour_profile_stays() {
    let mut profile = vec![0; 480];
    profile[..4].copy_from_slice(&480_u32.to_be_bytes());
    profile[12..20].copy_from_slice(b"mntrRGB ");
    profile[36..40].copy_from_slice(b"acsp");
    profile[200..212].copy_from_slice(b"wide colours");
    let png = making::encoded(making::picture(400, 240), Format::Png);
    let packed = fdeflate::compress_to_vec(&profile);
    let file =
        making::png_with(&png, &[making::chunk(b"iCCP", &[b"of Jane Q. Owner\0\0", packed.as_slice()].concat())]);
    let image = image(&file);
    let kept = making::chunks_of(&image.bytes).into_iter().find(|(kind, _)| kind == b"iCCP").expect("it stays").1;
    assert_eq!(fdeflate::decompress_to_vec(&kept[5..]).unwrap(), profile);
    assert!(kept.starts_with(b"ICC\0"), "without the name that it had");
    assert!(contains(&image.small.bytes, b"wide colours"));

    let jpeg = making::encoded(making::picture(400, 240), Format::Jpeg);
    let marked = |profile: &[u8]| {
        let head = [&[0xFF, 0xE2][..], &(profile.len() as u16 + 16).to_be_bytes(), b"ICC_PROFILE\0\x01\x01"].concat();
        [&jpeg[..2], &head, profile, &jpeg[2..]].concat()
    };
    assert!(contains(&super::image(&marked(&profile)).bytes, b"wide colours"));
    // What has no signature is none.
    profile[36] = b'x';
    assert!(!contains(&super::image(&marked(&profile)).bytes, b"wide colours"));
}
