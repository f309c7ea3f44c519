//! What a message may hold, and the digests that tell two requests apart.

use rill_protocol::limits::TEXT_BYTES_MAX;

use super::DomainError;

/// Checks a message's text. It is kept to the letter: whoever posts code wants its spaces.
pub fn text(text: &str) -> Result<(), DomainError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(DomainError::TextTooLong { bytes: text.len(), max: TEXT_BYTES_MAX });
    }
    if text.trim().is_empty() {
        return Err(DomainError::EmptyText);
    }
    Ok(())
}

/// Checks what stands beside a file, which may be nothing.
pub fn caption(caption: &str) -> Result<(), DomainError> {
    if caption.is_empty() { Ok(()) } else { text(caption) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_at_the_edges() {
        assert!(text("a").is_ok());
        assert!(text(&"x".repeat(TEXT_BYTES_MAX)).is_ok());
        assert!(matches!(text(&"x".repeat(TEXT_BYTES_MAX + 1)), Err(DomainError::TextTooLong { bytes: 16_385, .. })));
        for empty in ["", " \n\t", "\u{3000}"] {
            assert!(matches!(text(empty), Err(DomainError::EmptyText)));
        }
    }
}
