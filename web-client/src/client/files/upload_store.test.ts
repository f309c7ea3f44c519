import 'fake-indexeddb/auto';
import { openDB } from 'idb';
import { expect, it } from 'vitest';
import { openUploadStore } from './upload_store';

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
