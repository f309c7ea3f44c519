import { expect, it } from 'vitest';
import type { Line, OutboxItem } from '../client/model';
import type { QueuedFile, Row } from './timelineRows';
import { GROUP_MS, timelineRows } from './timelineRows';

const NOON = new Date(2026, 4, 20, 12, 0).getTime();

function line(seq: number, author: string, atMs: number, more: Partial<Line> = {}): Line {
  return {
    seq,
    atMs,
    author,
    clientId: `client ${String(seq)}`,
    kind: 'text',
    text: `text ${String(seq)}`,
    ...more,
  };
}

const shape = (rows: Row[]): string[] =>
  rows.map((row) => (row.type === 'message' ? `${row.text}${row.first ? ' first' : ''}` : row.type));

it('groups one author within five minutes', () => {
  const rows = timelineRows(
    [
      line(1, 'a', NOON),
      line(2, 'a', NOON + GROUP_MS),
      line(3, 'a', NOON + 2 * GROUP_MS + 1),
      line(4, 'b', NOON + 2 * GROUP_MS + 2),
      line(5, 'c', NOON + 2 * GROUP_MS + 3, { kind: 'joined' }),
      line(6, 'b', NOON + 2 * GROUP_MS + 4),
    ],
    [],
    'me',
  );
  expect(shape(rows)).toEqual([
    'text 1 first',
    'text 2',
    'text 3 first',
    'text 4 first',
    'notice',
    'text 6 first',
  ]);
});

it('puts a date between two days', () => {
  const rows = timelineRows([line(1, 'a', NOON), line(2, 'a', NOON + 24 * 3_600_000)], [], 'me');
  expect(shape(rows)).toEqual(['text 1 first', 'date', 'text 2 first']);
});

it('keeps the key of one’s own message when it reaches the log', () => {
  const item: OutboxItem = {
    clientId: 'client 2',
    room: 'r',
    text: 'text 2',
    createdMs: NOON + 1,
    state: 'waiting',
  };
  const before = timelineRows([line(1, 'a', NOON)], [item], 'me').at(-1);
  const after = timelineRows([line(1, 'a', NOON), line(2, 'me', NOON + 2)], [], 'me').at(-1);
  expect(before).toMatchObject({ key: 'client 2', state: 'waiting', first: true, seq: null });
  expect(after).toMatchObject({ key: 'client 2', state: 'sent', first: true, seq: 2 });
});

it('only adds rows in front when older lines come, whatever the boundary', () => {
  const day = 24 * 3_600_000;
  for (const gap of [1, GROUP_MS * 2, day]) {
    const newer = [
      line(10, 'a', NOON, { pageStart: true }),
      line(11, 'a', NOON + 1),
      line(12, 'b', NOON + day),
    ];
    const older = [line(8, 'a', NOON - gap - 1, { pageStart: true }), line(9, 'a', NOON - gap)];
    const alone = timelineRows(newer, [], 'me');
    const both = timelineRows([...older, ...newer], [], 'me');
    expect(both.slice(-alone.length)).toEqual(alone);
  }
});

it('puts files that wait among messages that wait, and shows each once', () => {
  const item: OutboxItem = {
    ...{ clientId: 'c2', room: 'r', text: 'words', createdMs: NOON + 2, state: 'waiting' },
  };
  const file = (at: number): QueuedFile => ({
    ...{ transfer: `t${String(at)}`, clientId: `c${String(at)}`, name: `file ${String(at)}`, size: 1 },
    ...{ text: '', createdMs: NOON + at },
  });
  const posted = line(9, 'me', NOON, { clientId: 'c0', kind: 'file', text: '' });
  const rows = timelineRows([posted], [item], 'me', [file(0), file(1), file(3)]);
  const keys = rows.flatMap((row) => (row.type === 'message' ? [row.key] : []));
  expect(keys).toEqual(['c0', 'c1', 'c2', 'c3']);
});

it('divides what was not read, at the first message of somebody else', () => {
  const lines = [
    line(1, 'a', NOON),
    line(2, 'me', NOON),
    line(3, 'b', NOON, { kind: 'joined' }),
    line(4, 'a', NOON),
  ];
  const divided = (mark: number, older = false): string[] =>
    shape(timelineRows(lines, [], 'me', [], { mark, older }));
  expect(divided(1)).toEqual(['text 1 first', 'text 2 first', 'notice', 'unread', 'text 4 first']);
  expect(divided(0)).toEqual(['unread', 'text 1 first', 'text 2 first', 'notice', 'text 4 first']);
  expect(divided(4)).not.toContain('unread');
  // It may stand in front of what is not loaded yet.
  expect(divided(0, true)).not.toContain('unread');
});
