//! Colour profiles (ICC.1:2010): they may stay where they are nothing else and not too long.

use crate::files::limits::PROFILE_BYTES_MAX;

/// The profile, if it is one: its length as its header says, its signature in its place.
pub(super) fn valid(profile: &[u8]) -> Option<&[u8]> {
    let length = u32::from_be_bytes(*profile.first_chunk()?) as usize;
    let fits = (128..=PROFILE_BYTES_MAX).contains(&length) && profile.get(36..40) == Some(b"acsp");
    profile.get(..length).filter(|_| fits)
}

/// Whether it speaks of red, green and blue, as previews do.
pub(super) fn is_rgb(profile: &[u8]) -> bool {
    valid(profile).is_some_and(|profile| &profile[16..20] == b"RGB ")
}
