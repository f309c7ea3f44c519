//! Files that are two things at once: what others get is the image alone.

use super::{contains, given, image, making, refused};
use rill_server::files::image::{Format, Refused};

const ZIP: &[u8] = b"PK\x03\x04\x14\0 evil.html PK\x05\x06\0\0\0\0\x01\0\x01\0";
const PDF: &[u8] = b"%PDF-1.4 1 0 obj <</OpenAction/JavaScript>> endobj %%EOF";
const SCRIPT: &[u8] = b"*/=1;alert(document.domain)//";
const PAGE: &[u8] = b"<html><script>alert(1)</script>";

#[test]
fn what_hides_behind_the_end() {
    for format in Format::ALL {
        let file = making::encoded(making::picture(60, 40), *format);
        for rider in [ZIP, PDF, SCRIPT, PAGE] {
            let image = image(&[&file[..], rider].concat());
            for bytes in given(&image) {
                assert!(!contains(bytes, rider), "{format:?}");
            }
        }
    }
}

#[test]
fn what_hides_between_the_parts() {
    let rgba = ::image::DynamicImage::ImageRgb8(making::picture(60, 40)).into_rgba8();
    let jpeg = making::encoded(making::picture(60, 40), Format::Jpeg);
    let png = making::encoded(making::picture(60, 40), Format::Png);
    let gif = making::moving_gif(60, 40);
    let (screen, blocks) = making::gif_head(&gif);
    for rider in [ZIP, PDF, SCRIPT, PAGE] {
        let length = (rider.len() as u16 + 2).to_be_bytes();
        let block = [&[rider.len() as u8], rider, &[0]].concat();
        for file in [
            [&jpeg[..2], &[0xFF, 0xFE], &length, rider, &jpeg[2..]].concat(),
            [&jpeg[..2], &[0xFF, 0xE9], &length, rider, &jpeg[2..]].concat(),
            // Between two segments, behind no marker.
            [&jpeg[..20], rider, &jpeg[20..]].concat(),
            making::png_with(&png, &[making::chunk(b"tEXt", rider)]),
            making::png_with(&png, &[making::chunk(b"pHYs", rider)]),
            [screen, b"\x21\xfe", &block, blocks].concat(),
            [screen, b"\x21\xff\x0bNETSCAPE9.9", &block, blocks].concat(),
            [screen, b"\x21\x01\x0c            ", &block, blocks].concat(),
            making::riff(&[making::vp8l(&rgba), making::riff_chunk(b"JUNK", rider)]),
            making::riff(&[making::vp8x(0x10, 60, 40), making::riff_chunk(b"JUNK", rider), making::vp8l(&rgba)]),
        ] {
            let image = image(&file);
            for bytes in given(&image) {
                assert!(!contains(bytes, rider), "{:?}", image.format);
            }
        }
    }
}

/// `GIF89a/*` as a script: width and height are the comment's beginning, its end behind the image.
#[test]
fn a_gif_that_is_a_script() {
    let mut gif = making::encoded(making::picture(60, 40), Format::Gif);
    gif[6..8].copy_from_slice(b"/*");
    let image = image(&[&gif[..], SCRIPT].concat());
    assert!(!contains(&image.bytes, b"alert"));
}

/// A header in front of which something else stands is no image.
#[test]
fn an_image_behind_something_else() {
    for front in [ZIP, PDF, PAGE] {
        let file = [front, &making::encoded(making::picture(60, 40), Format::Png)].concat();
        assert!(super::plain(&file).refused.is_none());
    }
}

#[test]
fn chunks_that_nobody_knows_and_nobody_may_skip() {
    let png = making::encoded(making::picture(60, 40), Format::Png);
    assert_eq!(refused(&making::png_with(&png, &[making::chunk(b"EVIL", PDF)])).1, Refused::Unsupported);
}
