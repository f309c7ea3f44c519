import { describe, expect, it } from 'vitest';
import { BadId, ZERO_ID, bytesToId, bytesToHex, idToBytes, newId, hexToBytes, uuidV7 } from './id';
import { codeAction, codeName, fromWebSocketClose, toWebSocketClose } from './codes';
import { toHex } from './hex';

describe('ids', () => {
  it('go to text and back', () => {
    for (let round = 0; round < 200; round += 1) {
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      const text = bytesToId(bytes);
      expect(text).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
      expect(idToBytes(text)).toEqual(bytes);
      expect(idToBytes(text.toLowerCase())).toEqual(bytes);
    }
  });

  it('have the text that Rust gives them', () => {
    expect(bytesToId(new Uint8Array(16))).toBe(ZERO_ID);
    expect(bytesToId(new Uint8Array(16).fill(255))).toBe('7ZZZZZZZZZZZZZZZZZZZZZZZZZ');
  });

  it('read O as 0, I and L as 1', () => {
    expect(idToBytes('0Oo1IiLl'.padEnd(26, '0'))).toEqual(idToBytes('00011111'.padEnd(26, '0')));
  });

  it.each([
    '',
    '0',
    '8ZZZZZZZZZZZZZZZZZZZZZZZZZ',
    '0000000000000000000000000U',
    `${ZERO_ID}0`,
    '-'.repeat(26),
  ])('refuse %j', (text) => {
    expect(() => idToBytes(text)).toThrow(BadId);
  });

  it('are UUIDs of version 7 when they are new', () => {
    const bytes = uuidV7(0x0123_4567_89ab, new Uint8Array(10).fill(255));
    expect(toHex(bytes)).toBe('0123456789ab7fffbfffffffffffffff');
    expect(newId(1_790_000_000_000)).not.toBe(newId(1_790_000_000_000));
    expect(newId(1_790_000_000_000) < newId(1_790_000_001_000)).toBe(true);
  });
});

it('tickets go to text and back', () => {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  expect(hexToBytes(bytesToHex(bytes))).toEqual(bytes);
  for (const text of ['', 'zz'.repeat(32), '00'.repeat(31)]) expect(() => hexToBytes(text)).toThrow(BadId);
});

it('codes say what to do, also those of a later version', () => {
  expect([codeName(60), codeAction(41), codeName(999), codeAction(999)]).toEqual([
    'no_such_room',
    'login',
    null,
    'stop',
  ]);
  expect([toWebSocketClose(25), fromWebSocketClose(4025), fromWebSocketClose(1006)]).toEqual([
    4025,
    25,
    null,
  ]);
});
