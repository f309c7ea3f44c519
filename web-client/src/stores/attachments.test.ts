/** The tray: what it holds is there again after a reload, as far as the browser keeps it. */
import 'fake-indexeddb/auto';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it, vi } from 'vitest';
import { KEPT_FILE_BYTES_MAX, UPLOADS_MAX } from '../client/files/limits';
import { openUploadStore } from '../client/files/upload_store';
import { forgetUser, openDatabase } from '../storage/database';
import { openTray } from '../storage/tray';
import { useAttachments } from './attachments';
import { useChat } from './chat';
import { useDrafts } from './drafts';

const file = (name: string, text = name): File => new File([text], name);

/** The page as it is after a reload. */
async function reloaded(user = 'one'): Promise<ReturnType<typeof useAttachments>> {
  setActivePinia(createPinia());
  const attachments = useAttachments();
  await attachments.load(user);
  return attachments;
}

/** Until the browser has what it is to keep of a user. */
async function kept(user: string, ids: number, withFile = ids): Promise<void> {
  for (;;) {
    const all = await openTray(user).all();
    if (all.length === ids && all.filter((one) => one.file).length === withFile) return;
    await new Promise((soon) => setTimeout(soon, 5));
  }
}

beforeEach(async () => {
  await forgetUser('one');
});

it('what was chosen is there after a reload, in its order and its room', async () => {
  const before = await reloaded();
  expect(before.add('a', [file('1.txt'), file('2.txt')])).toBe(0);
  before.add('b', [file('3.txt')]);
  await kept('one', 3);
  const after = await reloaded();
  expect(after.ofRoom('a').map(({ name, problem }) => [name, problem])).toEqual([
    ['1.txt', null],
    ['2.txt', null],
  ]);
  expect(after.ofRoom('b').map(({ file: kept }) => kept?.size)).toEqual([5]);
  expect((await reloaded('two')).ofRoom('a')).toEqual([]);
});

it('what was removed or sent is not', async () => {
  const before = await reloaded();
  before.add('a', [file('1.txt'), file('2.txt')]);
  before.add('b', [file('3.txt')]);
  await kept('one', 3);
  before.remove(before.ofRoom('a')[0]?.id ?? '');
  for (const one of before.take('b')) useChat().upload('b', one, '');
  await kept('one', 1);
  const after = await reloaded();
  expect(after.ofRoom('a').map(({ name }) => name)).toEqual(['2.txt']);
  expect(after.ofRoom('b')).toEqual([]);
});

it('what was sent is an upload with its bytes and its words, before the worker has read any', async () => {
  const before = await reloaded();
  const drafts = useDrafts();
  await drafts.load('one');
  drafts.set('a', 'from the journey');
  drafts.flushAll();
  before.add('a', [file('1.txt'), file('2.txt')]);
  await kept('one', 2);
  before.take('a').forEach((one, at) => {
    useChat().upload('a', one, at === 0 ? 'from the journey' : '');
  });
  await kept('one', 0);
  const store = openUploadStore('one');
  const sent = await store.all();
  expect(sent.map(({ name, text }) => [name, text])).toEqual([
    ['1.txt', 'from the journey'],
    ['2.txt', ''],
  ]);
  for (const { transfer } of sent) expect((await store.file(transfer))?.size).toBe(5);
  expect(await (await openDatabase()).get('drafts', ['one', 'a'])).toBe(undefined);
});

it('what one tab sends or removes no other tab of the user has any more, and cannot send again', async () => {
  const one = await reloaded();
  one.add('a', [file('1.txt')]);
  one.add('b', [file('2.txt'), file('3.txt')]);
  await kept('one', 3);
  const two = await reloaded();
  const somebodyElse = await reloaded('two');
  expect(two.count).toBe(3);
  for (const taken of one.take('a')) useChat().upload('a', taken, '');
  one.remove(one.ofRoom('b')[0]?.id ?? '');
  await vi.waitFor(() => {
    expect(two.count).toBe(1);
  });
  expect(two.take('a')).toEqual([]);
  expect(two.ofRoom('b').map(({ name }) => name)).toEqual(['3.txt']);
  expect(somebodyElse.count).toBe(0);
  for (const tab of [one, two, somebodyElse]) tab.reset();
});

it('what was spoken and not sent waits as such, also after a reload', async () => {
  const before = await reloaded();
  const voice = { durationMs: 7_000, waveform: Uint8Array.from([1, 2]) };
  before.addSpoken('a', file('voice.webm'), voice);
  await kept('one', 1);
  const after = await reloaded();
  expect(after.take('a')).toMatchObject([{ file: { size: 10 }, voice }]);
  before.reset();
  after.reset();
});

it('what was spoken is an upload as soon as it is sent', async () => {
  await reloaded();
  const voice = { durationMs: 7_000, waveform: Uint8Array.from([1, 2]) };
  useChat().upload('a', { file: file('voice.webm'), picture: null, voice }, '');
  const store = openUploadStore('one');
  await vi.waitFor(async () => {
    expect(await store.all()).toMatchObject([{ name: 'voice.webm', voice }]);
  });
});

it('what is removed while its bytes are being kept stays removed', async () => {
  const tray = openTray('one');
  await tray.all();
  const one = { id: '1', room: 'a', name: '1.txt', size: 5, file: file('1.txt') };
  await Promise.all([tray.put(one), tray.remove(['1'])]);
  expect(await tray.all()).toEqual([]);
});

it('what is too large to be kept is asked for by its name, and no other is taken', async () => {
  const before = await reloaded();
  const big = file('film.mp4');
  Object.defineProperty(big, 'size', { value: KEPT_FILE_BYTES_MAX + 1 });
  before.add('a', [big]);
  await kept('one', 1, 0);
  const after = await reloaded();
  const [lost] = after.ofRoom('a');
  expect(lost).toMatchObject({ name: 'film.mp4', file: null, problem: 'lost' });
  after.giveAgain('a', lost?.id ?? '', file('film.mp4'));
  expect(after.ofRoom('a')[0]).toMatchObject({ file: null, problem: 'other' });
  after.giveAgain('a', lost?.id ?? '', big);
  expect(after.ofRoom('a')[0]).toMatchObject({ file: big, problem: null });
  expect(after.take('a')).toHaveLength(1);
});

it('tells how many there were no place for', async () => {
  const attachments = await reloaded('two');
  const many = Array.from({ length: UPLOADS_MAX + 3 }, (_, at) => file(String(at)));
  expect(attachments.add('c', many)).toBe(3);
  expect(attachments.ofRoom('c')).toHaveLength(UPLOADS_MAX);
  await forgetUser('two');
});
