//! From a stripped file to pixels, within limits that are checked before memory is taken.

use image::{ColorType, DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};
use std::io::Cursor;

use super::{Format, Refused, Stripped, profile};
use crate::files::limits::{DECODE_BYTES_MAX, IMAGE_PIXELS_MAX, IMAGE_SIDE_MAX, PREVIEW_PROFILE_BYTES_MAX};

/// The pixels of the first frame, as they lie in the file: 8 bits of red, green, blue, and of
/// alpha where there is any.
pub(super) struct Pixels {
    pub(super) image: DynamicImage,
    /// What their colours mean, if it is said and short.
    pub(super) profile: Option<Vec<u8>>,
}

pub(super) fn decode(format: Format, stripped: &Stripped) -> Result<Pixels, Refused> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(IMAGE_SIDE_MAX);
    limits.max_image_height = Some(IMAGE_SIDE_MAX);
    // The decoders that count leave room for the result of those that do not.
    limits.max_alloc = Some(DECODE_BYTES_MAX / 2);
    // The library takes those with an alpha channel only, where it finds them itself.
    let (format, bytes) = match stripped.png.clone() {
        Some(range) => (Format::Png, &stripped.bytes[range]),
        None => (format, stripped.bytes.as_slice()),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format.of_library());
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(refused)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 {
        return Err(Refused::Damaged);
    }
    if width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX || pixels > IMAGE_PIXELS_MAX {
        return Err(Refused::TooManyPixels);
    }
    let colours = decoder.color_type();
    let raw_bytes = decoder.total_bytes();
    let scratch_bytes = match format {
        // Decoded on the side, with four channels where three come out.
        Format::Tiff => raw_bytes / 3 * 4 + 4,
        _ => stripped.scratch_bytes,
    };
    // Another depth is a second picture while it is converted.
    let converted_bytes = match colours {
        ColorType::Rgb8 | ColorType::Rgba8 => 0,
        colours => pixels * if colours.has_alpha() { 4 } else { 3 },
    };
    if raw_bytes.saturating_add(scratch_bytes.max(converted_bytes)) > DECODE_BYTES_MAX {
        return Err(Refused::TooMuchWork);
    }
    let profile = match format {
        Format::Png | Format::Jpeg | Format::WebP => decoder.icc_profile().ok().flatten(),
        _ => None,
    };
    // That of a JPEG for printing is not that of the colours that were made of it.
    let speaks = |icc: &Vec<u8>| icc.len() <= PREVIEW_PROFILE_BYTES_MAX && profile::is_rgb(icc) && colours.has_color();
    let profile = profile.filter(speaks);
    let decoded = DynamicImage::from_decoder(decoder).map_err(refused)?;
    let image = if colours.has_alpha() {
        DynamicImage::ImageRgba8(decoded.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(decoded.into_rgb8())
    };
    Ok(Pixels { image, profile })
}

fn refused(error: ImageError) -> Refused {
    match error {
        ImageError::Limits(error) => match error.kind() {
            image::error::LimitErrorKind::DimensionError => Refused::TooManyPixels,
            _ => Refused::TooMuchWork,
        },
        ImageError::Unsupported(_) => Refused::Unsupported,
        _ => Refused::Damaged,
    }
}
