//! Where the fuzzer begins: the golden vectors, in the form that each target reads.

use serde_json::Value;

/// One input of one target.
#[derive(Clone, Debug)]
pub struct Seed {
    pub target: &'static str,
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The names of all targets.
pub const TARGETS: &[&str] = &[
    "capsules",
    "file_facts",
    "frames",
    "image_strip",
    "messages",
    "mux_bytes",
    "mux_operations",
    "session_operations",
    "stream_headers",
    "texts",
    "upload_operations",
];

/// All seeds of all targets.
pub fn all() -> Vec<Seed> {
    let messages = vectors(include_str!("../../protocol/vectors/messages.json"));
    let refused = vectors(include_str!("../../protocol/vectors/refused.json"));
    let frames = vectors(include_str!("../../protocol/vectors/frames.json"));
    let varints = vectors(include_str!("../../protocol/vectors/varints.json"));
    let mux = vectors(include_str!("../../protocol/vectors/mux_refused.json"));
    let mut seeds = Vec::new();
    let mut add = |target, bytes| seeds.push(Seed { target, name: format!("{target}-{:03}", seeds.len()), bytes });
    for vector in messages.iter().chain(&refused) {
        let kind = vector["kind"].as_u64().and_then(|kind| u8::try_from(kind).ok()).expect("kinds are below 256");
        add("messages", [&[kind], hex(&vector["body_hex"]).as_slice()].concat());
    }
    for vector in messages.iter().map(|vector| &vector["frame_hex"]).chain(frames.iter().map(|vector| &vector["hex"])) {
        add("frames", [&[7], hex(vector).as_slice()].concat());
    }
    for vector in &varints {
        add("texts", hex(&vector["hex"]));
    }
    for text in messages.iter().filter_map(|vector| vector["value"]["room"].as_str()) {
        add("texts", text.into());
    }
    for text in messages.iter().filter_map(|vector| vector["value"]["ticket"].as_str()) {
        add("texts", text.into());
    }
    for vector in mux.iter().filter(|vector| vector["role"] == "server") {
        let messages = vector["messages"].as_array().expect("a list of messages");
        // Those that are not spelled out are longer than a length of one byte can say.
        let short = messages.iter().filter(|message| message["hex"].is_string()).map(|message| hex(&message["hex"]));
        add("mux_bytes", short.flat_map(|message| [vec![message.len() as u8], message].concat()).collect());
    }
    for first in 0..8 {
        add("mux_operations", noise(first, 200 << (first % 4)));
    }
    for first in 0..8 {
        add("session_operations", noise(first, 100 << (first % 4)));
    }
    for first in 0..16 {
        add("upload_operations", noise(first, 150 << (first % 4)));
    }
    for bytes in images() {
        add("image_strip", bytes);
    }
    for bytes in facts() {
        add("file_facts", bytes);
    }
    // A close with code and reason, behind a reserved and an unknown capsule; cut ones, and
    // such that claim too much.
    for bytes in [
        &b"\x03\x17\x03abc\x40\x40\x00\x68\x43\x08\x00\x00\x00\x02late"[..],
        b"\x01\x68\x43\x05\x00\x00\x00\x02\xFF",
        b"\x05\x68\x43\xBF\xFF\xFF\xFF",
        b"\x02\x17\xBF\xFF\xFF\xFF",
    ] {
        add("capsules", bytes.to_vec());
    }
    // The session's own, another's, a request, and forms that are longer than they need.
    for bytes in [
        &b"\x40\x41\x00rest"[..],
        b"\x40\x41\x41\x90",
        b"\x01\x02\x00\x00",
        b"\x80\x00\x00\x41\xC0\x00\x00\x00\x00\x00\x00\x04",
        b"\x40",
    ] {
        add("stream_headers", bytes.to_vec());
    }
    seeds
}

/// A small picture in every format, and with what strippers look at.
fn images() -> Vec<Vec<u8>> {
    let picture = image::DynamicImage::ImageRgba8(image::RgbaImage::from_fn(7, 5, |x, y| {
        image::Rgba([x as u8 * 30, y as u8 * 40, 90, if x == y { 0 } else { 255 }])
    }));
    let encoded = |format, picture: &image::DynamicImage| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("a small picture can be written");
        bytes.into_inner()
    };
    use image::ImageFormat::{Bmp, Gif, Ico, Jpeg, Png, Tiff, WebP};
    let mut files: Vec<_> = [Bmp, Gif, Ico, Png, Tiff, WebP].map(|format| encoded(format, &picture)).into();
    let jpeg = encoded(Jpeg, &picture.to_rgb8().into());
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let segments =
        [&[0xFF, 0xE1, 0, 34][..], exif, b"\xff\xfe\0\x09comment\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\x01"].concat();
    files.push([&jpeg[..2], &segments, &jpeg[2..]].concat());
    files.push(jpeg);
    // GIF and WebP that move, twice the same frame.
    let gif = files[1].clone();
    let frames = gif.iter().position(|byte| *byte == 0x21).unwrap_or(gif.len() - 1);
    let repeated =
        [&b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0\x21\xfe\x02hi\0"[..], &gif[frames..gif.len() - 1], &gif[frames..]]
            .concat();
    files.push([&gif[..frames], &repeated].concat());
    let pixels = &files[5][12..];
    let head = b"VP8X\x0a\0\0\0\x1e\0\0\0\x06\0\0\x04\0\0ANIM\x06\0\0\0\0\0\0\0\0\0";
    let place = b"\0\0\0\0\0\0\x06\0\0\x04\0\0\x64\0\0\0";
    let frame = [b"ANMF", &(pixels.len() as u32 + 16).to_le_bytes()[..], place, pixels].concat();
    let exif = [b"EXIF", &26_u32.to_le_bytes()[..], &exif[6..32]].concat();
    let body = [&b"WEBP"[..], head, &frame, &frame, &exif, b"XMP \x02\0\0\0hi"].concat();
    files.push([b"RIFF", &(body.len() as u32).to_le_bytes()[..], &body].concat());
    files
}

/// Of a plain file, one that is played, a stripped one and an image.
fn facts() -> Vec<Vec<u8>> {
    let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    let head = |media_type: &str, flags: u8| [&[1][..], &text(media_type), &7_777_u64.to_le_bytes(), &[flags]].concat();
    let image = [
        &head("image/gif", 15)[..],
        &[64, 1, 0, 0, 200, 0, 0, 0],
        &text("LEHV6nWB2yk8pyo0adR*.7kCMdnj"),
        &[1, 99, 0, 0, 0, 0, 0, 0, 0],
        &[0, 99, 1, 0, 0, 0, 0, 0, 0],
    ];
    vec![
        head("text/plain; charset=utf-8", 0),
        head("video/mp4", 0),
        head("application/octet-stream", 1),
        image.concat(),
    ]
}

fn vectors(text: &str) -> Vec<Value> {
    serde_json::from_str(text).expect("the vectors are JSON")
}

fn hex(text: &Value) -> Vec<u8> {
    let digits = text.as_str().expect("hexadecimal digits");
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// Operations have no text form: any bytes are some sequence of them.
fn noise(first: u64, length: usize) -> Vec<u8> {
    let mut state = first.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = || {
        state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}
