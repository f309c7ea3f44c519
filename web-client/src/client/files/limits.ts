/** Bounds of files in the page; those of the wire are in protocol/generated.ts. */

/** Uploads that send at once; the others wait for their turn. */
export const UPLOADS_AT_ONCE_MAX = 3;
/** Files that wait or are sent; more are refused by the tray. */
export const UPLOADS_MAX = 200;
/** Read from the file at once, and hashed. */
export const READ_BYTES = 1024 * 1024;
/** The digest of a file up to this size is known before it is sent: the server may have it already. */
export const HASH_AHEAD_BYTES_MAX = 16 * 1024 * 1024;
/** Files that are hashed ahead at once: each goes as fast as the disk and the core, and holds memory. */
export const HASHED_AT_ONCE_MAX = 2;
/** By this beginning a file that is chosen again is known. */
export const PREFIX_BYTES = 1024 * 1024;
/** A file up to this size is kept by the browser, so that a reload need not ask for it. */
export const KEPT_FILE_BYTES_MAX = 64 * 1024 * 1024;
/** The sending of a file up to this size waits until it is kept. */
export const SURELY_KEPT_BYTES_MAX = 4 * 1024 * 1024;
/** So long it waits, for a storage that does not answer. */
export const SURELY_KEPT_MS_MAX = 3_000;
/** So long the sending of a larger one waits. */
export const KEEP_MS_MAX = 1_000;
/** One range of a download: what a reader who stops can hold of the connection's window. */
export const RANGE_BYTES_MAX = 4 * 1024 * 1024;
/** Ranges under way at once. */
export const RANGES_AT_ONCE_MAX = 2;
/** Answers "try again" without any progress between them before it is called a failure. */
export const TRIES_MAX = 8;
export const RETRY_PAUSE_MS = 1_000;
export const RETRY_PAUSE_MS_MAX = 15_000;
/** How often the page hears how far it is. */
export const PROGRESS_MS = 200;
/** Each time so much more of an upload is there, that is stored. */
export const REACHED_EVERY_BYTES = 4 * 1024 * 1024;
/** Over so long the rate is taken. */
export const RATE_WINDOW_MS = 4_000;
/** How long an upload that is done waits for its message to say so too. */
export const SEEN_MS_MAX = 5_000;
