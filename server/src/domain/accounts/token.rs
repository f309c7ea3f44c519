//! Secrets that people's programs hold. Each names the user under whom the store keeps
//! its digest, so that one read of one user finds it.

use rill_protocol::UserId;

/// A user and a secret of `N` bytes; as text `USER.SECRET`, 26 characters of base32 and
/// two hexadecimal digits for each byte.
#[derive(Clone, Copy)]
pub struct UserSecret<const N: usize> {
    pub(super) user: UserId,
    pub(super) secret: [u8; N],
}

/// What a browser's cookie or a bearer header holds.
pub type Token = UserSecret<32>;
/// What somebody registers with. Short enough to be read out.
pub type InvitationText = UserSecret<16>;

impl<const N: usize> UserSecret<N> {
    pub fn to_text(self) -> String {
        let secret: String = self.secret.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}.{secret}", self.user)
    }

    /// `None` for anything that [`UserSecret::to_text`] did not make.
    pub fn parse(text: &str) -> Option<Self> {
        let (user, digits) = text.split_once('.')?;
        if digits.len() != 2 * N || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let mut secret = [0; N];
        for (byte, at) in secret.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
        }
        Some(Self { user: user.parse().ok()?, secret })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_is_read_and_nothing_else() {
        let made = InvitationText { user: UserId([7; 16]), secret: [0xAB; 16] };
        let text = made.to_text();
        assert_eq!(text.len(), 26 + 1 + 32);
        let read = InvitationText::parse(&text).unwrap();
        assert_eq!((read.user, read.secret), (made.user, made.secret));
        assert!(Token::parse(&text).is_none(), "another length is another thing");
        for wrong in ["", ".", &text[1..], &text[..58], &format!("{text}0"), &text.replace("ab", "+b")] {
            assert!(InvitationText::parse(wrong).is_none(), "{wrong}");
        }
    }
}
