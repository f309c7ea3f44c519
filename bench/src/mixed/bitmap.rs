//! Pictures that nobody has sent before: a bitmap of noise, which is an image that needs no encoder.

use crate::dice::Dice;

const HEADERS_BYTES: u32 = 54;
const INFO_BYTES: u32 = 40;
const BITS_PER_PIXEL: u16 = 24;

/// A BMP (the file header and BITMAPINFOHEADER of Windows) of `edge` by `edge` pixels; `edge` is a multiple of 4,
/// so that rows need no filling.
pub(crate) fn noise(edge: u32, dice: &mut Dice) -> Vec<u8> {
    let pixels = edge * edge * u32::from(BITS_PER_PIXEL / 8);
    let mut file = Vec::with_capacity((HEADERS_BYTES + pixels) as usize);
    file.extend(b"BM");
    let length = HEADERS_BYTES + pixels;
    for field in [length, 0, HEADERS_BYTES, INFO_BYTES, edge, edge] {
        file.extend(field.to_le_bytes());
    }
    for field in [1, BITS_PER_PIXEL] {
        file.extend(field.to_le_bytes());
    }
    for field in [0, pixels, 0, 0, 0, 0] {
        file.extend(field.to_le_bytes());
    }
    file.extend(dice.bytes(pixels as usize));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_headers_say_how_long_it_is() {
        let file = noise(8, &mut Dice::new(1, "picture"));
        let field = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        assert_eq!((&file[..2], field(2) as usize, field(10), field(18)), (&b"BM"[..], file.len(), 54, 8));
        assert_ne!(file, noise(8, &mut Dice::new(2, "picture")));
    }
}
