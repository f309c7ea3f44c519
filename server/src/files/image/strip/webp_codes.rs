//! What the codes of a lossless WebP take (RFC 9649, sections 4 to 6). A stream of some megabytes
//! can ask for 65,536 groups of five codes, and a decoder makes tables of all of them before
//! it looks at a pixel. So the stream is read up to there: the small pictures that come
//! first are decoded, because one of them says how many groups there are; then the codes are
//! counted.

use crate::files::{image::Refused, limits::DECODE_BYTES_MAX};

/// Symbols of green and lengths, red, blue, alpha, distances.
const ALPHABETS: [usize; 5] = [256 + 24, 256, 256, 256, 40];
const LENGTH_ORDER: [usize; 19] = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// Longer codes take two nodes of 16 bytes each beside the decoder's table of entries of 4.
const TABLE_BITS: usize = 10;
/// What a code takes besides.
const CODE_BYTES: u64 = 64;

/// Bytes of the tables that decoding a picture of this size takes. `stream` begins behind the
/// header, with the transforms.
pub(super) fn table_bytes(stream: &[u8], width: u32, height: u32) -> Result<u64, Refused> {
    let bits = &mut Bits { bytes: stream, at: 0 };
    let (mut width, mut seen) = (width, [false; 4]);
    while bits.read(1)? == 1 {
        let transform = bits.read(2)? as usize;
        if std::mem::replace(&mut seen[transform], true) {
            return Err(Refused::Damaged);
        }
        match transform {
            0 | 1 => {
                let block = bits.read(3)? + 2;
                picture(bits, parts(width, block), parts(height, block))?;
            }
            3 => {
                let colours = bits.read(8)? + 1;
                picture(bits, colours, 1)?;
                let packed = match colours {
                    1..=2 => 3,
                    3..=4 => 2,
                    5..=16 => 1,
                    _ => 0,
                };
                width = parts(width, packed);
            }
            _ => {}
        }
    }
    let cache_bits = cache(bits)?;
    let mut groups = 1;
    if bits.read(1)? == 1 {
        let block = bits.read(3)? + 2;
        let named = picture(bits, parts(width, block), parts(height, block))?;
        groups = named.iter().map(|argb| argb >> 8 & 0xFFFF).max().unwrap_or(0) + 1;
    }
    let mut bytes = 0;
    for _ in 0..groups {
        for code in codes(bits, cache_bits)? {
            bytes += CODE_BYTES + code.table_bytes();
        }
        if bytes > DECODE_BYTES_MAX {
            break;
        }
    }
    Ok(bytes)
}

const fn parts(side: u32, bits: u32) -> u32 {
    (side + (1 << bits) - 1) >> bits
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// At most 24 bits, the least first.
    fn read(&mut self, count: u32) -> Result<u32, Refused> {
        let first = self.at / 8;
        let mut word = [0; 4];
        let there = self.bytes.len().saturating_sub(first).min(4);
        if self.at + count as usize > 8 * self.bytes.len() {
            return Err(Refused::Damaged);
        }
        word[..there].copy_from_slice(&self.bytes[first..first + there]);
        let number = u32::from_le_bytes(word) >> (self.at % 8) & ((1 << count) - 1);
        self.at += count as usize;
        Ok(number)
    }
}

/// A prefix code: how many symbols have each length, and the symbols in that order.
struct Code {
    counts: [usize; 16],
    symbols: Vec<u16>,
}

impl Code {
    fn of(lengths: &[u8]) -> Result<Self, Refused> {
        let mut counts = [0; 16];
        lengths.iter().for_each(|length| counts[usize::from(*length)] += 1);
        counts[0] = 0;
        let mut symbols: Vec<u16> =
            (0..lengths.len() as u16).filter(|symbol| lengths[usize::from(*symbol)] > 0).collect();
        symbols.sort_by_key(|symbol| lengths[usize::from(*symbol)]);
        let used: usize = counts.iter().enumerate().skip(1).map(|(length, count)| count << (15 - length)).sum();
        // One symbol needs no bits; else every sequence of bits has to be one.
        if symbols.is_empty() || symbols.len() > 1 && used != 1 << 15 {
            return Err(Refused::Damaged);
        }
        Ok(Self { counts, symbols })
    }

    fn symbol(&self, bits: &mut Bits<'_>) -> Result<u32, Refused> {
        if let [only] = self.symbols[..] {
            return Ok(only.into());
        }
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code |= bits.read(1)? as usize;
            if code < first + count {
                return Ok(self.symbols[index + code - first].into());
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err(Refused::Damaged)
    }

    fn table_bytes(&self) -> u64 {
        let longest = self.counts.iter().rposition(|count| *count > 0).unwrap_or(0);
        let long: usize = self.counts[TABLE_BITS + 1..].iter().sum();
        if self.symbols.len() < 2 { 0 } else { (4 << longest.min(TABLE_BITS)) + 2 * 16 * long as u64 }
    }
}

/// How many bits name an entry of the cache of colours.
fn cache(bits: &mut Bits<'_>) -> Result<Option<u32>, Refused> {
    if bits.read(1)? == 0 {
        return Ok(None);
    }
    let cache_bits = bits.read(4)?;
    if (1..=11).contains(&cache_bits) { Ok(Some(cache_bits)) } else { Err(Refused::Damaged) }
}

fn codes(bits: &mut Bits<'_>, cache_bits: Option<u32>) -> Result<[Code; 5], Refused> {
    let cached = cache_bits.map_or(0, |bits| 1 << bits);
    let mut read = |index: usize| code(bits, ALPHABETS[index] + if index == 0 { cached } else { 0 });
    Ok([read(0)?, read(1)?, read(2)?, read(3)?, read(4)?])
}

fn code(bits: &mut Bits<'_>, alphabet: usize) -> Result<Code, Refused> {
    if bits.read(1)? == 1 {
        let two = bits.read(1)? == 1;
        let width = 1 + 7 * bits.read(1)?;
        let mut symbols = vec![bits.read(width)? as u16];
        if two {
            symbols.push(bits.read(8)? as u16);
        }
        if symbols.iter().any(|symbol| usize::from(*symbol) >= alphabet) {
            return Err(Refused::Damaged);
        }
        let mut counts = [0; 16];
        counts[1] = symbols.len();
        return Ok(Code { counts, symbols });
    }
    let mut lengths = [0; 19];
    for place in &LENGTH_ORDER[..4 + bits.read(4)? as usize] {
        lengths[*place] = bits.read(3)? as u8;
    }
    let length_code = Code::of(&lengths)?;
    let mut told = if bits.read(1)? == 1 {
        let width = 2 + 2 * bits.read(3)?;
        2 + bits.read(width)? as usize
    } else {
        alphabet
    };
    if told > alphabet {
        return Err(Refused::Damaged);
    }
    let (mut lengths, mut before) = (Vec::with_capacity(alphabet), 8);
    while lengths.len() < alphabet && told > 0 {
        told -= 1;
        let (length, times) = match length_code.symbol(bits)? {
            16 => (before, 3 + bits.read(2)?),
            17 => (0, 3 + bits.read(3)?),
            18 => (0, 11 + bits.read(7)?),
            length => (length as u8, 1),
        };
        if length != 0 {
            before = length;
        }
        lengths.resize(lengths.len() + times as usize, length);
    }
    if lengths.len() > alphabet {
        return Err(Refused::Damaged);
    }
    Code::of(&lengths)
}

/// One of the small pictures: pixels as alpha, red, green, blue.
fn picture(bits: &mut Bits<'_>, width: u32, height: u32) -> Result<Vec<u32>, Refused> {
    let cache_bits = cache(bits)?;
    let codes = codes(bits, cache_bits)?;
    let mut cached = vec![0_u32; cache_bits.map_or(0, |bits| 1 << bits)];
    let length = width as usize * height as usize;
    let mut pixels: Vec<u32> = Vec::with_capacity(length);
    // What is not yet in the cache.
    let mut fresh = 0;
    while pixels.len() < length {
        match codes[0].symbol(bits)? {
            green @ ..256 => {
                let (red, blue, alpha) = (codes[1].symbol(bits)?, codes[2].symbol(bits)?, codes[3].symbol(bits)?);
                pixels.push(alpha << 24 | red << 16 | green << 8 | blue);
            }
            symbol @ 256..280 => {
                let copied = extended(bits, symbol - 256)?;
                let symbol = codes[4].symbol(bits)?;
                let distance = distance(extended(bits, symbol)?, width);
                let start = pixels.len().checked_sub(distance).ok_or(Refused::Damaged)?;
                if copied > length - pixels.len() {
                    return Err(Refused::Damaged);
                }
                (start..start + copied).for_each(|at| pixels.push(pixels[at]));
            }
            symbol => {
                if cached.is_empty() {
                    return Err(Refused::Damaged);
                }
                for argb in &pixels[fresh..] {
                    // The multiplier of section 5.2.3.
                    cached[(argb.wrapping_mul(0x1E35_A7BD) >> (32 - cache_bits.unwrap_or(1))) as usize] = *argb;
                }
                fresh = pixels.len();
                pixels.push(*cached.get(symbol as usize - 280).ok_or(Refused::Damaged)?);
            }
        }
    }
    Ok(pixels)
}

/// A length or a distance: some of its bits are in the symbol, the others follow.
fn extended(bits: &mut Bits<'_>, symbol: u32) -> Result<usize, Refused> {
    if symbol < 4 {
        return Ok(symbol as usize + 1);
    }
    let count = (symbol - 2) >> 1;
    Ok((((2 + (symbol & 1)) << count) + bits.read(count)? + 1) as usize)
}

/// Short distances name a neighbour.
fn distance(code: usize, width: u32) -> usize {
    match NEIGHBOURS.get(code - 1) {
        Some((across, down)) => {
            usize::try_from(i64::from(*across) + i64::from(*down) * i64::from(width)).unwrap_or(0).max(1)
        }
        None => code - NEIGHBOURS.len(),
    }
}

/// RFC 9649, section 5.2.2: across to the left, and up.
const NEIGHBOURS: [(i8, i8); 120] = [
    (0, 1),
    (1, 0),
    (1, 1),
    (-1, 1),
    (0, 2),
    (2, 0),
    (1, 2),
    (-1, 2),
    (2, 1),
    (-2, 1),
    (2, 2),
    (-2, 2),
    (0, 3),
    (3, 0),
    (1, 3),
    (-1, 3),
    (3, 1),
    (-3, 1),
    (2, 3),
    (-2, 3),
    (3, 2),
    (-3, 2),
    (0, 4),
    (4, 0),
    (1, 4),
    (-1, 4),
    (4, 1),
    (-4, 1),
    (3, 3),
    (-3, 3),
    (2, 4),
    (-2, 4),
    (4, 2),
    (-4, 2),
    (0, 5),
    (3, 4),
    (-3, 4),
    (4, 3),
    (-4, 3),
    (5, 0),
    (1, 5),
    (-1, 5),
    (5, 1),
    (-5, 1),
    (2, 5),
    (-2, 5),
    (5, 2),
    (-5, 2),
    (4, 4),
    (-4, 4),
    (3, 5),
    (-3, 5),
    (5, 3),
    (-5, 3),
    (0, 6),
    (6, 0),
    (1, 6),
    (-1, 6),
    (6, 1),
    (-6, 1),
    (2, 6),
    (-2, 6),
    (6, 2),
    (-6, 2),
    (4, 5),
    (-4, 5),
    (5, 4),
    (-5, 4),
    (3, 6),
    (-3, 6),
    (6, 3),
    (-6, 3),
    (0, 7),
    (7, 0),
    (1, 7),
    (-1, 7),
    (5, 5),
    (-5, 5),
    (7, 1),
    (-7, 1),
    (4, 6),
    (-4, 6),
    (6, 4),
    (-6, 4),
    (2, 7),
    (-2, 7),
    (7, 2),
    (-7, 2),
    (3, 7),
    (-3, 7),
    (7, 3),
    (-7, 3),
    (5, 6),
    (-5, 6),
    (6, 5),
    (-6, 5),
    (8, 0),
    (4, 7),
    (-4, 7),
    (7, 4),
    (-7, 4),
    (8, 1),
    (8, 2),
    (6, 6),
    (-6, 6),
    (8, 3),
    (5, 7),
    (-5, 7),
    (7, 5),
    (-7, 5),
    (8, 4),
    (6, 7),
    (-6, 7),
    (7, 6),
    (-7, 6),
    (8, 5),
    (7, 7),
    (-7, 7),
    (8, 6),
    (8, 7),
];
