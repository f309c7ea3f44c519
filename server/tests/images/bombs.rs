//! Small files that claim to be much. Each ends soon, and holds less than what the limits say.

use super::{Refused, looked, making, measured};
use rill_server::files::{
    image::{Format, Looked},
    limits::{IMAGE_BYTES_MAX, IMAGE_MEMORY_BYTES_MAX},
};
use std::time::Duration;

/// Of the processor, unoptimised.
const TIME_MAX: Duration = Duration::from_secs(20);
const MIB: u64 = 1024 * 1024;
const ZEROS_MAX: u64 = 160 * MIB;

#[track_caller]
fn look(name: &str, file: &[u8]) -> (Looked, u64) {
    let ((looked, bytes), time) = measured::timed(|| measured::peak_bytes(|| looked(file)));
    println!("{name}: {} KiB of file, {} MiB held, {time:?}", file.len() / 1024, bytes / MIB);
    assert!(bytes <= IMAGE_MEMORY_BYTES_MAX, "{name} held {} MiB", bytes / MIB);
    assert!(time <= TIME_MAX, "{name} took {time:?}");
    (looked, bytes)
}

/// Refused, and without taking more than the file and its copy and a little.
#[track_caller]
fn check(name: &str, file: &[u8], expected: Refused) {
    let (looked, bytes) = look(name, file);
    let Looked::Plain(plain) = looked else { panic!("{name} is an image") };
    assert_eq!(plain.refused.map(|(_, refused)| refused), Some(expected), "{name}");
    assert!(bytes < 4 * file.len() as u64 + 16 * MIB, "{name} held {} MiB", bytes / MIB);
}

/// A PNG of zeros, if it claims no more than what is taken; else a part is enough.
fn png_of_zeros(width: u32, height: u32, bits: u8, colours: u8) -> Vec<u8> {
    let channels = [1, 0, 3, 1, 2, 0, 4][usize::from(colours)];
    let row = 1 + (u64::from(width) * channels * u64::from(bits)).div_ceil(8);
    let all = row.saturating_mul(height.into());
    let zeros = vec![0; all.min(ZEROS_MAX) as usize];
    let packed = fdeflate::compress_to_vec(&zeros);
    [making::png_header(width, height, bits, colours), making::chunk(b"IDAT", &packed), making::chunk(b"IEND", b"")]
        .concat()
}

#[test]
fn a_png_of_30_000_by_30_000() {
    check("png 30,000 x 30,000", &making::png_bomb(), Refused::TooManyPixels);
    check("png 30,000 x 30,000 of more", &png_of_zeros(30_000, 30_000, 8, 2), Refused::TooManyPixels);
    check("png 2^31 x 2^31", &png_of_zeros(0x7FFF_FFFF, 0x7FFF_FFFF, 16, 6), Refused::TooManyPixels);
    check("png of 268 megapixels", &png_of_zeros(16_384, 16_384, 1, 0), Refused::TooManyPixels);
    check("png of 0 pixels", &png_of_zeros(0, 10, 8, 2), Refused::Damaged);
    check("png of 48 megapixels with 16 bits", &png_of_zeros(8_000, 6_000, 16, 6), Refused::TooMuchWork);
}

/// What they hold is what the limits are made of.
#[test]
fn the_largest_images_that_are_taken() {
    let mut webp = Vec::new();
    let pixels = vec![90; 4 * 5_000 * 4_000];
    let encoder = ::image::codecs::webp::WebPEncoder::new_lossless(&mut webp);
    encoder.encode(&pixels, 5_000, 4_000, ::image::ExtendedColorType::Rgba8).unwrap();
    for (name, file, pixels) in [
        ("grey png of 50 megapixels", png_of_zeros(8_000, 6_250, 8, 0), 50_000_000),
        ("png of 20 megapixels with 16 bits", png_of_zeros(5_000, 4_000, 16, 6), 20_000_000),
        ("webp of 20 megapixels", webp, 20_000_000),
    ] {
        let (Looked::Image(image), _) = look(name, &file) else { panic!("{name} is no image") };
        assert_eq!(image.width * image.height, pixels);
    }
}

#[test]
fn compressed_text_and_profiles() {
    let png = making::encoded(making::picture(60, 40), Format::Png);
    let zeros = fdeflate::compress_to_vec(&vec![0; 256 * MIB as usize]);
    for chunk in [
        making::chunk(b"zTXt", &[b"Comment\0\0", zeros.as_slice()].concat()),
        making::chunk(b"iCCP", &[b"ICC\0\0", zeros.as_slice()].concat()),
    ] {
        let file = making::png_with(&png, &[chunk]);
        let (looked, bytes) = look("a chunk of 256 MiB", &file);
        assert!(matches!(looked, Looked::Image(_)));
        assert!(bytes < 4 * file.len() as u64 + 16 * MIB);
    }
}

#[test]
fn a_gif_of_a_million_frames() {
    let gif = making::encoded(making::picture(2, 2), Format::Gif);
    let frame = gif.iter().rposition(|byte| *byte == 0x2C).unwrap();
    let Looked::Image(moving) = looked(&making::gif_of(2)) else { panic!("so few can be shown") };
    assert!(moving.animated);
    check("gif of 10^6 frames", &making::gif_of(1_000_000), Refused::TooManyFrames);
    let mut wide = gif.clone();
    wide[6..10].copy_from_slice(&[0xFF; 4]);
    check("gif 65,535 x 65,535", &wide, Refused::TooManyPixels);
    // The frame claims more than the screen.
    let mut wide = gif;
    wide[frame + 5..frame + 9].copy_from_slice(&[0xFF; 4]);
    check("gif with a frame of 65,535 x 65,535", &wide, Refused::TooMuchWork);
}

#[test]
fn an_animated_png_or_webp_of_many_frames() {
    check("apng", &making::moving_png(2, 2, 100_000), Refused::TooManyFrames);
    let frame = making::riff_chunk(b"ANMF", &[&[0; 16][..], &making::vp8l(&::image::RgbaImage::new(1, 1))].concat());
    let head = [making::vp8x(0x12, 1, 1), making::riff_chunk(b"ANIM", &[0; 6])];
    let file = making::riff(&[head.concat(), frame.repeat(200_000)]);
    check("moving webp", &file, Refused::TooManyFrames);
}

#[test]
fn jpegs_that_claim_too_much() {
    let jpeg = making::encoded(making::picture(64, 64), Format::Jpeg);
    let frame = jpeg.windows(4).position(|window| window == [0xFF, 0xC0, 0, 17]).unwrap();
    let changed = |change: &dyn Fn(&mut [u8])| {
        let mut file = jpeg.clone();
        change(&mut file[frame..]);
        file
    };
    check("jpeg 65,535 x 65,535", &changed(&|frame| frame[5..9].fill(0xFF)), Refused::TooManyPixels);
    check("jpeg of no pixels", &changed(&|frame| frame[5..9].fill(0)), Refused::Damaged);
    // All coefficients of 50 megapixels, each component sampled 4 x 4.
    let file = changed(&|frame| {
        frame[1] = 0xC2;
        frame[5..9].copy_from_slice(&[0x1B, 0x58, 0x1B, 0x58]);
        [frame[11], frame[14], frame[17]] = [0x44; 3];
    });
    check("progressive jpeg of 49 megapixels", &file, Refused::TooMuchWork);
    // Many scans over many pixels.
    let scan = jpeg.windows(2).position(|window| window == [0xFF, 0xDA]).unwrap();
    let mut file = changed(&|frame| {
        frame[1] = 0xC2;
        frame[5..9].copy_from_slice(&[0x0F, 0xA0, 0x0F, 0xA0]);
    });
    file.truncate(scan);
    file.extend(b"\xff\xda\0\x08\x01\x01\0\x01\x05\x00\x7f".repeat(20_000));
    check("jpeg of 20,000 scans", &file, Refused::TooMuchWork);
    // Of which hardly any byte is there: work, and bounded.
    let (looked, _) = look(
        "jpeg of 49 megapixels in a KiB",
        &changed(&|frame| frame[5..9].copy_from_slice(&[0x1B, 0x58, 0x1B, 0x58])),
    );
    assert!(matches!(looked, Looked::Image(_)));
    // Progressive, all coefficients are held at once: the most that is taken.
    let progressive = changed(&|frame| {
        frame[1] = 0xC2;
        frame[5..9].copy_from_slice(&[0x14, 0x50, 0x14, 0x50]);
    });
    let (_, bytes) = look("progressive jpeg of 27 megapixels in a KiB", &progressive);
    assert!(bytes > 200 * MIB, "it was not decoded");
}

#[test]
fn webps_that_claim_too_much() {
    let rgba = making::holed(60, 40);
    let lossless = making::vp8l(&rgba);
    let canvas = making::riff(&[making::vp8x(0x10, 30_000, 30_000), lossless.clone()]);
    check("webp with a canvas of 30,000 x 30,000", &canvas, Refused::Damaged);
    let mut sides = lossless;
    sides[9..13].fill(0x0F);
    let (looked, _) = look("lossless webp with other sides", &making::riff(&[sides]));
    assert!(matches!(looked, Looked::Plain(_)));
    // A small canvas around a picture that says of itself that it is large.
    let mut large = b"\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f".to_vec();
    large.resize(200, 0);
    let lossy = making::riff_chunk(b"VP8 ", &large);
    check("lossy webp in a small canvas", &making::riff(&[making::vp8x(0, 16, 16), lossy.clone()]), Refused::Damaged);
    let alpha = making::riff_chunk(b"ALPH", &[0; 257]);
    let with_alpha = making::riff(&[making::vp8x(0x10, 16, 16), alpha.clone(), lossy.clone()]);
    check("lossy webp with alpha in a small canvas", &with_alpha, Refused::Damaged);
    let place = [&[0; 6][..], &[15, 0, 0, 15, 0, 0], &[0; 4]].concat();
    let head = [making::vp8x(0x12, 16, 16), making::riff_chunk(b"ANIM", &[0; 6])].concat();
    let moving = |parts: &[Vec<u8>]| {
        making::riff(&[head.clone(), making::riff_chunk(b"ANMF", &[place.clone(), parts.concat()].concat())])
    };
    check("lossy webp in a small frame", &moving(std::slice::from_ref(&lossy)), Refused::Damaged);
    // Which a decoder takes for a lossy one, whatever it is called.
    let disguised = making::riff_chunk(b"VP8L", &large);
    check("lossless webp behind an alpha channel", &moving(&[alpha, disguised]), Refused::Damaged);
    let mut wide = making::moving_webp(60, 40, false);
    let canvas = wide.windows(4).position(|window| window == b"VP8X").unwrap();
    wide[canvas + 12..canvas + 18].copy_from_slice(&[0x57, 0x1B, 0, 0x57, 0x1B, 0]);
    check("moving webp of 49 megapixels", &wide, Refused::TooMuchWork);
}

/// Bits, the least of a byte first.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn put(&mut self, number: u32, count: u32) {
        self.0.extend((0..count).map(|bit| number >> bit & 1 == 1));
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.chunks(8).map(|byte| byte.iter().rev().fold(0, |sum, bit| sum << 1 | u8::from(*bit))).collect()
    }
}

/// A lossless WebP (RFC 9649, section 6.2) of 16 pixels whose codes alone would take 1.3 GiB: one pixel
/// says that there are 65,536 groups of them.
#[test]
fn a_webp_of_codes() {
    let mut bits = Bits::default();
    bits.put(0x2F, 8);
    bits.put(3 | 3 << 14, 32);
    // No transform, no cache; groups of codes by blocks of 4 by 4.
    bits.put(0b100, 3);
    bits.put(0, 3);
    bits.put(0, 1);
    // That picture: each code one symbol, of green and red 255.
    for symbol in [255, 255, 0, 0, 0] {
        bits.put(0b101, 3);
        bits.put(symbol, 8);
    }
    // A code with symbols of 1 to 10 bits, for which a decoder has a table of 1,024 entries.
    let mut code = Bits::default();
    code.put(0, 1);
    code.put(10, 4);
    for length in [0, 0, 0, 3, 3, 3, 3, 3, 0, 3, 4, 4, 4, 4] {
        code.put(length, 3);
    }
    code.put(1 | 1 << 1 | 9 << 4, 8);
    for length in (1_u32..=10).chain([10]) {
        let (prefix, count) = if length <= 6 { (length - 1, 3) } else { (length - 7 + 12, 4) };
        (0..count).rev().for_each(|bit| code.put(prefix >> bit & 1, 1));
    }
    for _ in 0..5 * 65_536 {
        bits.0.extend(&code.0);
    }
    let stream = making::riff_chunk(b"VP8L", &bits.bytes());
    check("webp of 65,536 groups of codes", &making::riff(std::slice::from_ref(&stream)), Refused::TooMuchWork);
    let extended = making::riff(&[making::vp8x(0, 4, 4), stream.clone()]);
    check("extended webp of codes", &extended, Refused::TooMuchWork);
    let frame = [&[0; 6][..], &[3, 0, 0, 3, 0, 0], &[0; 4], &stream].concat();
    let moving = [making::vp8x(0x12, 4, 4), making::riff_chunk(b"ANIM", &[0; 6]), making::riff_chunk(b"ANMF", &frame)];
    check("moving webp of codes", &making::riff(&moving), Refused::TooMuchWork);
}

#[test]
fn tiffs_that_claim_too_much() {
    let tiff = making::tiff(&[making::picture(8, 8)], 1, false);
    let first = u32::from_le_bytes(*tiff[4..].first_chunk().unwrap()) as usize + 2;
    let tag = |tag: u16| (first..).step_by(12).find(|at| tiff[*at..at + 2] == tag.to_le_bytes()).unwrap();
    let with = |tag: usize, count: u32, value: u32| {
        let mut file = tiff.clone();
        file[tag + 4..tag + 8].copy_from_slice(&count.to_le_bytes());
        file[tag + 8..tag + 12].copy_from_slice(&value.to_le_bytes());
        file
    };
    check("tiff 30,000 wide", &with(tag(256), 1, 30_000), Refused::TooManyPixels);
    check("tiff of 2^32 strips", &with(tag(273), u32::MAX, 8), Refused::Damaged);
    let long = [with(tag(273), 10_000_000, 8), vec![1; 48 * MIB as usize]].concat();
    check("tiff of 10^7 strips", &long, Refused::TooMuchWork);
    check("tiff with a long strip", &with(tag(279), 1, u32::MAX), Refused::TooMuchWork);
    // A directory that is its own successor.
    let mut ring = tiff.clone();
    let directory = u32::from_le_bytes(*tiff[4..].first_chunk().unwrap());
    let entries = usize::from(u16::from_le_bytes(*tiff[directory as usize..].first_chunk().unwrap()));
    let next = directory as usize + 2 + 12 * entries;
    ring[next..next + 4].copy_from_slice(&directory.to_le_bytes());
    check("tiff in a ring", &ring, Refused::Damaged);
    // Every page is the same 60 MiB.
    let pages = making::tiff(&vec![making::picture(1, 1); 2_000], 1, false);
    check("tiff of 2,000 pages", &pages, Refused::TooManyFrames);
    // Sixteen thousand strips that are all the same ten million bytes.
    let mut file = making::tiff(&[making::picture(1, 16_000)], 1, false);
    let strips = file.len() as u32;
    (0..16_000).for_each(|_| file.extend(8_u32.to_le_bytes()));
    (0..16_000).for_each(|_| file.extend(10_000_000_u32.to_le_bytes()));
    let directory = u32::from_le_bytes(*file[4..].first_chunk().unwrap()) as usize;
    for number in 0..10 {
        let at = directory + 2 + 12 * number;
        let (count, value) = match u16::from_le_bytes(*file[at..].first_chunk().unwrap()) {
            273 => (16_000, strips),
            278 => (1, 1),
            279 => (16_000, strips + 64_000),
            _ => continue,
        };
        file[at + 4..at + 8].copy_from_slice(&u32::to_le_bytes(count));
        file[at + 8..at + 12].copy_from_slice(&value.to_le_bytes());
    }
    file.resize(10_000_100, 0x80);
    check("tiff whose strips are all one", &file, Refused::TooMuchWork);
}

#[test]
fn icons_and_bitmaps_that_claim_too_much() {
    let bomb = png_of_zeros(30_000, 30_000, 8, 6);
    let entry = |count: u16, length: usize| {
        let mut file = [0, 0, 1, 0].to_vec();
        file.extend(count.to_le_bytes());
        for _ in 0..count {
            file.extend([0, 0, 0, 0, 1, 0, 32, 0]);
            file.extend((length as u32).to_le_bytes());
            file.extend((6 + 16 * u32::from(count)).to_le_bytes());
        }
        file
    };
    check("icon with a large png", &[entry(1, bomb.len()), bomb.clone()].concat(), Refused::TooManyPixels);
    check("icon whose entries are all one", &[entry(64, bomb.len()), bomb].concat(), Refused::Damaged);
    check("icon of 65,535 entries", &entry(65_535, 100), Refused::TooManyFrames);
    let mut bitmap = making::encoded(making::picture(8, 8), Format::Bmp);
    bitmap[18..26].copy_from_slice(&[0x30, 0x75, 0, 0, 0x30, 0x75, 0, 0]);
    check("bitmap 30,000 x 30,000", &bitmap, Refused::TooManyPixels);
    bitmap[18..26].copy_from_slice(&[0x58, 0x1B, 0, 0, 0x58, 0x1B, 0, 0]);
    let (looked, _) = look("bitmap of 49 megapixels in a KiB", &bitmap);
    assert!(matches!(looked, Looked::Plain(_)));
}

/// Nothing that is as long as it may be takes more than is said.
#[test]
fn the_longest_files() {
    for format in Format::ALL {
        let mut file = making::encoded(making::picture(60, 40), *format);
        file.resize(IMAGE_BYTES_MAX, 0xFF);
        look(&format!("{format:?} of 64 MiB"), &file);
    }
}
