/** The tray: what it holds is there again after a reload, as far as the browser keeps it. */
import 'fake-indexeddb/auto';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it } from 'vitest';
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
  before.remove('a', before.ofRoom('a')[0]?.id ?? '');
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
