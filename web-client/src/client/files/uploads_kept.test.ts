/** What the browser keeps of files that are sent, and who goes on with them from it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Code, FileOutcome } from '../../protocol/generated';
import { sameBytes } from '../../testing/same_bytes';
import { Page } from '../../testing/scripted_page';
import { ScriptedTabs } from '../../testing/scripted_tabs';
import { ScriptedServer } from '../../testing/scripted_server';
import type { ServerRoom } from '../../testing/scripted_room';
import { noise, until } from '../../testing/uploading';
import { memoryOutboxStore } from '../outbox_store';
import { KEEP_MS_MAX, SURELY_KEPT_BYTES_MAX, SURELY_KEPT_MS_MAX } from './limits';
import { memoryUploadStore } from './upload_store';
import { oneTab } from './upload_tabs';
import { Uploads } from './uploads';

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

  it('shows how far a paused file had come, and goes on once it is chosen again', async () => {
    server.files.stallAt = 128 * KIB;
    const store = { ...page.uploadStore, putFile: () => Promise.reject(new Error('full')) };
    page.client.stop();
    page = new Page(server, memoryOutboxStore(), store);
    await page.view(room);
    const file = noise(1_500 * KIB);
    const { transfer } = page.upload(room, 'noise.bin', file);
    await until(page, () => page.uploads[0]?.durableBytes === 128 * KIB);
    page.client.command({ do: 'pauseUpload', transfer });
    await until(page, () => page.uploads[0]?.state === 'paused');
    page.client.stop();
    await page.clock.pass(100);
    server.files.stallAt = Infinity;

    const again = new Page(server, memoryOutboxStore(), store);
    await again.view(room);
    await until(again, () => again.uploads[0]?.state === 'fileNeeded');
    expect(again.uploads[0]?.durableBytes).toBe(128 * KIB);
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
