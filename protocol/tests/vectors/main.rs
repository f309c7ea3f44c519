//! The golden vectors in protocol/vectors: what other implementations are held to,
//! and this one too.
//!
//! What the files hold is pinned. A new sample here fails until
//! `UPDATE_VECTORS=1 cargo test -p rill-protocol --test vectors` has appended it;
//! nothing that is there is ever rewritten, and a pinned vector is checked even when
//! its sample is gone.

mod file;
mod file_samples;
mod frames;
mod group_samples;
mod hex;
mod message_samples;
mod messages;
mod moderation_samples;
mod mux;
mod people_samples;
mod picture_samples;
mod private_chat_samples;
mod read_state_samples;
