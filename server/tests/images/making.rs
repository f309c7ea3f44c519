//! How the files of the tests are made.

use image::{
    DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage,
    codecs::{gif::GifEncoder, jpeg::JpegEncoder, webp::WebPEncoder},
};
use rill_server::files::image::Format;
use std::io::Cursor;

/// A picture that is unlike itself however it is turned: four colours in its corners, one of
/// them small.
pub(crate) fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        _ if x < width / 4 && y < height / 4 => Rgb([255, 255, 255]),
        (true, true) => Rgb([220, 30, 30]),
        (false, true) => Rgb([30, 200, 30]),
        (true, false) => Rgb([30, 30, 220]),
        (false, false) => Rgb([230, 220, 20]),
    })
}

/// The same with a clear hole in its middle.
pub(crate) fn holed(width: u32, height: u32) -> RgbaImage {
    let mut image = DynamicImage::ImageRgb8(picture(width, height)).into_rgba8();
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        if (width / 4..width * 3 / 4).contains(&x) && (height / 4..height * 3 / 4).contains(&y) {
            *pixel = Rgba([0, 0, 0, 0]);
        }
    }
    image
}

pub(crate) fn encoded(image: impl Into<DynamicImage>, format: Format) -> Vec<u8> {
    let image = image.into();
    let mut bytes = Cursor::new(Vec::new());
    let format = match format {
        Format::Png => ImageFormat::Png,
        Format::Jpeg => {
            let rgb = image.to_rgb8();
            let encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
            encoder.write_image(&rgb, rgb.width(), rgb.height(), ExtendedColorType::Rgb8).unwrap();
            return bytes.into_inner();
        }
        Format::Gif => ImageFormat::Gif,
        Format::WebP => ImageFormat::WebP,
        Format::Bmp => ImageFormat::Bmp,
        Format::Tiff => ImageFormat::Tiff,
        Format::Ico => {
            DynamicImage::ImageRgba8(image.into_rgba8()).write_to(&mut bytes, ImageFormat::Ico).unwrap();
            return bytes.into_inner();
        }
    };
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// What betrays a place, a camera and an owner; none of it may be found in what others get.
pub(crate) const SECRETS: [&[u8]; 7] = [
    b"GPSLatitudeIsHere",
    b"48.8583701",
    b"Camera Serial 12345",
    b"Jane Q. Owner",
    b"secret comment",
    b"W5M0MpCehiHzreSzNTczkc9d",
    b"GPS",
];

/// EXIF with an orientation, a maker, an owner, a GPS directory and a preview of another picture
/// (tags by CIPA DC-008: 0x010E description, 0x010F make, 0x0112 orientation, 0x013B artist,
/// 0x8825 GPS directory with 0x0001 to 0x0004 and 0x001B; 0x0201 and 0x0202 the preview).
pub(crate) fn exif(orientation: u16) -> Vec<u8> {
    let mut exif = b"II*\0\x08\0\0\0".to_vec();
    let mut data: Vec<u8> = Vec::new();
    let data_at = 8 + 2 + 6 * 12 + 4;
    let mut entry = |exif: &mut Vec<u8>, tag: u16, kind: u16, bytes: &[u8]| {
        exif.extend(tag.to_le_bytes());
        exif.extend(kind.to_le_bytes());
        let size: usize = if kind == 3 {
            2
        } else if kind == 4 {
            4
        } else {
            1
        };
        exif.extend(((bytes.len() / size) as u32).to_le_bytes());
        if bytes.len() <= 4 {
            exif.extend(bytes);
            exif.extend(vec![0; 4 - bytes.len()]);
        } else {
            exif.extend((data_at + data.len() as u32).to_le_bytes());
            data.extend(bytes);
        }
    };
    exif.extend(6_u16.to_le_bytes());
    entry(&mut exif, 0x010E, 2, b"GPSLatitudeIsHere 48.8583701\0");
    entry(&mut exif, 0x010F, 2, b"Camera Serial 12345\0");
    entry(&mut exif, 0x0112, 3, &orientation.to_le_bytes());
    entry(&mut exif, 0x013B, 2, b"Jane Q. Owner\0");
    // The directory of GPS lies behind all of it; its method names itself.
    let gps_at = data_at + 29 + 20 + 14;
    entry(&mut exif, 0x8825, 4, &gps_at.to_le_bytes());
    entry(&mut exif, 0x9286, 7, b"\0\0\0\0");
    exif.extend(0_u32.to_le_bytes());
    exif.extend(data);
    assert_eq!(exif.len(), gps_at as usize);
    exif.extend(1_u16.to_le_bytes());
    exif.extend(b"\x1b\0\x07\0\x03\0\0\0GPS\0");
    exif.extend(0_u32.to_le_bytes());
    exif
}

pub(crate) const XMP: &[u8] =
    b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta exif:GPSLatitude='48.8583701'/>";

fn segment(marker: u8, parts: &[&[u8]]) -> Vec<u8> {
    let payload = parts.concat();
    [&[0xFF, marker][..], &(payload.len() as u16 + 2).to_be_bytes(), &payload].concat()
}

/// A JPEG with whatever cameras and programs put into one.
pub(crate) fn jpeg_with_metadata(jpeg: &[u8], orientation: u16) -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8];
    file.extend(segment(0xE0, &[b"JFXX\0\x10", b"Camera Serial 12345"]));
    file.extend(segment(0xE1, &[b"Exif\0\0", &exif(orientation)]));
    file.extend(segment(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0", XMP]));
    file.extend(segment(0xE2, &[b"MPF\0", b"Jane Q. Owner"]));
    file.extend(segment(0xE2, &[b"ICC_PROFILE\0\x01\x01", b"GPS, and no profile"]));
    file.extend(segment(0xED, &[b"Photoshop 3.0\08BIM", b"Jane Q. Owner"]));
    file.extend(segment(0xFE, &[b"secret comment"]));
    file.extend(&jpeg[2..]);
    // A film behind the picture, as telephones put it.
    file.extend(b"ftypmp42 Jane Q. Owner 48.8583701");
    file
}

pub(crate) fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let sum = crc32fast::hash(&[kind, data].concat());
    [&(data.len() as u32).to_be_bytes(), &kind[..], data, &sum.to_be_bytes()].concat()
}

/// Behind the header of a PNG, `chunks`.
pub(crate) fn png_with(png: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
    [&png[..33], &chunks.concat(), &png[33..]].concat()
}

pub(crate) fn png_header(width: u32, height: u32, bits: u8, colours: u8) -> Vec<u8> {
    let data = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[bits, colours, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", &data).as_slice()].concat()
}

/// A PNG that claims more than any that is taken, of a few zeros.
pub(crate) fn png_bomb() -> Vec<u8> {
    let zeros = fdeflate::compress_to_vec(&[0; 100_000]);
    [png_header(30_000, 30_000, 8, 2), chunk(b"IDAT", &zeros), chunk(b"IEND", b"")].concat()
}

/// A GIF of one pixel, that many times.
pub(crate) fn gif_of(frames: usize) -> Vec<u8> {
    let screen = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff";
    // Three codes of three bits: clear, the first colour, end.
    let frame = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
    [&screen[..], &frame.repeat(frames), b"\x3b"].concat()
}

pub(crate) fn png_with_metadata(png: &[u8], orientation: u16) -> Vec<u8> {
    let mut file = png_with(
        png,
        &[
            chunk(b"eXIf", &exif(orientation)),
            chunk(b"tEXt", b"Comment\0secret comment, Jane Q. Owner"),
            chunk(b"iTXt", &[b"XML:com.adobe.xmp\0\0\0\0\0", XMP].concat()),
            chunk(b"zTXt", b"Raw profile type exif\0\0GPSLatitudeIsHere"),
            chunk(b"tIME", &[7, 234, 11, 22, 14, 0, 0]),
            chunk(b"prVt", b"Camera Serial 12345"),
        ],
    );
    file.extend(b"PK\x03\x04 secret comment");
    file
}

pub(crate) fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let body = chunks.concat();
    [b"RIFF", &(body.len() as u32 + 4).to_le_bytes()[..], b"WEBP", &body].concat()
}

pub(crate) fn riff_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [&kind[..], &(data.len() as u32).to_le_bytes(), data, &[0][..data.len() % 2]].concat()
}

fn side(length: u32) -> [u8; 3] {
    let [a, b, c, _] = (length - 1).to_le_bytes();
    [a, b, c]
}

/// The extended header: flags and canvas.
pub(crate) fn vp8x(flags: u8, width: u32, height: u32) -> Vec<u8> {
    riff_chunk(b"VP8X", &[&[flags, 0, 0, 0], &side(width)[..], &side(height)].concat())
}

/// The bitstream of a picture, without its container.
pub(crate) fn vp8l(image: &RgbaImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    WebPEncoder::new_lossless(&mut bytes)
        .write_image(image, image.width(), image.height(), ExtendedColorType::Rgba8)
        .unwrap();
    bytes[12..].to_vec()
}

pub(crate) fn webp_with_metadata(image: &RgbaImage, orientation: u16) -> Vec<u8> {
    let mut file = riff(&[
        vp8x(0x3C, image.width(), image.height()),
        riff_chunk(b"ICCP", b"GPS, and no profile"),
        vp8l(image),
        riff_chunk(b"EXIF", &exif(orientation)),
        riff_chunk(b"XMP ", XMP),
        riff_chunk(b"JUNK", b"Jane Q. Owner"),
    ]);
    file.extend(b"PK\x03\x04 secret comment");
    file
}

/// One frame in one colour each, of which the second is smaller than the canvas.
pub(crate) fn frames(width: u32, height: u32) -> Vec<RgbaImage> {
    let whole = |colour| RgbaImage::from_pixel(width, height, Rgba(colour));
    vec![whole([250, 20, 20, 255]), whole([20, 250, 20, 255]), whole([20, 20, 250, 255])]
}

pub(crate) fn moving_gif(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    encoder.set_repeat(image::codecs::gif::Repeat::Infinite).unwrap();
    for frame in frames(width, height) {
        let delay = image::Delay::from_numer_denom_ms(120, 1);
        encoder.encode_frame(image::Frame::from_parts(frame, 0, 0, delay)).unwrap();
    }
    drop(encoder);
    bytes
}

/// A GIF's screen with its palette, and the blocks behind it.
pub(crate) fn gif_head(gif: &[u8]) -> (&[u8], &[u8]) {
    let palette = if gif[10] & 0x80 == 0 { 0 } else { 3 << ((gif[10] & 7) + 1) };
    gif.split_at(13 + palette)
}

/// The same with a comment, XMP and another program's extension, and something behind its end.
pub(crate) fn moving_gif_with_metadata(width: u32, height: u32) -> Vec<u8> {
    let gif = moving_gif(width, height);
    let (head, rest) = gif_head(&gif);
    let mut file = head.to_vec();
    file.extend(b"\x21\xfe\x0esecret comment\0");
    file.extend(b"\x21\xff\x0bXMP DataXMP");
    for part in XMP.chunks(255) {
        file.push(part.len() as u8);
        file.extend(part);
    }
    file.push(0);
    file.extend(b"\x21\xff\x0bOTHERPRG1.0\x0dJane Q. Owner\0");
    file.extend(rest);
    file.extend(b"Camera Serial 12345");
    file
}

pub(crate) fn moving_webp(width: u32, height: u32, metadata: bool) -> Vec<u8> {
    let mut chunks = vec![vp8x(if metadata { 0x1E } else { 0x12 }, width, height), riff_chunk(b"ANIM", &[0; 6])];
    for frame in frames(width, height) {
        let place = [&[0; 6][..], &side(width), &side(height), &[120, 0, 0], &[0]].concat();
        let junk = if metadata { riff_chunk(b"JUNK", b"Jane Q. Owner") } else { Vec::new() };
        chunks.push(riff_chunk(b"ANMF", &[place, vp8l(&frame), junk].concat()));
    }
    if metadata {
        chunks.push(riff_chunk(b"EXIF", &exif(6)));
        chunks.push(riff_chunk(b"XMP ", XMP));
    }
    riff(&chunks)
}

/// An APNG: the first frame is the picture, the others repeat its bytes.
pub(crate) fn moving_png(width: u32, height: u32, count: u32) -> Vec<u8> {
    let png = encoded(picture(width, height), Format::Png);
    let pixels: Vec<u8> =
        chunks_of(&png).into_iter().filter(|(kind, _)| kind == b"IDAT").flat_map(|(_, data)| data).collect();
    let control = |number: u32| {
        let sides = [number.to_be_bytes(), width.to_be_bytes(), height.to_be_bytes(), [0; 4], [0; 4]].concat();
        chunk(b"fcTL", &[&sides[..], &[0, 12, 0, 100, 0, 0]].concat())
    };
    let mut chunks = vec![chunk(b"acTL", &[count.to_be_bytes(), [0; 4]].concat()), control(0), chunk(b"IDAT", &pixels)];
    for frame in 1..count {
        chunks.push(control(2 * frame - 1));
        chunks.push(chunk(b"fdAT", &[&(2 * frame).to_be_bytes(), pixels.as_slice()].concat()));
    }
    [&png[..33], &chunks.concat(), &chunk(b"IEND", b"")].concat()
}

pub(crate) fn chunks_of(png: &[u8]) -> Vec<([u8; 4], Vec<u8>)> {
    let mut rest = &png[8..];
    let mut chunks = Vec::new();
    while rest.len() >= 12 {
        let length = u32::from_be_bytes(*rest.first_chunk().unwrap()) as usize;
        chunks.push((*rest[4..].first_chunk().unwrap(), rest[8..8 + length].to_vec()));
        rest = &rest[12 + length..];
    }
    chunks
}

/// A TIFF of `pages`, each one strip of 8 bits of red, green and blue, with tags beside those of
/// the picture; or whatever `change` makes of the entries (tag, kind, values).
pub(crate) fn tiff(pages: &[RgbImage], orientation: u16, metadata: bool) -> Vec<u8> {
    let mut file = b"II*\0\0\0\0\0".to_vec();
    let mut pointer_at = 4;
    for page in pages {
        let strip_at = file.len() as u32;
        file.extend(page.as_raw());
        let mut entries: Vec<(u16, u16, Vec<u8>)> = vec![
            (256, 4, page.width().to_le_bytes().into()),
            (257, 4, page.height().to_le_bytes().into()),
            (258, 3, [8, 0, 8, 0, 8, 0].into()),
            (259, 3, [1, 0].into()),
            (262, 3, [2, 0].into()),
            (273, 4, strip_at.to_le_bytes().into()),
            (274, 3, orientation.to_le_bytes().into()),
            (277, 3, [3, 0].into()),
            (278, 4, page.height().to_le_bytes().into()),
            (279, 4, (page.as_raw().len() as u32).to_le_bytes().into()),
        ];
        if metadata {
            let exif_at = file.len() as u32;
            file.extend(exif(orientation));
            entries.push((270, 2, b"secret comment\0".into()));
            entries.push((271, 2, b"Camera Serial 12345\0".into()));
            entries.push((315, 2, b"Jane Q. Owner\0".into()));
            entries.push((700, 1, XMP.into()));
            entries.push((33_723, 7, b"Jane Q. Owner".into()));
            entries.push((34_665, 4, (exif_at + 8).to_le_bytes().into()));
            entries.push((34_853, 4, (exif_at + 8).to_le_bytes().into()));
        }
        entries.sort_by_key(|(tag, ..)| *tag);
        let directory_at = file.len() as u32;
        file[pointer_at..pointer_at + 4].copy_from_slice(&directory_at.to_le_bytes());
        let mut data_at = directory_at + 2 + 12 * entries.len() as u32 + 4;
        let mut data = Vec::new();
        file.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, values) in entries {
            let size = match kind {
                3 => 2,
                4 => 4,
                _ => 1,
            };
            file.extend(tag.to_le_bytes());
            file.extend(kind.to_le_bytes());
            file.extend((values.len() as u32 / size).to_le_bytes());
            if values.len() <= 4 {
                file.extend(&values);
                file.extend(vec![0; 4 - values.len()]);
            } else {
                file.extend(data_at.to_le_bytes());
                data_at += values.len() as u32;
                data.extend(values);
            }
        }
        pointer_at = file.len();
        file.extend([0; 4]);
        file.extend(data);
    }
    if metadata {
        file.extend(b"secret comment");
    }
    file
}
