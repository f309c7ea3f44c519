/** What a refusal says of the transfer behind it. */
import { Code } from '../../protocol/generated';

/** With these the server ends a transfer. */
export const ENDING: readonly number[] = [
  Code.transferEnded,
  Code.fileDigestWrong,
  Code.fileSizeWrong,
  Code.fileTypeRefused,
];

/** These say nothing of the transfer itself: what takes it back is said again. */
export const ELSEWHERE: readonly number[] = [Code.transferTaken, Code.tooManyStreams];
