/** Files that are fetched: in ranges, a few at once, over connections that come and go. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Code, FileOutcome, FileVariant } from '../../protocol/generated';
import { sameBytes } from '../../testing/same_bytes';
import { Page } from '../../testing/scripted_page';
import { ScriptedServer } from '../../testing/scripted_server';
import type { ServerRoom } from '../../testing/scripted_room';
import { CALLED_OFF } from '../port';
import { RANGES_AT_ONCE_MAX, RANGE_BYTES_MAX } from './limits';

let server: ScriptedServer;
let room: ServerRoom;
let page: Page;

beforeEach(async () => {
  server = new ScriptedServer();
  room = server.room('one');
  page = new Page(server);
  await page.view(room);
});

const pattern = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, at) => at % 251);

function get(seq: number, variant: FileVariant = FileVariant.original): Promise<Blob> {
  return page.client.answer('file', { room: room.info.id, seq, variant });
}

async function until(reached: () => boolean): Promise<void> {
  for (let turn = 0; turn < 300 && !reached(); turn += 1) await page.clock.pass(50);
  expect(reached()).toBe(true);
}

/** What became of it, once something did. */
function outcome(of: Promise<Blob>): { file: Blob | null; error: Error | null } {
  const found: { file: Blob | null; error: Error | null } = { file: null, error: null };
  of.then(
    (file) => (found.file = file),
    (error: unknown) => (found.error = error as Error),
  );
  return found;
}

it('comes whole, in ranges of which few are under way at once', async () => {
  const bytes = pattern(3 * RANGE_BYTES_MAX + 1_000);
  server.files.put(9, bytes, 'image/png');
  server.files.held = [];
  const found = outcome(get(9));
  let most = 0;
  await until(() => {
    const held = server.files.held?.splice(0) ?? [];
    most = Math.max(most, held.length);
    for (const answer of held) answer();
    return found.file !== null;
  });
  expect(await sameBytes(found.file, bytes)).toBe(true);
  expect(found.file?.type).toBe('image/png');
  expect(most).toBe(RANGES_AT_ONCE_MAX);
  for (const { length } of server.files.asked) expect(length).toBeLessThanOrEqual(RANGE_BYTES_MAX);
  expect(server.files.asked).toHaveLength(4);
});

it('is never of a type that a browser would run', async () => {
  const types = ['text/html', 'image/svg+xml', 'image/png+xml', 'audio/', 'video/mp4, text/html'];
  for (const [seq, type] of types.entries()) {
    server.files.put(seq, pattern(10), type);
    const found = outcome(get(seq));
    await until(() => found.file !== null);
    expect(found.file?.type).toBe('application/octet-stream');
  }
});

it('waits for a connection, and goes on with the next one', async () => {
  const bytes = pattern(2 * RANGE_BYTES_MAX + 5);
  server.files.put(9, bytes);
  server.files.held = [];
  const found = outcome(get(9));
  await until(() => server.files.held?.length === 1);
  server.files.held[0]?.();
  await until(() => (server.files.held?.length ?? 0) > 1);
  server.drop(null);
  server.files.held = null;
  await until(() => found.file !== null);
  expect(await sameBytes(found.file, bytes)).toBe(true);
  expect(server.files.asked.filter(({ offset }) => offset === 0)).toHaveLength(1);
});

it('keeps what came of a range that was cut, and goes on behind it', async () => {
  const bytes = pattern(RANGE_BYTES_MAX + 100_000);
  server.files.put(9, bytes);
  server.files.cutAt = 10 * 65_536;
  const found = outcome(get(9));
  await until(() => found.file !== null);
  expect(await sameBytes(found.file, bytes)).toBe(true);
  const asked = server.files.asked.map(({ offset, length }) => [offset, offset + length]);
  expect(asked.sort(([a = 0], [b = 0]) => a - b)).toEqual([
    [0, RANGE_BYTES_MAX],
    [10 * 65_536, RANGE_BYTES_MAX],
    [RANGE_BYTES_MAX, bytes.length],
  ]);
});

it('of a file that is still being sent comes as it grows', async () => {
  const file = server.files.put(9, pattern(100_000));
  file.state = { ...file.state, outcome: FileOutcome.pending };
  file.have = 40_000;
  const found = outcome(get(9));
  await page.clock.pass(3_000);
  expect(found.file).toBe(null);
  expect(page.downloads[0]).toMatchObject({ bytes: 40_000, size: 100_000 });
  file.have = 100_000;
  await until(() => found.file !== null);
  expect(found.file?.size).toBe(100_000);
  expect(page.downloads).toEqual([]);
});

it('waits for a sender who pauses, asks ever more seldom, and keeps what has come', async () => {
  const bytes = pattern(RANGE_BYTES_MAX + 100_000);
  const file = server.files.put(9, bytes);
  file.state = { ...file.state, outcome: FileOutcome.pending };
  file.have = 40_000;
  const found = outcome(get(9));
  for (let turn = 0; turn < 60; turn += 1) await page.clock.pass(2_000);
  expect(found).toEqual({ file: null, error: null });
  const asked = server.files.asked.length;
  for (let turn = 0; turn < 15; turn += 1) await page.clock.pass(2_000);
  // For both ranges each fifteen seconds.
  expect(server.files.asked.length - asked).toBeLessThanOrEqual(6);
  file.have = bytes.length;
  await until(() => found.file !== null);
  expect(await sameBytes(found.file, bytes)).toBe(true);
  expect(server.files.asked.filter(({ offset }) => offset === 0)).toHaveLength(1);
});

it('says why a file cannot be had', async () => {
  const found = outcome(get(77));
  await until(() => found.error !== null);
  expect(found.error).toMatchObject({ code: Code.noSuchFile });
});

it('stands in the list of its room, the newest first', async () => {
  for (const name of ['a', 'b']) page.upload(room, name, new Blob([name]));
  server.post(room, server.user, 'between');
  await until(() => page.lines.filter(({ file }) => file).length === 2);
  page.upload(room, 'c', new Blob(['c']));
  await until(() => page.lines.filter(({ file }) => file).length === 3);
  const { files, next } = await page.client.answer('roomFiles', { room: room.info.id, before: null });
  expect(files.map(({ file }) => file?.name)).toEqual(['c', 'b', 'a']);
  expect(next).toBe(null);
});

describe('of two', () => {
  it('the small one comes before what is left of the big one', async () => {
    server.files.put(9, pattern(5 * RANGE_BYTES_MAX));
    server.files.put(10, pattern(10));
    server.files.held = [];
    const big = outcome(get(9));
    await until(() => server.files.held?.length === 1);
    server.files.held.shift()?.();
    await until(() => server.files.held?.length === 2);
    const small = outcome(get(10, FileVariant.thumbnail));
    await page.clock.pass(100);
    expect(server.files.held).toHaveLength(2);
    server.files.held.shift()?.();
    await until(() => server.files.asked.at(-1)?.seq === 10);
    while (small.file === null) {
      server.files.held.shift()?.();
      await page.clock.pass(50);
    }
    expect(big.file).toBe(null);
  });

  it('the one that is given up asks for nothing more', async () => {
    server.files.put(9, pattern(5 * RANGE_BYTES_MAX));
    server.files.held = [];
    const big = outcome(get(9));
    await until(() => server.files.held?.length === 1);
    page.client.command({ do: 'cancelDownload', room: room.info.id, seq: 9 });
    await until(() => big.error !== null);
    expect(big.error?.message).toBe(CALLED_OFF);
    server.files.held.shift()?.();
    await page.clock.pass(1_000);
    expect(server.files.asked).toHaveLength(1);
    expect(page.downloads).toEqual([]);
  });
});
