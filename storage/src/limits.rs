//! Every bound of the stores, in one place. Units stand last in the names.

/// Commands that wait for the committer; past it a write is refused with `Busy`.
pub const QUEUE_COMMANDS_MAX: usize = 4_096;
/// Commands that share one batch and one barrier.
pub const BATCH_COMMANDS_MAX: usize = 1_024;
/// Commands that a batch takes along before it is sent on its way, if so many wait: fewer
/// are not worth a sync. While another batch is on its way it takes what comes.
pub const BATCH_COMMANDS_MIN: usize = 64;
/// Keys and values of one batch.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;
/// Keys and values that one command may write. A batch is closed while one more such
/// command would still fit.
pub const COMMAND_BYTES_MAX: usize = 64 * 1024;
/// One sealed value. sled rewrites a leaf whole, up to 20 values where two leaves
/// merge, and moves one that is larger than a quarter of a segment (128 KiB) into a
/// file of its own, which the barrier does not cover. This bound keeps every leaf below.
pub const VALUE_BYTES_MAX: usize = 6 * 1024;
/// Text in one row; a longer one lies in several.
pub const BODY_PART_BYTES_MAX: usize = 4 * 1024;
/// Rows that any one read returns, whatever limit it was asked for.
pub const READ_ROWS_MAX: usize = 1_000;
/// Rows that one command of a sweep looks at.
pub const SWEEP_ROWS_MAX: usize = 500;

/// Client ids remembered for one user in one room over the days they live.
pub const CLIENT_IDS_PER_MEMBER_MAX: u32 = 200_000;
/// Logins of one user; past it the oldest ends.
pub const SESSIONS_PER_USER_MAX: usize = 100;
/// Ends of logins that a store remembers, at least; who has heard of none for longer is told
/// that it may have been any login.
pub const ENDINGS_KEPT_MAX: usize = 4_096;
/// How long somebody counts as about to stop being an administrator, at most: far longer than
/// it takes to look whether others remain, and to write it.
pub const STEPPING_DOWN_MS: u64 = 2 * 60_000;
/// How long a login that is told may take to end: a commit's patience, and Redis' with it.
pub const ENDING_MS_MAX: u64 = 2 * REDIS_PATIENCE_MS + REDIS_ANSWER_TIMEOUT_MS;
/// Invitations of one creator that have not expired; past it none is made.
pub const INVITATIONS_PER_CREATOR_MAX: usize = 200;
/// Uses of one invitation.
pub const INVITATION_USES_MAX: u32 = 1_000;
/// Invitations to one room that are neither accepted nor declined.
pub const ROOM_INVITATIONS_MAX: usize = 500;
/// Links into one room that are open; others are forgotten when another is made.
pub const ROOM_LINKS_MAX: usize = 100;
/// Uses of one of them.
pub const ROOM_LINK_USES_MAX: u32 = 100_000;
/// Members that a room begins with, besides its creator.
pub const FIRST_MEMBERS_MAX: usize = 100;
/// Length of what a report says, in UTF-8: with what was done about it, it fits into a row.
pub const REPORT_REASON_BYTES_MAX: usize = 4 * rill_protocol::limits::REPORT_REASON_CHARS_MAX;
/// Length of what is noted of an administrator's act, in UTF-8.
pub const AUDIT_DETAIL_BYTES_MAX: usize = 1_000;
/// Reports of one user that are open, or whose client ids are known; past it none is taken.
pub const REPORTS_KNOWN_PER_USER_MAX: usize = 200;
/// People whom one user blocks; past it nobody more is.
pub const BLOCKS_PER_USER_MAX: usize = 1_000;
/// Transfers of one user that are kept, whatever their state; past it those that are done go,
/// the oldest first, then those that have failed before they were whole.
pub const TRANSFERS_PER_USER_MAX: usize = 256;
/// What a client says of a file.
pub const FILE_NAME_BYTES_MAX: usize = 1_024;
pub const MEDIA_TYPE_BYTES_MAX: usize = 256;
/// What is kept beside a content for whoever serves it.
pub const CONTENT_FACTS_BYTES_MAX: usize = 1_024;
/// Spent blobs of one content; past it those that are gone are forgotten, the oldest first, and
/// if none can be, a claim is refused with `Busy` until they are collected.
pub const SPENT_BLOBS_PER_CONTENT_MAX: usize = 900;
/// How long the name of a blob is kept that is gone: longer than any call that could still
/// offer it takes; and, where there are too many, at least.
pub const SPENT_BLOB_KEPT_MS: u64 = 60 * 60 * 1_000;
pub const SPENT_BLOB_KEPT_MS_MIN: u64 = 60 * 1_000;
/// Visible ranges of one membership; past it the oldest is forgotten, so that its
/// entries are hidden.
pub const RANGES_PER_MEMBERSHIP_MAX: usize = 256;
/// Entries kept of a user's own log; older ones live on in its snapshot.
pub const USER_LOG_TAIL_ENTRIES_MAX: u64 = 1_000;

/// What a user's own log knows beside rooms, of each kind; past it none is added.
pub const INVITED_MAX: usize = 500;
pub const DRAFTS_MAX: usize = 100;
pub const SETTINGS_MAX: usize = 64;
/// The value of one setting.
pub const SETTING_BYTES_MAX: usize = 1_024;
/// What a draft holds.
pub const DRAFT_BYTES_MAX: usize = rill_protocol::limits::TEXT_BYTES_MAX;

/// sled's page cache.
pub const CACHE_BYTES_DEFAULT: u64 = 128 * 1024 * 1024;
/// fjall's own journal, past which it writes its oldest rows to tables.
pub const FJALL_JOURNAL_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Rows that fjall holds before it writes them to a table.
pub const FJALL_MEMTABLE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Keys and values in the journal alone before they are handed to the engine.
pub const GENERATION_BYTES: usize = 16 * 1024 * 1024;
/// Keys and values in the journal alone while the engine still takes what was handed
/// to it; past it writes wait for the engine.
pub const GENERATION_BYTES_MAX: usize = 64 * 1024 * 1024;
/// By how much the numbers of the journal's batches leap at a start. So many starts fit into
/// 64 bits that nobody lives to see them, and so many numbers that nobody guesses one.
pub const JOURNAL_LEAP_MAX: u64 = 1 << 40;
/// A file of the journal that is made ahead of its use, filled with zeros: at most a
/// generation with its frames.
pub const SPARE_BYTES_MAX: u64 = 20 * 1024 * 1024;
/// A shorter one is not worth its making.
pub const SPARE_BYTES_MIN: u64 = 256 * 1024;
/// It is never more than this part of the free space.
pub const SPARE_DISK_PARTS: u64 = 64;
/// What the journal's file must have taken before one is made ahead.
pub const SPARE_FROM_BYTES: u64 = 64 * 1024;
/// With how little left in the journal's file the next one is made ahead.
pub const SPARE_AHEAD_BYTES: usize = 12 * 1024 * 1024;
/// Generations whose files wait to be used again or removed.
pub const RETIRED_SEGMENTS_MAX: usize = 8;
/// Free space below which writes are refused, so that what was acknowledged still finds
/// room in the engine; on a small disk it is the part below.
pub const SPACE_RESERVE_BYTES: u64 = 64 * 1024 * 1024;
/// The reserve is never more than this part of the disk.
pub const SPACE_RESERVE_PART: u64 = 10;
/// Room that an engine may need for a byte that is in the journal alone: its own journal,
/// its files, and what it rewrites.
pub const SPACE_PER_GATHERED_BYTE: u64 = 4;
/// Keys and values of a store that is made which its engine may still have in memory.
pub const REWRITE_WAITING_BYTES: usize = 16 * 1024 * 1024;
/// Keys and values of one batch that the engine is handed.
pub const APPLY_BYTES_MAX: usize = 512 * 1024;
/// Keys and values past which fjall is given rows as a table of their own. Fewer would make
/// many small tables.
pub const INGESTED_BYTES_MIN: usize = 4 * 1024 * 1024;
/// How long nothing must be written before the engine is handed what is in the journal.
pub const APPLY_IDLE_MS: u64 = 1_000;

/// Keys and values that the in-memory store holds.
pub const MEMORY_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// Records of one kind that the committer remembers.
pub const CACHED_RECORDS_MAX: usize = 100_000;
/// Client ids of one member that are read to know which ones they have used.
pub const KNOWN_CLIENT_IDS_READ_MAX: u64 = 2_000;
/// Client ids that the committer remembers, of all members.
pub const KNOWN_CLIENT_IDS_MAX: usize = 1_000_000;

/// Keys and values that a backup of a store in use may lag behind; past it it fails.
pub const TAPE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Keys and values of one frame of a backup, before its last row.
pub const BACKUP_FRAME_BYTES: usize = 256 * 1024;
/// One frame of a backup: a batch of the committer, with its keys and lengths.
pub const BACKUP_FRAME_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Findings of a check that are kept in full.
pub const CHECK_FINDINGS_MAX: usize = 1_000;

/// How long the committer waits for work before it tends the recorded heads.
pub const HEADS_IDLE_MS: u64 = 50;
/// Batches after which the recorded heads are synced also without a pause.
pub const HEADS_SYNC_BATCHES: u32 = 256;
/// Size past which a short file takes the place of the recorded heads, if it is also twice
/// what that would have.
pub const HEADS_COMPACT_BYTES: u64 = 16 * 1024 * 1024;

/// How long an opening store waits for sled's own lock, which a store that was just
/// closed in this process releases from a background thread.
pub const ENGINE_LOCK_WAIT_MS: u64 = 5_000;

/// How long Redis has to take a connection.
pub const REDIS_CONNECT_TIMEOUT_MS: u64 = 3_000;
/// How long Redis has for an answer, beside what it is told to wait for replicas.
pub const REDIS_ANSWER_TIMEOUT_MS: u64 = 3_000;
/// How long a first start waits for a Redis that is not there yet.
pub const REDIS_START_WAIT_MS: u64 = 30_000;
/// How long a call waits for a connection that has just been lost.
pub const REDIS_CALL_WAIT_MS: u64 = 1_500;
/// The first pause between two tries to connect; it doubles.
pub const REDIS_RECONNECT_MIN_MS: u64 = 20;
/// The longest.
pub const REDIS_RECONNECT_MAX_MS: u64 = 1_000;
/// Logs whose ends a node has seen and holds against another Redis; of more, some are
/// forgotten.
pub const LOGS_SEEN_MAX: usize = 200_000;
/// Of those, at once.
pub const LOGS_COMPARED_AT_ONCE: usize = 16;
/// How often a node records in its data directory where it has seen logs end, and after how
/// many times it syncs that also without a pause.
pub const LOGS_RECORDED_EVERY_MS: u64 = 200;
pub const LOGS_RECORDED_SYNC_WRITES: u32 = 10;
/// Size below which that file is not written anew; else twice what it has to say.
pub const LOGS_RECORDED_FILE_BYTES_MIN: u64 = 1024 * 1024;
/// Between two looks whether Redis answers and is still a primary.
pub const REDIS_LOOK_EVERY_MS: u64 = 1_000;
/// Looks between two at everything else, as when it writes to disk.
pub const REDIS_LOOKS_PER_PROBE: u32 = 10;

/// Commands of one room or user that wait for Redis; past it a write is refused with `Busy`.
pub const SLOT_QUEUE_COMMANDS_MAX: usize = 1_024;
/// Entries of one segment of an archived log. Part of its format: segments begin at
/// multiples of it.
pub const SEGMENT_ENTRIES: u64 = 256;
/// Segments that a node remembers, by what is in them.
pub const ARCHIVE_READ_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Rooms that wait for a part of their log to be archived; past it one waits until it has
/// grown again.
pub const ARCHIVE_DUE_ROOMS_MAX: usize = 10_000;
/// How long an object store has to take a connection, and for all tries of one request.
pub const BLOB_CONNECT_TIMEOUT_MS: u64 = 3_000;
pub const BLOB_PATIENCE_MS: u64 = 10_000;
/// A part of a blob that grows: what its digest keeps one value of, and an object of its own in
/// a bucket. Part of the format. Whoever writes into a bucket holds two of them, one that fills
/// and one on its way: 8 MiB for each transfer under way, where a folder holds 2
/// ([`STAGED_BATCH_BYTES_MAX`]).
pub const BLOB_PART_BYTES: u64 = 4 * 1024 * 1024;
/// What gathers for the file of such a blob before a piece of work is begun for it, and before
/// whoever receives it waits; as much again is being written.
pub const STAGED_BATCH_BYTES_MIN: usize = 256 * 1024;
pub const STAGED_BATCH_BYTES_MAX: usize = 1024 * 1024;
/// After how many bytes its file is synced without being asked.
pub const STAGED_SYNC_BYTES: u64 = 8 * 1024 * 1024;
/// How often, and how long each time, the next writer of a blob waits for the one before.
pub const STAGED_LOCK_TRIES_MAX: u32 = 100;
pub const STAGED_LOCK_WAIT_MS: u64 = 20;
/// Objects of a bucket that one look for strays goes through: ten pages.
pub const STRAY_OBJECTS_MAX: usize = 10_000;
/// Bytes of a blob that are read at a time; in a folder as much again is read ahead. Each of a
/// connection's streams may hold them for as long as its peer takes nothing.
pub const BLOB_READ_BYTES: usize = 256 * 1024;
/// Entries of a deleted room that one command erases, with all that lies beside them.
pub const ERASE_ENTRIES: u64 = 128;
/// How few entries of a room an owner may let Redis keep.
pub const KEEP_ENTRIES_MIN: u64 = 256;

/// Commands that one script commits. Redis does nothing else meanwhile.
pub const SCRIPT_COMMANDS_MAX: usize = 256;
/// Keys and values that one script writes.
pub const SCRIPT_BYTES_MAX: usize = 512 * 1024;
/// Rows of a span that one script reads at first, and bytes of them; a longer one is read in
/// pieces.
pub const SPAN_ROWS_MAX: usize = 256;
pub const SPAN_BYTES_MAX: usize = 1024 * 1024;
/// Rows of a table that is read whole: logins, tickets and rooms of one user, uses of an
/// invitation.
pub const WHOLE_ROWS_MAX: usize = 4_096;
/// Entries that a doorbell brings, and bytes of their rows: with more it rings without them,
/// and they are read.
pub const DOORBELL_ENTRIES_MAX: usize = 64;
pub const DOORBELL_BYTES_MAX: usize = 16 * 1024;
/// Commits that go to Redis together, their bytes, and how many times so many are under way.
pub const GATHERED_COMMITS_MAX: usize = 64;
pub const GATHERED_BYTES_MAX: usize = 512 * 1024;
pub const GATHERINGS_UNDER_WAY_MAX: usize = 2;
/// How often a method runs again for rows that it did not have, or that were changed.
pub const RUNS_MAX: usize = 200;
/// Commits that lost before a node takes a turn.
pub const LOST_COMMITS_MAX: usize = 3;
/// How long a turn holds others up if it is never used.
pub const TURN_MS: u64 = 1_000;
/// How long a command of a node waits for Redis before it is answered `Unreachable`.
pub const REDIS_PATIENCE_MS: u64 = 8_000;
/// Between two tries while Redis is away, and while another node has its turn.
pub const REDIS_RETRY_MS_MAX: u64 = 200;
pub const TURN_WAIT_MS_MAX: u64 = 20;
/// How long Redis keeps request keys, in days beyond those that they count.
pub const REQUEST_KEYS_SPARE_DAYS: u32 = 2;
/// Rooms and users of which a node remembers rows, and what it remembers of all and of one.
pub const REMEMBERED_SLOTS_MAX: usize = 50_000;
pub const REMEMBERED_BYTES_MAX: usize = 64 * 1024 * 1024;
pub const REMEMBERED_SLOT_BYTES_MAX: usize = 128 * 1024;
/// Rows of a hash that a tool reads at a time.
pub const HASH_ROWS_READ: usize = 1_000;
/// Rooms, users and names whose rows a copy into Redis gathers before it sends them, rows of
/// them, and keys and values.
pub const COPY_SLOTS_SENT: usize = 128;
pub const COPY_COMMANDS_SENT: usize = 4_000;
pub const COPY_BYTES_SENT: usize = 512 * 1024;
/// Keys and values that a copy out of Redis gathers before it notes how far it is.
pub const COPY_BYTES_NOTED: usize = 4 * 1024 * 1024;
/// How often a room or user is checked again that was changed meanwhile.
pub const CHECK_TRIES_MAX: usize = 3;
/// Users and rooms of a list that are read at once.
pub const LIST_READS_MAX: usize = 32;

/// The bounds that an owner may choose; the defaults are the constants above.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub client_ids_per_member_max: u32,
    pub room_members_max: u32,
    pub user_log_tail_entries_max: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            client_ids_per_member_max: CLIENT_IDS_PER_MEMBER_MAX,
            room_members_max: rill_protocol::limits::ROOM_MEMBERS_MAX as u32,
            user_log_tail_entries_max: USER_LOG_TAIL_ENTRIES_MAX,
        }
    }
}

/// Custom emoji: they are read together.
pub const EMOJI_MAX: usize = rill_protocol::limits::EMOJI_MAX;
const _: () = assert!(EMOJI_MAX < WHOLE_ROWS_MAX && EMOJI_MAX < READ_ROWS_MAX);
