//! GIF (89a specification): a screen, then blocks of which extensions are the most. Kept of
//! those are how a frame is shown, and how often all of them.

use image::metadata::Orientation;

use super::{Stripped, take, take_array};
use crate::files::{image::Refused, limits::IMAGE_FRAMES_MAX};

pub(super) fn strip(file: &[u8]) -> Result<Stripped, Refused> {
    let mut rest = file;
    let mut bytes = Vec::with_capacity(file.len());
    bytes.extend(take(&mut rest, 6)?);
    let screen: [u8; 7] = take_array(&mut rest)?;
    bytes.extend(screen);
    bytes.extend(take(&mut rest, palette_bytes(screen[4]))?);
    let (mut frames, mut repeats, mut scratch_bytes) = (0, false, 0);
    let mut control = None;
    // What ends too early ends with its last whole frame.
    while let Ok([kind]) = take_array(&mut rest) {
        match kind {
            0x21 => {
                let Ok([label]) = take_array(&mut rest) else { break };
                let Ok(blocks) = sub_blocks(&mut rest) else { break };
                match label {
                    // How the next frame is shown: one block of four bytes.
                    0xF9 => control = blocks.strip_prefix(&[4]).and_then(|block| block.first_chunk::<4>().copied()),
                    0xFF if !repeats => {
                        if let Some(times) = repetition(blocks) {
                            repeats = true;
                            bytes.extend(b"\x21\xff\x0bNETSCAPE2.0\x03\x01");
                            bytes.extend(times);
                            bytes.push(0);
                        }
                    }
                    // Text that is drawn takes the control with it; comments and others do not.
                    0x01 => control = None,
                    _ => {}
                }
            }
            0x2C => {
                let Some((descriptor, frame)) = image(&mut rest) else { break };
                if frames == 0 {
                    let [_, _, _, _, w0, w1, h0, h1, _] = descriptor;
                    scratch_bytes =
                        4 * u64::from(u16::from_le_bytes([w0, w1])) * u64::from(u16::from_le_bytes([h0, h1]));
                }
                if let Some(control) = control.take() {
                    bytes.extend([0x21, 0xF9, 4]);
                    bytes.extend(control);
                    bytes.push(0);
                }
                bytes.push(0x2C);
                bytes.extend(frame);
                frames += 1;
            }
            // The end, and anything that is no block.
            _ => break,
        }
    }
    if frames == 0 {
        return Err(Refused::Damaged);
    }
    bytes.push(0x3B);
    let mut stripped = Stripped { frames, scratch_bytes, ..Stripped::still(bytes, Orientation::NoTransforms) };
    stripped.too_much_if(frames > IMAGE_FRAMES_MAX, Refused::TooManyFrames);
    Ok(stripped)
}

const fn palette_bytes(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// A frame's descriptor; and all of the frame, with its palette and its codes.
fn image<'a>(rest: &mut &'a [u8]) -> Option<([u8; 9], &'a [u8])> {
    let start = *rest;
    let descriptor: [u8; 9] = take_array(rest).ok()?;
    take(rest, palette_bytes(descriptor[8])).ok()?;
    let _code_bits: [u8; 1] = take_array(rest).ok()?;
    sub_blocks(rest).ok()?;
    Some((descriptor, &start[..start.len() - rest.len()]))
}

/// Blocks behind their lengths, up to one of none.
fn sub_blocks<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Refused> {
    let start = *rest;
    loop {
        let [length] = take_array(rest)?;
        if length == 0 {
            return Ok(&start[..start.len() - rest.len()]);
        }
        take(rest, length.into())?;
    }
}

/// How often all frames are shown, of the extension that everybody understands.
fn repetition(blocks: &[u8]) -> Option<[u8; 2]> {
    let times =
        blocks.strip_prefix(b"\x0bNETSCAPE2.0\x03\x01").or_else(|| blocks.strip_prefix(b"\x0bANIMEXTS1.0\x03\x01"))?;
    times.first_chunk().copied()
}
