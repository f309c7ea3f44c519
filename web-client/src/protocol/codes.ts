/** What a coded outcome is called and what a client does about it. */
import { type Action, CODES, type CodeInfo } from './generated';

const BY_NUMBER: ReadonlyMap<number, CodeInfo> = new Map(CODES.map((code) => [code.number, code]));

/** WebSocket carries a code as 4000 + number (RFC 6455, section 7.4.2). */
const WEBSOCKET_CLOSE_BASE = 4000;

export function codeInfo(number: number): CodeInfo | null {
  return BY_NUMBER.get(number) ?? null;
}

/** The name of a code, or null for one of a later version. */
export function codeName(number: number): string | null {
  return codeInfo(number)?.name ?? null;
}

/** What to do about a code; about one of a later version, not to repeat the request. */
export function codeAction(number: number): Action {
  return codeInfo(number)?.action ?? 'stop';
}

/** The close code of a WebSocket for a code. */
export function toWebSocketClose(number: number): number {
  return WEBSOCKET_CLOSE_BASE + number;
}

/** The code in the close code of a WebSocket; null when it is none of ours. */
export function fromWebSocketClose(close: number): number | null {
  return close >= WEBSOCKET_CLOSE_BASE && close < WEBSOCKET_CLOSE_BASE + 1000
    ? close - WEBSOCKET_CLOSE_BASE
    : null;
}
