/** A request that the server refused, with what its code says to do. */
import type { Action } from '../protocol/generated';

export class RequestFailed extends Error {
  constructor(
    readonly code: number,
    readonly action: Action,
    detail: string,
  ) {
    super(detail);
  }
}
