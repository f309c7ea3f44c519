//! Files of millions of parts, or of parts that are read again and again. Walking over them
//! takes as long as the file is, and not as long as its square.

use super::{Refused, looked, making, measured};
use rill_server::files::{
    image::{Format, Looked},
    limits::JPEG_SCANS_MAX,
};
use std::time::Duration;

/// Of the processor, unoptimised.
const TIME_MAX: Duration = Duration::from_secs(20);

#[track_caller]
fn check(name: &str, file: &[u8]) -> Looked {
    let (looked, time) = measured::timed(|| looked(file));
    println!("{name}: {} KiB of file, {time:?}", file.len() / 1024);
    assert!(time <= TIME_MAX, "{name} took {time:?}");
    looked
}

/// Each of a kind that nobody knows, and no two of one.
#[test]
fn a_png_of_as_many_kinds_of_parts_as_there_are() {
    let png = making::encoded(making::picture(60, 40), Format::Png);
    let letters = || b'a'..=b'z';
    let kinds = letters()
        .flat_map(|a| letters().flat_map(move |b| letters().flat_map(move |c| letters().map(move |d| [a, b, c, d]))));
    let mut parts = Vec::new();
    for kind in kinds.filter(|kind| kind != b"fdat") {
        parts.extend([&[0; 4][..], &kind, &[0; 4]].concat());
    }
    let file = [&png[..33], &parts, &png[33..]].concat();
    assert!(matches!(check("png of 456,975 kinds", &file), Looked::Image(_)));
}

#[test]
fn a_jpeg_of_a_million_parts_of_a_profile() {
    let jpeg = making::encoded(making::picture(60, 40), Format::Jpeg);
    for (name, part) in [("empty", &b""[..]), ("short", b"x")] {
        let segment =
            [&[0xFF, 0xE2][..], &(16 + part.len() as u16).to_be_bytes(), b"ICC_PROFILE\0\x01\x01", part].concat();
        let file = [&jpeg[..2], &segment.repeat(1_000_000), &jpeg[2..]].concat();
        assert!(matches!(check(&format!("jpeg of {name} parts"), &file), Looked::Image(_)));
    }
}

/// Its pictures lie over each other, and none of them is one.
#[test]
fn an_icon_whose_entries_are_all_one() {
    let png = making::encoded(making::picture(8, 8), Format::Png);
    let bitmap = [&png[..33], &[&[0; 4][..], b"IDAT", &[0; 4]].concat().repeat(1_000_000)].concat();
    let mut file = [0, 0, 1, 0, 64, 0].to_vec();
    for _ in 0..64 {
        file.extend([0, 0, 0, 0, 1, 0, 32, 0]);
        // Without its header's end it is damaged.
        file.extend((bitmap.len() as u32 - 5).to_le_bytes());
        file.extend((6_u32 + 64 * 16 + 5).to_le_bytes());
    }
    file.extend(b"\x89PNG\r");
    file.extend(b"\x89PNG\r\n\x1a\n");
    file.extend(&bitmap[8..]);
    check("icon of one picture, 64 times", &file);
}

/// A baseline picture is passed over as often as it has scans, too.
#[test]
fn a_baseline_jpeg_of_many_scans() {
    let jpeg = making::encoded(making::picture(64, 64), Format::Jpeg);
    let frame = jpeg.windows(4).position(|window| window == [0xFF, 0xC0, 0, 17]).unwrap();
    let scan = jpeg.windows(2).position(|window| window == [0xFF, 0xDA]).unwrap();
    let (head, scan) = (&jpeg[..scan], &jpeg[scan..jpeg.len() - 2]);
    let many = [head, &scan.repeat(JPEG_SCANS_MAX as usize + 1), &[0xFF, 0xD9]].concat();
    let mut wide = [head, &scan.repeat(40), &[0xFF, 0xD9]].concat();
    wide[frame + 5..frame + 9].copy_from_slice(&[0x1B, 0x58, 0x1B, 0x58]);
    for (name, file) in [("scans", many), ("scanned pixels", wide)] {
        let Looked::Plain(plain) = check(&format!("baseline jpeg of too many {name}"), &file) else {
            panic!("{name}: an image")
        };
        assert_eq!(plain.refused, Some((Format::Jpeg, Refused::TooMuchWork)), "{name}");
    }
}
