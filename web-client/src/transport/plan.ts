/**
 * Which transports a connection attempt tries, in which order, and why WebTransport
 * is left out or comes second where it does.
 */
import type { Fallback } from './race';
import type { TransportName } from './transport';

/** How long a WebSocket that won starts first: such a page load waits for nothing. */
export const WEBSOCKET_REMEMBERED_MS = 60 * 60 * 1000;

export interface Circumstances {
  /** From `?transport=`. */
  forced: TransportName | null;
  /** Whether this browser has WebTransport in a worker. */
  supported: boolean;
  /** Safari's sessions stall, and every browser of iOS is Safari inside. */
  ios: boolean;
  /** Whether the server listens for WebTransport. */
  offered: boolean;
  /** When and why WebSocket won against WebTransport, if it did. */
  remembered: { atMs: number; because: Fallback } | null;
  nowMs: number;
}

export interface Plan {
  order: TransportName[];
  /** Why it is so when WebSocket wins; null when the race will tell. */
  fallback: Fallback | null;
}

export function plan(of: Circumstances): Plan {
  const onlyWebSocket = (fallback: Fallback): Plan => ({ order: ['websocket'], fallback });
  if (of.forced === 'webtransport') return { order: ['webtransport'], fallback: null };
  if (of.forced === 'websocket') return onlyWebSocket({ why: 'forced' });
  if (of.ios) return onlyWebSocket({ why: 'ios' });
  if (!of.supported) return onlyWebSocket({ why: 'unsupported' });
  if (!of.offered) return onlyWebSocket({ why: 'not_offered' });
  const remembered = of.remembered;
  if (remembered && of.nowMs - remembered.atMs < WEBSOCKET_REMEMBERED_MS && of.nowMs >= remembered.atMs) {
    // Not alone: what was remembered may be true no more, and then WebSocket may be the one
    // that does not get through.
    const fallback: Fallback = { why: 'remembered', because: remembered.because };
    return { order: ['websocket', 'webtransport'], fallback };
  }
  return { order: ['webtransport', 'websocket'], fallback: null };
}

/** iPadOS calls itself a Mac, but no Mac has a touch screen. */
export function isIos(userAgent: string, touchPoints: number): boolean {
  return /iPhone|iPad|iPod/.test(userAgent) || (userAgent.includes('Macintosh') && touchPoints > 1);
}
