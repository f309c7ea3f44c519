//! Images as people and attackers send them, through the door that uploads come by. Every file is
//! made here: encoded by the library, or put together byte by byte.

mod animation;
mod bombs;
mod damage;
mod endless;
mod formats;
mod hostile_tiff;
mod making;
mod measured;
mod metadata;
mod orientation;
mod polyglots;
mod properties;
mod render;
mod small;

use rill_server::files::image::{Format, Image, Looked, Plain, Refused, look};

fn looked(file: &[u8]) -> Looked {
    look(file, file.len() as u64).expect("memory can be read")
}

/// The image that a file is.
#[track_caller]
fn image(file: &[u8]) -> Image {
    match looked(file) {
        Looked::Image(image) => image,
        Looked::Plain(plain) => panic!("no image: {:?}", plain.refused),
    }
}

/// The plain file that a file is.
#[track_caller]
fn plain(file: &[u8]) -> Plain {
    match looked(file) {
        Looked::Image(image) => panic!("an image: {:?}, {} x {}", image.format, image.width, image.height),
        Looked::Plain(plain) => plain,
    }
}

#[track_caller]
fn refused(file: &[u8]) -> (Format, Refused) {
    plain(file).refused.expect("it begins as an image")
}

/// Everything that others get of an image.
fn given(image: &Image) -> Vec<&[u8]> {
    [&image.bytes, &image.small.bytes]
        .into_iter()
        .chain(image.large.as_ref().map(|large| &large.bytes))
        .map(Vec::as_slice)
        .collect()
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}
