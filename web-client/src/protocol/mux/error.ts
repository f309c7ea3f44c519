/** How a mux, a half of a stream or an opening can fail. */
import type { VarintReason } from '../varint';

/** What the peer did wrong; the names are those of the vectors. */
export type MuxReason =
  | 'empty_message'
  | 'message_too_long'
  | 'cut'
  | 'kind'
  | 'class'
  | 'range'
  | 'chunk_length'
  | 'datagram_too_long'
  | 'unknown_stream'
  | 'open_order'
  | 'open_by_server'
  | 'too_many_streams'
  | 'over_stream_credit'
  | 'over_pool_credit'
  | 'credit_shrank'
  | 'after_end'
  | VarintReason;

/** The peer broke the rules: the connection is of no further use. */
export class MuxError extends Error {
  constructor(readonly reason: MuxReason) {
    super(`the peer broke the rules of the mux: ${reason}`);
  }
}

/**
 * A half of a stream is of no further use. `code` is the peer's, when it reset its
 * sending half or stopped reading ours; null when the connection is closed or this
 * side ended the half itself.
 */
export class HalfError extends Error {
  constructor(readonly code: number | null) {
    super(code === null ? 'the stream is closed' : `the peer ended the stream with code ${String(code)}`);
  }
}

/** No stream was opened. */
export class OpenError extends Error {
  constructor(readonly reason: 'not_client' | 'too_many' | 'closed') {
    super(`no stream was opened: ${reason}`);
  }
}
