/** Files that are sent while connections, pages and servers come and go. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Code, FileOutcome } from '../../protocol/generated';
import { sameBytes } from '../../testing/same_bytes';
import { Page } from '../../testing/scripted_page';
import { ScriptedServer } from '../../testing/scripted_server';
import type { ServerRoom } from '../../testing/scripted_room';
import { noise, until } from '../../testing/uploading';
import { memoryOutboxStore } from '../outbox_store';
import { HASHED_AT_ONCE_MAX, UPLOADS_AT_ONCE_MAX } from './limits';
import { memoryUploadStore } from './upload_store';

const KIB = 1024;

const arrived = (transfer: string, file: Blob): Promise<boolean> =>
  sameBytes(file, server.files.transfers.get(transfer)?.bytes);

let server: ScriptedServer;
let room: ServerRoom;
let page: Page;

beforeEach(async () => {
  server = new ScriptedServer();
  room = server.room('one');
  page = new Page(server);
  await page.view(room);
});

describe('a file', () => {
  it('becomes a message at once, and is whole when the server has it', async () => {
    const file = noise(700 * KIB);
    const { transfer } = page.upload(room, 'noise.bin', file);
    await until(page, () => page.lines.length === 1);
    expect(page.lines[0]).toMatchObject({ kind: 'file', file: { name: 'noise.bin', size: 700 * KIB } });
    await until(page, () => page.lines[0]?.file?.state.outcome === FileOutcome.complete);
    expect(await arrived(transfer, file)).toBe(true);
    expect(page.uploads).toEqual([]);
    expect(await page.uploadStore.all()).toEqual([]);
    expect(await page.uploadStore.file(transfer)).toBe(null);
  });

  it('of no bytes is a file too', async () => {
    page.upload(room, 'empty', new Blob([]));
    await until(page, () => page.lines[0]?.file?.state.outcome === FileOutcome.complete);
    expect(page.uploads).toEqual([]);
  });

  it('goes on from the server’s offset when its stream breaks, and nothing is sent twice', async () => {
    server.files.breakAt = 300 * KIB;
    const file = noise(600 * KIB, 7);
    const { transfer } = page.upload(room, 'noise.bin', file);
    await until(page, () => page.lines[0]?.file?.state.outcome === FileOutcome.complete);
    expect(await arrived(transfer, file)).toBe(true);
    const sent = server.files.chunks.reduce((sum, { length }) => sum + length, 0);
    expect(sent).toBe(600 * KIB);
    expect(room.log.filter((entry) => entry.file)).toHaveLength(1);
  });

  it('goes on with the next connection', async () => {
    server.files.stallAt = 200 * KIB;
    const file = noise(900 * KIB, 3);
    const { transfer } = page.upload(room, 'noise.bin', file);
    await until(page, () => server.files.transfers.get(transfer)?.have === 200 * KIB);
    server.files.stallAt = Infinity;
    server.drop(null);
    await until(page, () => page.lines[0]?.file?.state.outcome === FileOutcome.complete);
    expect(server.attempts).toBe(2);
    expect(await arrived(transfer, file)).toBe(true);
  });

  it('sends no byte past the credit', async () => {
    server.files.creditBytes = 10_000;
    const { transfer } = page.upload(room, 'noise.bin', noise(35_000));
    await until(page, () => page.lines[0]?.file?.state.outcome === FileOutcome.complete);
    const ends = server.files.chunks.map(({ offset, length }) => [offset, offset + length]);
    expect(ends).toEqual([
      [0, 10_000],
      [10_000, 20_000],
      [20_000, 30_000],
      [30_000, 35_000],
    ]);
    expect(server.files.transfers.get(transfer)?.have).toBe(35_000);
  });
});

describe('a person', () => {
  it('pauses and resumes', async () => {
    server.files.stallAt = 128 * KIB;
    const { transfer } = page.upload(room, 'noise.bin', noise(2_000 * KIB));
    await until(page, () => server.files.transfers.get(transfer)?.have === 128 * KIB);
    page.client.command({ do: 'pauseUpload', transfer });
    await page.clock.pass(1_000);
    expect(page.uploads[0]?.state).toBe('paused');
    const { have } = server.files.transfers.get(transfer) ?? { have: 0 };
    await page.clock.pass(60_000);
    expect(server.files.transfers.get(transfer)?.have).toBe(have);
    server.files.stallAt = Infinity;
    page.client.command({ do: 'resumeUpload', transfer });
    await until(page, () => page.lines[0]?.file?.state.outcome === FileOutcome.complete);
  });

  it('takes a file back, and its message says so', async () => {
    server.files.stallAt = 128 * KIB;
    const { transfer } = page.upload(room, 'noise.bin', noise(2_000 * KIB));
    await until(page, () => server.files.transfers.get(transfer)?.have === 128 * KIB);
    page.client.command({ do: 'cancelUpload', transfer });
    await until(page, () => page.lines[0]?.file?.state.outcome === FileOutcome.failed);
    await until(page, () => page.uploads.length === 0);
    expect(page.lines[0]?.file?.state.code).toBe(Code.transferEnded);
    expect(await page.uploadStore.all()).toEqual([]);
  });

  it('takes a file back before anybody has heard of it, and there is no message', async () => {
    server.refuse = new Error('down');
    server.drop(null);
    await page.clock.pass(100);
    const { transfer } = page.upload(room, 'noise.bin', noise(10));
    await page.clock.pass(100);
    expect(page.uploads[0]?.state).toBe('queued');
    page.client.command({ do: 'cancelUpload', transfer });
    server.refuse = null;
    await page.clock.pass(30_000);
    expect(page.uploads).toEqual([]);
    expect(room.log).toEqual([]);
  });

  it('reads why a file was refused, and tries again under the same id', async () => {
    server.files.refuse = Code.quotaExceeded;
    const { transfer } = page.upload(room, 'noise.bin', noise(10));
    await until(page, () => page.uploads[0]?.state === 'failed');
    expect(page.uploads[0]).toMatchObject({ code: Code.quotaExceeded, transfer });
    expect(room.log).toEqual([]);
    server.files.refuse = null;
    page.client.command({ do: 'retryUpload', transfer });
    await until(page, () => page.lines[0]?.file?.state.outcome === FileOutcome.complete);
    expect(page.lines[0]?.file?.transfer).toBe(transfer);
  });

  it('is gone with its message, and is not sent a second time', async () => {
    server.files.stallAt = 128 * KIB;
    const { transfer } = page.upload(room, 'noise.bin', noise(400 * KIB));
    await until(page, () => server.files.transfers.get(transfer)?.have === 128 * KIB);
    const posted = room.log.length;
    server.files.refuse = Code.messageRemoved;
    server.drop(null);
    await until(page, () => page.uploads.length === 0);
    expect(await page.uploadStore.all()).toEqual([]);
    server.files.refuse = null;
    await page.clock.pass(60_000);
    expect(room.log).toHaveLength(posted);
  });

  it('sends a file anew whose transfer is over', async () => {
    server.files.stallAt = 128 * KIB;
    const { transfer } = page.upload(room, 'noise.bin', noise(400 * KIB));
    await until(page, () => server.files.transfers.get(transfer)?.have === 128 * KIB);
    const file = server.files.transfers.get(transfer);
    if (!file) throw new Error('no transfer');
    // As when it was left for a day.
    page.client.command({ do: 'pauseUpload', transfer });
    await page.clock.pass(100);
    file.state = { ...file.state, outcome: FileOutcome.failed, code: Code.transferEnded };
    page.client.command({ do: 'resumeUpload', transfer });
    await until(page, () => page.uploads[0]?.state === 'failed');
    server.files.stallAt = Infinity;
    page.client.command({ do: 'retryUpload', transfer });
    await until(page, () => page.lines.at(-1)?.file?.state.outcome === FileOutcome.complete);
    expect(page.lines).toHaveLength(2);
    expect(page.lines[1]?.file?.transfer).not.toBe(transfer);
  });
});

describe('a file that fails on this side', () => {
  /** As when the network or the server stops in the middle, and then says why. */
  async function refusedAfterABeginning(code: number): Promise<string> {
    server.files.stallAt = 128 * KIB;
    const { transfer } = page.upload(room, 'noise.bin', noise(400 * KIB));
    await until(page, () => server.files.transfers.get(transfer)?.have === 128 * KIB);
    server.files.refuse = code;
    server.drop(null);
    for (let turn = 0; turn < 200 && page.uploads[0]?.state !== 'failed'; turn += 1)
      await page.clock.pass(1_000);
    expect(page.uploads[0]).toMatchObject({ state: 'failed', code });
    server.files.stallAt = Infinity;
    return transfer;
  }

  it.each([Code.storageFull, Code.rateLimited, Code.transferTaken])(
    'goes on with its own message when it is tried again (%i)',
    async (code) => {
      const transfer = await refusedAfterABeginning(code);
      server.files.refuse = null;
      page.client.command({ do: 'retryUpload', transfer });
      await until(page, () => page.lines[0]?.file?.state.outcome === FileOutcome.complete);
      expect(page.lines).toHaveLength(1);
      expect(page.lines[0]?.file?.transfer).toBe(transfer);
    },
  );

  it.each([Code.busy, Code.transferTaken])(
    'leaves no message that waits when it is removed (%i)',
    async (code) => {
      const transfer = await refusedAfterABeginning(code);
      page.client.command({ do: 'removeUpload', transfer });
      await page.clock.pass(300_000);
      expect(page.uploads[0]?.state).toBe('cancelling');
      server.files.refuse = null;
      await page.clock.pass(30_000);
      expect(page.lines[0]?.file?.state.outcome).toBe(FileOutcome.failed);
      expect(page.uploads).toEqual([]);
      expect(await page.uploadStore.all()).toEqual([]);
    },
  );

  it('is gone at once where the server has nothing of it', async () => {
    server.files.refuse = Code.quotaExceeded;
    const { transfer } = page.upload(room, 'noise.bin', noise(10));
    await until(page, () => page.uploads[0]?.state === 'failed');
    page.client.command({ do: 'removeUpload', transfer });
    await page.clock.pass(100);
    expect(page.uploads).toEqual([]);
    server.files.refuse = null;
    await page.clock.pass(60_000);
    expect(room.log).toEqual([]);
  });

  it('is asked for when it cannot be read any more, and goes on', async () => {
    server.files.stallAt = 1_024 * KIB;
    const whole = noise(1_500 * KIB, 5);
    const file = noise(1_500 * KIB, 5);
    let gone = false;
    const slice = file.slice.bind(file);
    file.slice = (from, to) => {
      if (gone) throw new DOMException('moved', 'NotReadableError');
      return slice(from, to);
    };
    const { transfer } = page.upload(room, 'noise.bin', file);
    await until(page, () => server.files.transfers.get(transfer)?.have === 1_024 * KIB);
    gone = true;
    server.files.stallAt = Infinity;
    server.drop(null);
    await until(page, () => page.uploads[0]?.state === 'fileNeeded');
    expect(page.uploads[0]?.unreadable).toBe(true);
    page.client.command({ do: 'giveFile', transfer, file: whole });
    await until(page, () => page.lines[0]?.file?.state.outcome === FileOutcome.complete);
    expect(page.lines).toHaveLength(1);
    expect(await arrived(transfer, whole)).toBe(true);
  });

  it('is asked for when it could not be read at all', async () => {
    const file = noise(100);
    const { slice } = file;
    file.slice = () => {
      throw new DOMException('gone', 'NotFoundError');
    };
    const { transfer } = page.upload(room, 'noise.bin', file);
    await until(page, () => page.uploads[0]?.state === 'fileNeeded');
    expect(room.log).toEqual([]);
    file.slice = slice;
    page.client.command({ do: 'giveFile', transfer, file });
    await until(page, () => page.lines[0]?.file?.state.outcome === FileOutcome.complete);
  });
});

describe('several files', () => {
  it('are posted in the order of choosing, a few under way at once', async () => {
    server.files.stallAt = 128 * KIB;
    for (const name of ['a', 'b', 'c', 'd', 'e']) page.upload(room, name, noise(300 * KIB));
    await until(page, () => server.files.chunks.length === 2 * UPLOADS_AT_ONCE_MAX);
    await page.clock.pass(1_000);
    const states = page.uploads.map(({ state }) => state);
    expect(states).toEqual(['sending', 'sending', 'sending', 'queued', 'queued']);
    server.files.stallAt = Infinity;
    server.drop(null);
    await until(
      page,
      () => page.lines.filter(({ file }) => file?.state.outcome === FileOutcome.complete).length === 5,
    );
    expect(page.lines.map(({ file }) => file?.name)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('come behind the words that were written before them, also after a connection that broke', async () => {
    server.refuse = new Error('unreachable');
    server.drop(null);
    await page.clock.pass(100);
    page.send(room, 'one');
    page.send(room, 'two');
    await page.clock.pass(10);
    page.upload(room, 'three', noise(10));
    await page.clock.pass(10);
    page.send(room, 'four');
    server.refuse = null;
    await until(page, () => page.lines.length === 4);
    const posted = page.lines.map(({ text, file }) => file?.name ?? text);
    expect(posted.filter((what) => what !== 'four')).toEqual(['one', 'two', 'three']);
  });

  it('come in their order also where the first takes longer to be kept', async () => {
    page.client.stop();
    const store = memoryUploadStore();
    let first = true;
    const kept = { keep: (): void => undefined };
    const putFile = (): Promise<void> => {
      if (!first) return Promise.resolve();
      first = false;
      return new Promise((resolve) => {
        kept.keep = resolve;
      });
    };
    page = new Page(server, memoryOutboxStore(), { ...store, putFile });
    await page.view(room);
    for (const name of ['a', 'b']) page.upload(room, name, noise(10));
    await page.clock.pass(500);
    expect(page.lines).toEqual([]);
    kept.keep();
    await until(page, () => page.lines.length === 2);
    expect(page.lines.map(({ file }) => file?.name)).toEqual(['a', 'b']);
  });

  it('are hashed a few at once', async () => {
    server.refuse = new Error('down');
    server.drop(null);
    await page.clock.pass(100);
    let [reading, most, read] = [0, 0, 0];
    for (let at = 0; at < 6; at += 1) {
      const file = noise(10);
      const slice = file.slice.bind(file);
      file.slice = (from, to) => {
        const part = slice(from, to);
        part.arrayBuffer = async () => {
          reading += 1;
          most = Math.max(most, reading);
          await new Promise((soon) => setTimeout(soon));
          reading -= 1;
          read += 1;
          return new Response(slice(from, to)).arrayBuffer();
        };
        return part;
      };
      page.upload(room, String(at), file);
    }
    // Its beginning, and the whole of it.
    await until(page, () => read === 2 * 6);
    expect(most).toBe(HASHED_AT_ONCE_MAX);
  });
});
