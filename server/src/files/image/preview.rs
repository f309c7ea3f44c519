//! Previews of a picture: upright, small, and as its colours were meant.

use image::{
    DynamicImage, ImageEncoder, RgbImage, RgbaImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
    imageops::FilterType,
    metadata::Orientation,
};

use super::{Format, Preview, Refused};
use crate::files::limits::{PREVIEW_PNG_BYTES_MAX, PREVIEW_QUALITY};

/// Multiplies colours by how much of them is seen, so that those of clear pixels do not bleed
/// into what is made smaller.
pub(super) fn premultiply(image: &mut DynamicImage) {
    let DynamicImage::ImageRgba8(image) = image else { return };
    for pixel in image.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        if alpha < 255 {
            let times = |colour: u8| ((u16::from(colour) * u16::from(alpha) + 127) / 255) as u8;
            pixel.0 = [times(red), times(green), times(blue), alpha];
        }
    }
}

fn unmultiply(image: &mut RgbaImage) {
    for pixel in image.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        if (1..255).contains(&alpha) {
            let over =
                |colour: u8| ((u16::from(colour) * 255 + u16::from(alpha) / 2) / u16::from(alpha)).min(255) as u8;
            pixel.0 = [over(red), over(green), over(blue), alpha];
        }
    }
}

/// Onto white, what was multiplied.
pub(super) fn flat(image: &DynamicImage) -> RgbImage {
    let DynamicImage::ImageRgba8(image) = image else { return image.to_rgb8() };
    let (width, height) = image.dimensions();
    RgbImage::from_fn(width, height, |x, y| {
        let [red, green, blue, alpha] = image.get_pixel(x, y).0;
        image::Rgb([red, green, blue].map(|colour| colour.saturating_add(255 - alpha)))
    })
}

/// The picture with its longer side at most `side`; never a larger one. First coarsely, so
/// that the fine filter has little to hold.
pub(super) fn shrunk(image: &DynamicImage, side: u32) -> DynamicImage {
    let (width, height) = (image.width(), image.height());
    let longer = width.max(height);
    if longer <= side {
        return image.clone();
    }
    let scaled = |length: u32, to: u32| (u64::from(length) * u64::from(to)).div_ceil(longer.into()).max(1) as u32;
    let coarse = (longer > 2 * side).then(|| image.thumbnail_exact(scaled(width, 2 * side), scaled(height, 2 * side)));
    coarse.as_ref().unwrap_or(image).resize_exact(scaled(width, side), scaled(height, side), FilterType::CatmullRom)
}

/// Turns and writes what was multiplied and shrunk. What is transparent stays so while that is
/// short; the rest is a JPEG.
pub(super) fn written(
    mut image: DynamicImage,
    orientation: Orientation,
    profile: Option<&Vec<u8>>,
) -> Result<Preview, Refused> {
    image.apply_orientation(orientation);
    let (width, height) = (image.width(), image.height());
    if let DynamicImage::ImageRgba8(image) = &image
        && image.pixels().any(|pixel| pixel.0[3] < 255)
    {
        let mut image = image.clone();
        unmultiply(&mut image);
        let bytes = png(&image.into(), profile)?;
        if bytes.len() <= PREVIEW_PNG_BYTES_MAX {
            return Ok(Preview { format: Format::Png, width, height, bytes });
        }
    }
    let bytes = jpeg(&flat(&image).into(), PREVIEW_QUALITY, profile)?;
    Ok(Preview { format: Format::Jpeg, width, height, bytes })
}

/// Opaque pixels as JPEG.
pub(super) fn jpeg(image: &DynamicImage, quality: u8, profile: Option<&Vec<u8>>) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    encoded(JpegEncoder::new_with_quality(&mut bytes, quality), image, profile)?;
    Ok(bytes)
}

/// Pixels as PNG.
pub(super) fn png(image: &DynamicImage, profile: Option<&Vec<u8>>) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    encoded(PngEncoder::new(&mut bytes), image, profile)?;
    Ok(bytes)
}

fn encoded(mut encoder: impl ImageEncoder, image: &DynamicImage, profile: Option<&Vec<u8>>) -> Result<(), Refused> {
    if let Some(profile) = profile {
        encoder.set_icc_profile(profile.clone()).map_err(|_| Refused::Damaged)?;
    }
    let colours = image.color().into();
    encoder.write_image(image.as_bytes(), image.width(), image.height(), colours).map_err(|_| Refused::Damaged)
}
