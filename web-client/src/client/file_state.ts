/** What is known of a file before it is settled. */
import { FileOutcome } from '../protocol/generated';
import type { FileInfo, FileState } from '../protocol/generated';

/** What the bytes are is told when they were looked at. */
export const UNKNOWN_MEDIA_TYPE = 'application/octet-stream';

export function pendingState({ size }: Pick<FileInfo, 'size'>): FileState {
  return { outcome: FileOutcome.pending, code: 0, size, mediaType: UNKNOWN_MEDIA_TYPE, image: null };
}
