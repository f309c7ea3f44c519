//! What is known of a file that was looked at, and how a store keeps it.
//!
//! Kept are a version, then in its order: the type's text behind a byte of its length, the size
//! (u64), flags; of an image its sides (u32 each), the blur behind a byte of its length, the
//! thumbnail and, if the flags say so, the preview (a format's number and a u64 each). Numbers are little
//! endian. A version that was released stays readable.

use rill_protocol::message::FileVariant;
use rill_storage::blobs::{Blob, BlobName};

use super::Kind;
use crate::files::{
    FileName, MediaType,
    image::Format,
    limits::{BLUR_HASH_BYTES_MAX, IMAGE_BYTES_MAX, IMAGE_SIDE_MAX},
};

const VERSION: u8 = 1;
const IS_STRIPPED: u8 = 1;
const IS_IMAGE: u8 = 2;
const IS_ANIMATED: u8 = 4;
const HAS_PREVIEW: u8 = 8;

/// What others get of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// As what it is handed out: as the bytes are, whatever was declared.
    pub media_type: MediaType,
    /// The bytes of what others get.
    pub size: u64,
    /// Whether these are another blob than the one that was sent.
    pub is_stripped: bool,
    /// What is known of an image that can be shown.
    pub image: Option<ImageFacts>,
}

/// An image, as it is shown: turned upright.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFacts {
    pub width: u32,
    pub height: u32,
    pub animated: bool,
    /// A few colours in text (blurha.sh).
    pub blur_hash: String,
    /// Its longer side at most 320.
    pub thumbnail: Derived,
    /// At most 1,280; none where the thumbnail is as large.
    pub preview: Option<Derived>,
}

/// A picture that was made of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Derived {
    pub size: u64,
    pub format: Format,
}

/// A blob to be read, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    pub blob: Blob,
    pub media_type: MediaType,
}

/// Why kept facts cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FactsError {
    /// A newer server wrote them.
    #[error("the facts of a file have version {0}, and this server knows {VERSION}: run the newer server again")]
    UnknownVersion(u8),
    /// They are not what was written.
    #[error("the facts of a file are damaged: restore the store from a backup")]
    Damaged,
}

impl Facts {
    pub(super) const fn as_it_came(media_type: MediaType, size: u64) -> Self {
        Self { media_type, size, is_stripped: false, image: None }
    }

    /// What is read for a variant of the file in `blob`: the one that was sent. `None` for those
    /// that this file has not, as pictures of a plain file. An image that is no larger than its
    /// thumbnail has that for its preview.
    #[must_use]
    pub fn variant(&self, blob: Blob, variant: FileVariant) -> Option<Variant> {
        let (kind, derived) = match variant {
            FileVariant::Original => {
                let name = if self.is_stripped { Kind::Stripped.name_of(blob.name) } else { blob.name };
                return Some(Variant { blob: Blob { name, size: self.size }, media_type: self.media_type });
            }
            FileVariant::Thumbnail => (Kind::Thumbnail, self.image.as_ref()?.thumbnail),
            FileVariant::Preview => {
                let image = self.image.as_ref()?;
                image.preview.map_or((Kind::Thumbnail, image.thumbnail), |preview| (Kind::Preview, preview))
            }
            FileVariant::Other(_) => return None,
        };
        let blob = Blob { name: kind.name_of(blob.name), size: derived.size };
        Some(Variant { blob, media_type: MediaType::Image(derived.format) })
    }

    /// The blobs that were made of the blob of that name: they go when it goes.
    #[must_use]
    pub fn derived_blobs(&self, name: BlobName) -> Vec<Blob> {
        let image = self.image.as_ref();
        let made = [
            (Kind::Stripped, self.is_stripped.then_some(self.size)),
            (Kind::Thumbnail, image.map(|image| image.thumbnail.size)),
            (Kind::Preview, image.and_then(|image| image.preview).map(|preview| preview.size)),
        ];
        made.into_iter().filter_map(|(kind, size)| Some(Blob { name: kind.name_of(name), size: size? })).collect()
    }

    /// What others get the file as: of an image that became another format, or was never what its
    /// name says, with the extension that it has.
    #[must_use]
    pub fn name(&self, sent: &FileName) -> FileName {
        match self.media_type {
            MediaType::Image(format) if !sent.extension().is_some_and(|said| format.is_named(said)) => {
                sent.with_extension(format.extension())
            }
            _ => sent.clone(),
        }
    }

    /// For a store: at most [`CONTENT_FACTS_BYTES_MAX`](rill_storage::limits::CONTENT_FACTS_BYTES_MAX).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let text = self.media_type.content_type();
        let image = self.image.as_ref();
        let preview = image.and_then(|image| image.preview);
        let mut flags = 0;
        for (flag, is_set) in [
            (IS_STRIPPED, self.is_stripped),
            (IS_IMAGE, image.is_some()),
            (IS_ANIMATED, image.is_some_and(|image| image.animated)),
            (HAS_PREVIEW, preview.is_some()),
        ] {
            flags |= if is_set { flag } else { 0 };
        }
        let mut bytes = vec![VERSION];
        put_text(&mut bytes, text);
        bytes.extend(self.size.to_le_bytes());
        bytes.push(flags);
        if let Some(image) = image {
            bytes.extend(image.width.to_le_bytes());
            bytes.extend(image.height.to_le_bytes());
            put_text(&mut bytes, &image.blur_hash);
            for derived in [Some(image.thumbnail), preview].into_iter().flatten() {
                bytes.push(derived.format.number());
                bytes.extend(derived.size.to_le_bytes());
            }
        }
        bytes
    }

    /// What was kept.
    ///
    /// # Errors
    /// It is of an unknown version, or nothing that [`Self::encode`] writes.
    pub fn decode(bytes: &[u8]) -> Result<Self, FactsError> {
        let mut rest = match bytes {
            [VERSION, rest @ ..] => rest,
            [version, ..] => return Err(FactsError::UnknownVersion(*version)),
            [] => return Err(FactsError::Damaged),
        };
        let facts = read(&mut rest).filter(|facts| rest.is_empty() && facts.is_sound());
        // What has two forms was written by nobody.
        facts.filter(|facts| facts.encode() == bytes).ok_or(FactsError::Damaged)
    }

    fn is_sound(&self) -> bool {
        let is_image = matches!(self.media_type, MediaType::Image(_));
        let fits = |size| (1..=IMAGE_BYTES_MAX as u64).contains(&size);
        let image = self.image.as_ref().is_none_or(|image| {
            let sides = [image.width, image.height];
            let previews = [Some(image.thumbnail), image.preview];
            sides.iter().all(|side| (1..=IMAGE_SIDE_MAX).contains(side))
                && image.blur_hash.len() <= BLUR_HASH_BYTES_MAX
                && image.blur_hash.is_ascii()
                && previews.iter().flatten().all(|derived| fits(derived.size))
        });
        is_image == self.image.is_some() && image && (fits(self.size) || !is_image && !self.is_stripped)
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    // Types are ours, and blurs at most 28 characters.
    bytes.push(text.len() as u8);
    bytes.extend(text.as_bytes());
}

fn read(rest: &mut &[u8]) -> Option<Facts> {
    let media_type = text(rest).map(MediaType::from_content_type)?;
    let size = u64::from_le_bytes(array(rest)?);
    let [flags] = array(rest)?;
    let has = |flag| flags & flag != 0;
    let image = if has(IS_IMAGE) {
        let (width, height) = (u32::from_le_bytes(array(rest)?), u32::from_le_bytes(array(rest)?));
        let (animated, blur_hash) = (has(IS_ANIMATED), text(rest)?.to_owned());
        let thumbnail = derived(rest)?;
        let preview = if has(HAS_PREVIEW) { Some(derived(rest)?) } else { None };
        Some(ImageFacts { width, height, animated, blur_hash, thumbnail, preview })
    } else {
        None
    };
    Some(Facts { media_type, size, is_stripped: has(IS_STRIPPED), image })
}

fn derived(rest: &mut &[u8]) -> Option<Derived> {
    let [number] = array(rest)?;
    Some(Derived { format: Format::from_number(number)?, size: u64::from_le_bytes(array(rest)?) })
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let [length] = array(rest)?;
    let (text, left) = rest.split_at_checked(length.into())?;
    *rest = left;
    std::str::from_utf8(text).ok()
}

fn array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, left) = rest.split_first_chunk()?;
    *rest = left;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_storage::limits::CONTENT_FACTS_BYTES_MAX;

    fn photograph() -> Facts {
        Facts {
            media_type: MediaType::Image(Format::Jpeg),
            size: 4_000_000,
            is_stripped: true,
            image: Some(ImageFacts {
                width: 4_000,
                height: 3_000,
                animated: false,
                blur_hash: "LEHV6nWB2yk8pyo0adR*.7kCMdnj".into(),
                thumbnail: Derived { size: 12_345, format: Format::Jpeg },
                preview: Some(Derived { size: 123_456, format: Format::Png }),
            }),
        }
    }

    fn all() -> Vec<Facts> {
        let animated = |facts: &mut Facts| {
            let image = facts.image.as_mut().unwrap();
            (image.animated, image.preview) = (true, None);
        };
        let mut moving = photograph();
        (moving.media_type, moving.is_stripped) = (MediaType::Image(Format::Gif), false);
        animated(&mut moving);
        vec![
            photograph(),
            moving,
            Facts::as_it_came(MediaType::Unknown, 0),
            Facts::as_it_came(MediaType::Text, 1 << 52),
            Facts::as_it_came(MediaType::from_content_type("video/quicktime"), 1_000),
            Facts { is_stripped: true, ..Facts::as_it_came(MediaType::Unknown, 7) },
        ]
    }

    /// Stores hold them: this form stays readable.
    #[test]
    fn the_first_version() {
        let expected = "010a696d6167652f6a70656700093d00000000000ba00f0000b80b00001c4c454856366e5742\
            32796b3870796f306164522a2e376b434d646e6a01393000000000000000\
            40e2010000000000";
        let bytes: String = photograph().encode().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(bytes, expected.replace([' ', '\n'], ""));
    }

    #[test]
    fn what_was_written_is_read() {
        for facts in all() {
            let bytes = facts.encode();
            assert!(bytes.len() <= CONTENT_FACTS_BYTES_MAX);
            assert_eq!(Facts::decode(&bytes), Ok(facts));
        }
    }

    #[test]
    fn nothing_else_is() {
        assert_eq!(Facts::decode(&[]), Err(FactsError::Damaged));
        assert_eq!(Facts::decode(&[2, 0, 0]), Err(FactsError::UnknownVersion(2)));
        assert!(FactsError::UnknownVersion(2).to_string().contains("version 2"));
        for facts in all() {
            let bytes = facts.encode();
            for length in 1..bytes.len() {
                assert_eq!(Facts::decode(&bytes[..length]), Err(FactsError::Damaged));
            }
            assert_eq!(Facts::decode(&[&bytes[..], &[0]].concat()), Err(FactsError::Damaged));
        }
        let spoiled = |change: &dyn Fn(&mut Facts)| {
            let mut facts = photograph();
            change(&mut facts);
            assert_eq!(Facts::decode(&facts.encode()), Err(FactsError::Damaged));
        };
        spoiled(&|facts| facts.image = None);
        spoiled(&|facts| facts.media_type = MediaType::Text);
        spoiled(&|facts| facts.image.as_mut().unwrap().width = 0);
        spoiled(&|facts| facts.image.as_mut().unwrap().thumbnail.size = 1 << 40);
        spoiled(&|facts| facts.image.as_mut().unwrap().blur_hash = "x".repeat(BLUR_HASH_BYTES_MAX + 1));
    }

    #[test]
    fn variants_and_what_goes_with_a_blob() {
        let blob = Blob { name: BlobName([7; 32]), size: 5_000_000 };
        let facts = photograph();
        let name = |kind: Kind| kind.name_of(blob.name);
        let get =
            |variant| facts.variant(blob, variant).map(|found| (found.blob.name, found.media_type.content_type()));
        assert_eq!(get(FileVariant::Original), Some((name(Kind::Stripped), "image/jpeg")));
        assert_eq!(get(FileVariant::Thumbnail), Some((name(Kind::Thumbnail), "image/jpeg")));
        assert_eq!(get(FileVariant::Preview), Some((name(Kind::Preview), "image/png")));
        assert_eq!(get(FileVariant::Other(3)), None);
        let sizes: Vec<_> = facts.derived_blobs(blob.name).iter().map(|blob| blob.size).collect();
        assert_eq!(sizes, [4_000_000, 12_345, 123_456]);
        let plain = Facts::as_it_came(MediaType::Unknown, blob.size);
        assert_eq!(plain.variant(blob, FileVariant::Original).unwrap().blob, blob);
        assert_eq!(plain.variant(blob, FileVariant::Preview), None);
        assert!(plain.derived_blobs(blob.name).is_empty());
    }

    #[test]
    fn a_name_says_what_the_bytes_are() {
        let check = |sent: &str, expected: &str| {
            assert_eq!(photograph().name(&FileName::from_declared(sent)).as_str(), expected);
        };
        check("a.JPG", "a.JPG");
        check("a.jpeg", "a.jpeg");
        check("a.webp", "a.jpg");
        check("a", "a.jpg");
        let plain = Facts::as_it_came(MediaType::Unknown, 1);
        assert_eq!(plain.name(&FileName::from_declared("a.png")).as_str(), "a.png");
    }
}
