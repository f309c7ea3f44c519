//! What files on their way may cost the server, whoever sends or reads them.

use rill_protocol::limits::FILE_STREAMS_MAX;

/// How often it is asked whether a reader may still see a file's message.
pub const SIGHT_EVERY_MS: u64 = 500;
/// Uploads that are written at once, of all users: each holds what was received and is not
/// on disk. Past it the answer is `busy`.
pub const UPLOADS_AT_ONCE_MAX: usize = 64;
/// ... and of one user, who leaves places to others: as many as one connection carries.
pub const UPLOADS_PER_USER_MAX: usize = FILE_STREAMS_MAX;
/// How often it is noted how far an upload is; and what came is made durable at least so often.
pub const PROGRESS_EVERY_MS: u64 = 500;
/// How often it is asked whether somebody goes on with an upload at another server, who waits for
/// its blob meanwhile ([`rill_storage::limits::STAGED_LOCK_TRIES_MAX`]).
pub const TAKEN_EVERY_MS: u64 = 500;
/// Answers of HTTP with a file that one user takes at a time: each holds what was read ahead.
pub const ANSWERS_PER_USER_MAX: usize = 16;
/// How long the next one waits for a place.
pub const ANSWER_WAIT_MS: u64 = 10_000;
/// Messages that are looked at to find whether somebody may read some bytes already.
pub const INSTANT_REFERENCES_MAX: usize = 32;
/// How long that takes for whoever may not, also if there are none.
pub const INSTANT_LOOK_MS: u64 = 50;
/// How long what claims a content has to become true before a sweep looks for it.
pub const CLAIM_MS: u64 = 10 * 60 * 1_000;
/// How much of that there must be when a picture gets its name: more than a store may take for it.
pub const CLAIM_LEFT_MS: u64 = CLAIM_MS / 2;
/// How long who takes a picture's place has to let go of it before a sweep looks. Longer than a claim,
/// so that its time is none that a claim had.
pub const DOUBT_MS: u64 = 2 * CLAIM_MS;
/// How long a transfer that was finishing has to get on before a sweep finishes it.
pub const FINISHING_MS: u64 = 10 * 60 * 1_000;
/// How often it is tried to set a picture that others set too.
pub const PICTURE_TRIES_MAX: usize = 16;
/// How often the sweep looks ...
pub const SWEEP_EVERY_MS: u64 = 5 * 60 * 1_000;
/// ... at how many transfers and contents at a time, and how many times.
pub const SWEEP_AT_ONCE: usize = 100;
pub const SWEEP_ROUNDS_MAX: usize = 50;
/// How often the place of blobs is walked to know what it holds, where that is bounded: a folder,
/// and a bucket, which takes money for it.
pub const WALK_EVERY_MS: u64 = 60 * 60 * 1_000;
pub const BUCKET_WALK_EVERY_MS: u64 = 6 * WALK_EVERY_MS;
/// How often it is gone through to find strays, a few pages with each sweep.
pub const STRAYS_EVERY_MS: u64 = 3 * 60 * 60 * 1_000;
/// How long nobody has written to a blob that no transfer fills before it is taken for a stray.
pub const STRAY_MS: u64 = 6 * 60 * 60 * 1_000;
