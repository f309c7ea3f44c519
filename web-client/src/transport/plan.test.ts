import { describe, expect, it } from 'vitest';
import type { Circumstances } from './plan';
import { WEBSOCKET_REMEMBERED_MS, isIos, plan } from './plan';

const usual: Circumstances = {
  forced: null,
  supported: true,
  ios: false,
  offered: true,
  remembered: null,
  nowMs: 10_000_000,
};

function check(change: Partial<Circumstances>, order: string[], why: string | null): void {
  const found = plan({ ...usual, ...change });
  expect(found.order).toEqual(order);
  expect(found.fallback?.why ?? null).toBe(why);
}

describe('the plan of an attempt', () => {
  it('tries WebTransport, then WebSocket', () => {
    check({}, ['webtransport', 'websocket'], null);
  });

  it('obeys a forced transport, even one that is not offered', () => {
    check({ forced: 'webtransport', offered: false }, ['webtransport'], null);
    check({ forced: 'websocket' }, ['websocket'], 'forced');
  });

  it('says why WebTransport is left out', () => {
    check({ ios: true }, ['websocket'], 'ios');
    check({ supported: false }, ['websocket'], 'unsupported');
    check({ offered: false }, ['websocket'], 'not_offered');
  });

  it('lets WebSocket start first for an hour after it won', () => {
    const because = { why: 'slower' } as const;
    check({ remembered: { atMs: usual.nowMs - 1, because } }, ['websocket', 'webtransport'], 'remembered');
    check(
      { remembered: { atMs: usual.nowMs - WEBSOCKET_REMEMBERED_MS, because } },
      ['webtransport', 'websocket'],
      null,
    );
  });
});

it('knows the browsers of iOS', () => {
  expect(isIos('Mozilla/5.0 (iPhone; CPU iPhone OS 26_4 like Mac OS X)', 5)).toBe(true);
  expect(isIos('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 5)).toBe(true);
  expect(isIos('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 0)).toBe(false);
  expect(isIos('Mozilla/5.0 (X11; Linux x86_64)', 10)).toBe(false);
});
