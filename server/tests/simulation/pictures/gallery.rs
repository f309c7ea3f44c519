//! The images that people have, and what is to be seen of them.

use bytes::Bytes;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use rill_server::files::image::{avatar, emoji};
use std::{io::Cursor, sync::OnceLock};

/// How many there are. Small ones: what is made of them is as small.
pub(super) const IMAGES: u8 = 4;

/// One of them.
pub(super) struct Image {
    pub(super) file: Bytes,
    avatar: [Vec<u8>; 2],
    emoji: Vec<u8>,
}

/// All of them.
fn images() -> &'static [Image] {
    static MADE: OnceLock<Vec<Image>> = OnceLock::new();
    MADE.get_or_init(|| (0..IMAGES).map(made).collect())
}

pub(super) fn image(number: u8) -> &'static Image {
    &images()[usize::from(number)]
}

fn made(number: u8) -> Image {
    let pixels = RgbImage::from_pixel(3, 2, Rgb([60 * number, 255 - 60 * number, 9]));
    let mut file = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(pixels).write_to(&mut file, ImageFormat::Png).expect("it is written");
    let file = file.into_inner();
    let (of_avatar, of_emoji) = (avatar(&file).expect("an image"), emoji(&file).expect("an image"));
    Image { avatar: [of_avatar.large.bytes, of_avatar.small.bytes], emoji: of_emoji.picture.bytes, file: file.into() }
}

impl Image {
    /// What is seen where it stands for somebody.
    pub(super) fn as_avatar(&self, is_small: bool) -> &[u8] {
        &self.avatar[usize::from(is_small)]
    }

    /// What is seen in a text.
    pub(super) fn as_emoji(&self) -> &[u8] {
        &self.emoji
    }
}
