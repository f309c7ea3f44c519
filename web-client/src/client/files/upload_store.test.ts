import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { expect, it } from 'vitest';
import { newStored, openUploadStore } from './upload_store';

it('fails in time while a tab of an old version holds the database, and works once it is closed', async () => {
  const old = await openDB('rill', 1, {
    upgrade(database) {
      database.createObjectStore('outbox', { keyPath: ['user', 'clientId'] });
      database.createObjectStore('drafts', { keyPath: ['user', 'room'] });
      database.createObjectStore('notes');
    },
  });
  const store = openUploadStore('user');
  await Promise.all([
    expect(store.all()).rejects.toThrow('the storage does not answer'),
    expect(store.putFile('transfer', new Blob(['a']))).rejects.toThrow('the storage does not answer'),
  ]);
  old.close();
  expect(await store.all()).toEqual([]);
  expect(await store.file('transfer')).toBe(null);
});

it('makes another transfer of one in one step, with its file', async () => {
  const store = openUploadStore('user');
  const of = { clientId: 'c', room: 'r', name: 'a', mediaType: '', text: '', createdMs: 1 };
  await store.put(newStored({ ...of, transfer: 'old' }, 1));
  await store.putFile('old', new Blob(['a']));
  const anew = newStored({ ...of, transfer: 'new' }, 1);
  await store.replace('old', anew);
  expect(await store.all()).toEqual([anew]);
  expect((await store.file('new'))?.size).toBe(1);
  expect(await store.file('old')).toBe(null);
  // What could not be kept is not there afterwards either.
  await store.replace('new', { ...anew, transfer: 'third' });
  await store.remove('third');
  await store.replace('none', anew);
  expect(await store.file('new')).toBe(null);
});
