//! What moves still moves, frame by frame.

use super::{image, making};
use ::image::{
    AnimationDecoder, Frame,
    codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder},
};
use rill_server::files::image::Format;
use std::io::Cursor;

fn frames<'a>(decoder: impl AnimationDecoder<'a>) -> Vec<(Vec<u8>, (u32, u32))> {
    let frame = |frame: Frame| (frame.buffer().as_raw().clone(), frame.delay().numer_denom_ms());
    decoder.into_frames().collect_frames().unwrap().into_iter().map(frame).collect()
}

fn frames_of(format: Format, bytes: &[u8]) -> Vec<(Vec<u8>, (u32, u32))> {
    let bytes = Cursor::new(bytes);
    match format {
        Format::Gif => frames(GifDecoder::new(bytes).unwrap()),
        Format::Png => frames(PngDecoder::new(bytes).unwrap().apng().unwrap()),
        _ => frames(WebPDecoder::new(bytes).unwrap()),
    }
}

#[test]
fn frames_and_times_stay() {
    for (format, file) in [
        (Format::Gif, making::moving_gif_with_metadata(90, 60)),
        (Format::WebP, making::moving_webp(90, 60, true)),
        (Format::Png, making::png_with_metadata(&making::moving_png(90, 60, 3), 1)),
    ] {
        let image = image(&file);
        assert!(image.animated, "{format:?}");
        assert_eq!((image.format, image.width, image.height), (format, 90, 60));
        let kept = frames_of(format, &image.bytes);
        assert_eq!(kept.len(), 3);
        assert!(kept == frames_of(format, &file), "{format:?}");
    }
}

#[test]
fn a_gif_goes_on_repeating() {
    let image = image(&making::moving_gif_with_metadata(90, 60));
    assert!(super::contains(&image.bytes, b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"));
}

#[test]
fn the_preview_is_the_first_frame() {
    for file in [making::moving_gif(90, 60), making::moving_webp(90, 60, false)] {
        let image = image(&file);
        let small = ::image::load_from_memory(&image.small.bytes).unwrap().to_rgb8();
        let middle = small.get_pixel(45, 30).0;
        assert!(middle[0] > 200 && middle[1] < 60, "{middle:?}");
    }
}
