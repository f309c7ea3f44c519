/** Files that are sent while connections, pages and servers come and go. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Code, FileOutcome } from '../../protocol/generated';
import { sameBytes } from '../../testing/same_bytes';
import { Page } from '../../testing/scripted_page';
import { ScriptedTabs } from '../../testing/scripted_tabs';
import { ScriptedServer } from '../../testing/scripted_server';
import type { ServerRoom } from '../../testing/scripted_server';
import { memoryOutboxStore } from '../outbox_store';
import {
  HASHED_AT_ONCE_MAX,
  KEEP_MS_MAX,
  SURELY_KEPT_BYTES_MAX,
  SURELY_KEPT_MS_MAX,
  UPLOADS_AT_ONCE_MAX,
} from './limits';
import { memoryUploadStore } from './upload_store';
import { oneTab } from './upload_tabs';
import { Uploads } from './uploads';

const KIB = 1024;

function noise(bytes: number, seed = 1): Blob {
  let state = seed;
  return new Blob([
    Uint8Array.from({ length: bytes }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    }),
  ]);
}

const arrived = (transfer: string, file: Blob): Promise<boolean> =>
  sameBytes(file, server.files.transfers.get(transfer)?.bytes);

/** Real reads and hashes take real time; the clock stands meanwhile. */
async function until(page: Page, reached: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !reached(); turn += 1) await page.clock.pass(50);
  expect(reached()).toBe(true);
}

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

describe('what is kept', () => {
  /** A page whose storage takes files when it is told to. */
  async function slowlyKept(bytes: number): Promise<{ keep: () => void }> {
    page.client.stop();
    const store = memoryUploadStore();
    const kept = { keep: (): void => undefined };
    const putFile = (): Promise<void> =>
      new Promise((resolve) => {
        kept.keep = resolve;
      });
    page = new Page(server, memoryOutboxStore(), { ...store, putFile });
    await page.view(room);
    page.upload(room, 'noise.bin', noise(bytes));
    await page.clock.pass(500);
    return kept;
  }

  it('of a small file is all of it, before anybody hears of it', async () => {
    const kept = await slowlyKept(100 * KIB);
    await page.clock.pass(SURELY_KEPT_MS_MAX - 600);
    expect(room.log).toEqual([]);
    kept.keep();
    await until(page, () => page.lines[0]?.file?.state.outcome === FileOutcome.complete);
  });

  it('is not waited for without end', async () => {
    await slowlyKept(SURELY_KEPT_BYTES_MAX + 1);
    await page.clock.pass(KEEP_MS_MAX);
    await until(page, () => page.lines[0]?.file?.state.outcome === FileOutcome.complete);
  });

  it('of a file that is not read yet is all of it, also when it is tried again', async () => {
    const slow = noise(100 * KIB);
    const slice = slow.slice.bind(slow);
    let isStuck = true;
    slow.slice = (from, to) => {
      const part = slice(from, to);
      // As on a disk that does not answer.
      if (isStuck) part.arrayBuffer = () => new Promise(() => undefined);
      return part;
    };
    const { uploadStore } = page;
    const first = page.upload(room, 'noise.bin', slow).transfer;
    await page.clock.pass(100);
    expect(await uploadStore.all()).toMatchObject([{ transfer: first, digest: null }]);
    expect((await uploadStore.file(first))?.size).toBe(100 * KIB);

    // One that the server has ended goes as another one.
    server.files.refuse = Code.fileDigestWrong;
    page.client.stop();
    await page.clock.pass(100);
    page = new Page(server, memoryOutboxStore(), uploadStore);
    await page.view(room);
    const kept = await uploadStore.file(first);
    isStuck = false;
    await until(page, () => page.uploads[0]?.state === 'failed');
    isStuck = true;
    expect(kept).toBe(slow);
    page.client.command({ do: 'retryUpload', transfer: first });
    await page.clock.pass(0);
    const [again, ...others] = await uploadStore.all();
    expect(others).toEqual([]);
    expect(again).toMatchObject({ name: 'noise.bin', code: null, digest: null });
    expect(again?.transfer).not.toBe(first);
    expect(await uploadStore.file(again?.transfer ?? '')).toBe(slow);
    expect(await uploadStore.file(first)).toBe(null);
  });

  it('is forgotten before another tab may have the transfer', async () => {
    const told: string[] = [];
    const store = memoryUploadStore();
    let forgotten = (): void => undefined;
    const remove = (): Promise<void> =>
      new Promise((resolve) => {
        forgotten = resolve;
      });
    const uploads = new Uploads(
      { ...store, remove },
      {
        ...oneTab,
        hold: async (_transfer, work) => {
          await work();
          told.push('free');
        },
      },
      page.clock,
      () => undefined,
    );
    const upload = page.upload(room, 'noise.bin', noise(10));
    uploads.add(upload);
    await page.clock.pass(100);
    uploads.cancel(upload.transfer);
    await page.clock.pass(100);
    expect(uploads.list).toEqual([]);
    expect(told).toEqual([]);
    forgotten();
    await page.clock.pass(100);
    expect(told).toEqual(['free']);
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

describe('of two tabs', () => {
  it('the one that is left goes on when the other one goes, without being loaded anew', async () => {
    const tabs = new ScriptedTabs();
    const store = memoryUploadStore();
    page.client.stop();
    const [one, two] = [tabs.open(), tabs.open()].map(
      (tab) => new Page(server, memoryOutboxStore(), store, tab),
    );
    if (!one || !two) throw new Error('no tabs');
    await one.view(room);
    await two.view(room);
    server.files.stallAt = 128 * KIB;
    const file = noise(400 * KIB);
    const { transfer } = one.upload(room, 'noise.bin', file);
    await until(one, () => server.files.transfers.get(transfer)?.have === 128 * KIB);
    await two.clock.pass(1_000);
    expect(two.uploads).toEqual([]);
    one.client.stop();
    tabs.close(transfer);
    server.files.stallAt = Infinity;
    await until(two, () => two.lines[0]?.file?.state.outcome === FileOutcome.complete);
    expect(await arrived(transfer, file)).toBe(true);
    expect(two.lines).toHaveLength(1);
    await until(two, () => two.uploads.length === 0);
    expect(await store.all()).toEqual([]);
  });
});

describe('a page that is loaded anew', () => {
  it('goes on with what the browser has kept', async () => {
    server.files.stallAt = 1_300 * KIB;
    const file = noise(2_500 * KIB);
    const { transfer } = page.upload(room, 'noise.bin', file);
    await until(page, () => server.files.transfers.get(transfer)?.have === 1_300 * KIB);
    server.files.stallAt = Infinity;
    page.client.stop();
    await page.clock.pass(100);
    const before = server.files.chunks.length;
    const again = new Page(server, memoryOutboxStore(), page.uploadStore);
    await again.view(room);
    await until(again, () => again.lines[0]?.file?.state.outcome === FileOutcome.complete);
    expect(server.files.chunks[before]?.offset).toBe(1_300 * KIB);
    expect(await arrived(transfer, file)).toBe(true);
    expect(again.uploads).toEqual([]);
  });

  it('asks for a file that could not be kept, and takes no other', async () => {
    server.files.stallAt = 128 * KIB;
    const store = { ...page.uploadStore, putFile: () => Promise.reject(new Error('full')) };
    page.client.stop();
    page = new Page(server, memoryOutboxStore(), store);
    await page.view(room);
    const file = noise(1_500 * KIB);
    const { transfer } = page.upload(room, 'noise.bin', file);
    await until(page, () => server.files.transfers.get(transfer)?.have === 128 * KIB);
    page.client.stop();
    await page.clock.pass(100);
    server.files.stallAt = Infinity;

    const again = new Page(server, memoryOutboxStore(), store);
    await again.view(room);
    await until(again, () => again.uploads[0]?.state === 'fileNeeded');
    again.client.command({ do: 'giveFile', transfer, file: noise(1_500 * KIB, 99) });
    await until(again, () => again.uploads[0]?.otherFile === true);
    expect(again.uploads[0]?.state).toBe('fileNeeded');
    again.client.command({ do: 'giveFile', transfer, file });
    await until(again, () => again.lines[0]?.file?.state.outcome === FileOutcome.complete);
    expect(await arrived(transfer, file)).toBe(true);
  });

  it('learns from the log that another device has finished it', async () => {
    const store = memoryUploadStore();
    const file = noise(500 * KIB);
    page.client.stop();
    page = new Page(server, memoryOutboxStore(), store);
    await page.view(room);
    const { transfer } = page.upload(room, 'noise.bin', file);
    await until(page, () => page.lines[0]?.file?.state.outcome === FileOutcome.complete);
    expect(await store.get(transfer)).toBe(null);
    const left = { ...page.write(room, ''), transfer, name: 'noise.bin', mediaType: '', size: 500 * KIB };
    const clientId = page.lines[0]?.clientId ?? '';
    const rest = { digest: null, prefix: null, begun: true, wish: 'pause' as const, code: null };
    await store.put({ ...left, ...rest, clientId });
    const again = new Page(server, memoryOutboxStore(), store);
    await again.view(room);
    await until(again, () => again.uploads.length === 0 && again.lines.length === 1);
    expect(await store.all()).toEqual([]);
  });
});
