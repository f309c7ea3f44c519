//! TIFFs that point at themselves, or say of a few hundred bytes that they are a great many.

use super::{contains, making, measured, plain};
use rill_server::files::image::{Format, Looked, Refused};

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const COMPRESSION: u16 = 259;
const SAMPLES: u16 = 277;
const PREDICTOR: u16 = 317;
const TILE_WIDTH: u16 = 322;
const TILE_LENGTH: u16 = 323;
const TILE_OFFSETS: u16 = 324;
const TILE_LENGTHS: u16 = 325;
const SAMPLE_FORMAT: u16 = 339;
const LONG: u16 = 4;
const SHORT: u16 = 3;

/// A page of these entries, each of one number, of which `pixels` are the bytes from offset 8 on.
fn tiff(entries: &[(u16, u16, u32)], pixels: &[u8]) -> Vec<u8> {
    let mut file = b"II*\0".to_vec();
    file.extend((8 + pixels.len() as u32).to_le_bytes());
    file.extend(pixels);
    file.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, value) in entries {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]);
    file
}

/// One tile of floats.
fn tiled(changes: &[(u16, u16, u32)]) -> Vec<u8> {
    let mut entries = vec![
        (WIDTH, LONG, 4),
        (HEIGHT, LONG, 4),
        (BITS, SHORT, 32),
        (COMPRESSION, SHORT, 1),
        (262, SHORT, 2),
        (SAMPLES, SHORT, 3),
        (PREDICTOR, SHORT, 3),
        (TILE_WIDTH, LONG, 16),
        (TILE_LENGTH, LONG, 16),
        (TILE_OFFSETS, LONG, 8),
        (TILE_LENGTHS, LONG, 3_072),
        (SAMPLE_FORMAT, SHORT, 3),
    ];
    for change in changes {
        match entries.iter_mut().find(|entry| entry.0 == change.0) {
            Some(entry) => *entry = *change,
            None => entries.push(*change),
        }
    }
    tiff(&entries, &[0; 3_072])
}

#[track_caller]
fn check(name: &str, file: &[u8], expected: Refused) {
    let (looked, bytes) = measured::peak_bytes(|| super::looked(file));
    let Looked::Plain(plain) = looked else { panic!("{name} is an image") };
    assert_eq!(plain.refused, Some((Format::Tiff, expected)), "{name}");
    assert!(bytes < 16 * 1024 * 1024, "{name} held {} MiB", bytes / 1024 / 1024);
}

#[test]
fn tiles_that_are_larger_than_any_image() {
    let Looked::Image(image) = super::looked(&tiled(&[])) else { panic!("the tile is whole") };
    assert_eq!((image.width, image.height), (4, 4));
    check("wide tile", &tiled(&[(TILE_WIDTH, LONG, 0xFFFF_FFF0)]), Refused::TooManyPixels);
    check(
        "wide tile, wide picture",
        &tiled(&[(TILE_WIDTH, LONG, 16_384), (HEIGHT, LONG, 16_000)]),
        Refused::TooManyPixels,
    );
    check("long tile", &tiled(&[(TILE_LENGTH, LONG, 0xFFFF_FFF0)]), Refused::TooManyPixels);
    check("no tile", &tiled(&[(TILE_WIDTH, LONG, 0)]), Refused::Damaged);
}

#[test]
fn pixels_of_a_thousand_samples() {
    check("1,000 samples", &tiled(&[(SAMPLES, SHORT, 1_000)]), Refused::Unsupported);
    let many = [(SAMPLES, SHORT, 8), (WIDTH, LONG, 8_000), (HEIGHT, LONG, 6_000)];
    check("many samples of many pixels", &tiled(&many), Refused::TooMuchWork);
}

/// Decoders take the last of two tags, and others the first.
#[test]
fn a_tag_that_comes_twice() {
    let mut file = tiled(&[]);
    let directory = 8 + 3_072;
    let count = u16::from_le_bytes([file[directory], file[directory + 1]]);
    file[directory..directory + 2].copy_from_slice(&(count + 1).to_le_bytes());
    let end = file.len() - 4;
    let again =
        [&TILE_WIDTH.to_le_bytes()[..], &LONG.to_le_bytes(), &1_u32.to_le_bytes(), &0xFFFF_FFF0_u32.to_le_bytes()];
    file.splice(end..end, again.concat());
    check("two widths of a tile", &file, Refused::Damaged);
}

/// Pixels that lie over their own directory would bring back what was left out of it.
#[test]
fn pixels_that_are_the_directory() {
    let directory = 8 + 3_072;
    let file = tiled(&[(TILE_OFFSETS, LONG, directory), (270, SHORT, 7), (TILE_LENGTHS, LONG, 400)]);
    assert!(matches!(super::looked(&file), Looked::Plain(plain) if plain.refused.is_some()));
}

/// It has headers of its own, which are not held against any limit: handed on without its
/// metadata, also where these stand behind bytes that only fill.
#[test]
fn a_jpeg_inside() {
    let jpeg = making::encoded(making::picture(16, 16), Format::Jpeg);
    let scan = jpeg.windows(2).position(|window| window == [0xFF, 0xDA]).unwrap();
    let secret = [&[0xFF, 0xFF, 0xFF, 0xE1, 0, 24][..], b"Exif\0\0 GPS is here.   "].concat();
    let behind = [&[0xFF, 0xFE, 0, 26][..], b"secret comment, a place."].concat();
    let end = jpeg.len() - 2;
    let jpeg = [&jpeg[..2], &secret, &jpeg[2..scan], &secret, &jpeg[scan..end], &behind, &jpeg[end..]].concat();
    for compression in [6, 7] {
        let entries = [
            (WIDTH, LONG, 16),
            (HEIGHT, LONG, 16),
            (BITS, SHORT, 8),
            (COMPRESSION, SHORT, compression),
            (262, SHORT, 6),
            (273, LONG, 8),
            (SAMPLES, SHORT, 3),
            (278, LONG, 16),
            (279, LONG, jpeg.len() as u32),
        ];
        let file = tiff(&entries, &jpeg);
        let plain = plain(&file);
        assert_eq!(plain.refused, Some((Format::Tiff, Refused::Unsupported)));
        let bytes = plain.bytes.expect("it is stripped");
        assert!(contains(&bytes, &jpeg[scan + 2 * secret.len()..][..40]), "its picture stays");
        for said in [&b"GPS"[..], b"secret", b"place"] {
            assert!(!contains(&bytes, said));
        }
    }
}
