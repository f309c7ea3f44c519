//! Pictures that stand for people, rooms and feelings: avatars and custom emoji, made of whatever
//! image somebody has. Of it nothing stays but the pixels that are seen.
//!
//! Nothing is stored here, and nobody is asked whether they may.

use image::DynamicImage;

use super::{Format, Preview, Refused, Stripped, carefully, decode, preview, strip};
use crate::files::limits::{
    AVATAR_FILE_BYTES_MAX, AVATAR_LARGE_SIDE, AVATAR_SMALL_SIDE, EMOJI_BYTES_MAX, EMOJI_FILE_BYTES_MAX, EMOJI_SIDE,
};

/// A person or a room: square, upright, the middle of what was given; JPEG, or PNG where it is
/// transparent. Never larger than that middle was.
#[derive(Debug)]
pub struct Avatar {
    /// 256 pixels a side.
    pub large: Preview,
    /// 64.
    pub small: Preview,
}

/// A custom emoji, its longer side at most 128 pixels.
#[derive(Debug)]
pub struct Emoji {
    pub picture: Preview,
    /// Whether it moves: then it is the GIF that was given, without what does not belong to it.
    pub animated: bool,
}

/// Makes an avatar of an image. As dear as [`look`](super::look).
///
/// # Errors
/// Why it cannot be one.
pub fn avatar(file: &[u8]) -> Result<Avatar, Refused> {
    let format = known(file, AVATAR_FILE_BYTES_MAX)?;
    carefully(format, || {
        let (stripped, decode::Pixels { image, profile }) = seen(format, file)?;
        let side = image.width().min(image.height());
        let (left, top) = ((image.width() - side) / 2, (image.height() - side) / 2);
        let mut middle = image.crop_imm(left, top, side, side);
        drop(image);
        preview::premultiply(&mut middle);
        let large = preview::shrunk(&middle, AVATAR_LARGE_SIDE);
        drop(middle);
        let small = preview::shrunk(&large, AVATAR_SMALL_SIDE);
        let written = |picture: DynamicImage| preview::written(picture, stripped.orientation, profile.as_ref());
        Ok(Avatar { large: written(large)?, small: written(small)? })
    })
}

/// Makes a custom emoji of an image. A GIF that moves stays as it is if it is as small as one has
/// to be; what else moves, or is larger, is its first frame.
///
/// # Errors
/// Why it cannot be one.
pub fn emoji(file: &[u8]) -> Result<Emoji, Refused> {
    let format = known(file, EMOJI_FILE_BYTES_MAX)?;
    carefully(format, || {
        let (stripped, decode::Pixels { mut image, profile }) = seen(format, file)?;
        let (width, height) = (image.width(), image.height());
        let fits = width.max(height) <= EMOJI_SIDE && stripped.bytes.len() <= EMOJI_BYTES_MAX;
        if format == Format::Gif && stripped.frames > 1 && fits {
            let picture = Preview { format, width, height, bytes: stripped.bytes };
            return Ok(Emoji { picture, animated: true });
        }
        preview::premultiply(&mut image);
        let small = preview::shrunk(&image, EMOJI_SIDE);
        let picture = preview::written(small, stripped.orientation, profile.as_ref())?;
        if picture.bytes.len() > EMOJI_BYTES_MAX {
            return Err(Refused::TooManyBytes);
        }
        Ok(Emoji { picture, animated: false })
    })
}

fn seen(format: Format, file: &[u8]) -> Result<(Stripped, decode::Pixels), Refused> {
    let stripped = strip(format, file)?;
    if let Some(refused) = stripped.too_much {
        return Err(refused);
    }
    let pixels = decode::decode(format, &stripped)?;
    Ok((stripped, pixels))
}

fn known(file: &[u8], bytes_max: usize) -> Result<Format, Refused> {
    if file.len() > bytes_max {
        return Err(Refused::TooManyBytes);
    }
    Format::sniff(file).ok_or(Refused::NoImage)
}
