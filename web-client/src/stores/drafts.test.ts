// @vitest-environment jsdom
import 'fake-indexeddb/auto';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openDatabase } from '../storage/database';
import { useDrafts } from './drafts';

type Told = [room: string, text: string, revision: number];
let told: Told[] = [];
let serial = 0;
let user = '';

const load = (): Promise<void> => {
  setActivePinia(createPinia());
  told = [];
  return useDrafts().load(user, (...what) => {
    told.push(what);
  });
};
const stored = async (): Promise<unknown> => (await openDatabase()).get('drafts', [user, 'room']);

beforeEach(async () => {
  serial += 1;
  user = `user ${String(serial)}`;
  await load();
});

describe('a draft', () => {
  it('comes from another device, and not over what is being written here', () => {
    const drafts = useDrafts();
    drafts.takeOther('room', 'from there', 0);
    expect(drafts.texts.get('room')).toBe('from there');
    drafts.set('room', 'from here');
    drafts.takeOther('room', 'late', 0);
    expect(drafts.texts.get('room')).toBe('from here');
    // The worker knows of it, and the server has it: from now on others are newer.
    drafts.kept('room', 1);
    drafts.takeOther('room', 'later', 1);
    expect(drafts.texts.get('room')).toBe('later');
  });

  it('that the server has not got is told again after a reload, and wins', async () => {
    useDrafts().set('room', 'unsent');
    useDrafts().flushAll();
    await vi.waitFor(async () => {
      expect(await stored()).toMatchObject({ text: 'unsent', isKept: false });
    });
    await load();
    expect(told).toEqual([['room', 'unsent', 0]]);
    useDrafts().keepOnly([]);
    expect(useDrafts().texts.get('room')).toBe('unsent');
  });

  it('that the server has goes with it', async () => {
    useDrafts().set('room', 'kept');
    useDrafts().flushAll();
    useDrafts().kept('room', 1);
    await vi.waitFor(async () => {
      expect(await stored()).toMatchObject({ text: 'kept', isKept: true });
    });
    await load();
    expect(told).toEqual([]);
    useDrafts().keepOnly(['other']);
    expect(useDrafts().texts.get('room')).toBe('');
    await vi.waitFor(async () => {
      expect(await stored()).toBe(undefined);
    });
  });

  it('that became a message without a connection does not come back', async () => {
    useDrafts().takeOther('room', 'hello', 0);
    const item = { clientId: 'c', room: 'room', text: 'hello', createdMs: 1, state: 'waiting' } as const;
    await useDrafts().send(item);
    expect(await stored()).toMatchObject({ text: '', isKept: false });
    await load();
    expect(told).toEqual([['room', '', 0]]);
    useDrafts().takeOther('room', 'hello', 0);
    expect(useDrafts().texts.get('room')).toBe('');
  });
});
