/** What is written and not sent, per room; it survives a reload. */
import { defineStore } from 'pinia';
import { shallowRef, triggerRef } from 'vue';
import type { OutboxItem } from '../client/model';
import { openDatabase, ofUser } from '../storage/database';
import type { Database } from '../storage/database';
import type { RoomId, UserId } from '../protocol/generated';

/** How long typing rests before it is stored. */
const STORE_AFTER_MS = 200;

export const useDrafts = defineStore('drafts', () => {
  const texts = shallowRef(new Map<RoomId, string>());
  let user: UserId = '';
  let database: Promise<Database> | null = null;
  const timers = new Map<RoomId, ReturnType<typeof setTimeout>>();

  async function load(of: UserId): Promise<void> {
    reset();
    user = of;
    database = openDatabase();
    try {
      const drafts = await (await database).getAll('drafts', ofUser(of));
      // What was typed while this was read is newer.
      for (const { room, text } of drafts) if (!texts.value.has(room)) texts.value.set(room, text);
      triggerRef(texts);
    } catch {
      // Without storage drafts live as long as the tab.
      database = null;
    }
  }

  function set(room: RoomId, text: string): void {
    if ((texts.value.get(room) ?? '') === text) return;
    texts.value.set(room, text);
    triggerRef(texts);
    clearTimeout(timers.get(room));
    timers.set(
      room,
      setTimeout(() => {
        flush(room);
      }, STORE_AFTER_MS),
    );
  }

  function flush(room: RoomId): void {
    clearTimeout(timers.get(room));
    timers.delete(room);
    const of = user;
    const text = texts.value.get(room) ?? '';
    void database
      ?.then(async (open) => {
        const change = open.transaction('drafts', 'readwrite');
        const stored =
          text === ''
            ? change.store.delete([of, room])
            : change.store.put({ user: of, room, text, updatedMs: Date.now() });
        // A page that goes takes with it what is not committed.
        change.commit();
        await Promise.all([stored, change.done]);
      })
      .catch(() => undefined);
  }

  /**
   * A draft becomes a message, in one step: the page may be gone in a moment, and then
   * it is in the outbox or still a draft, and never both or neither. The worker stores it
   * too; here it is sooner.
   */
  async function send(item: OutboxItem): Promise<void> {
    const of = user;
    try {
      const changes = (await database)?.transaction(['outbox', 'drafts'], 'readwrite');
      if (!changes) return;
      const stored = changes.objectStore('outbox').put({ ...item, user: of });
      const deleted = changes.objectStore('drafts').delete([of, item.room]);
      // A page that goes takes with it what is not committed.
      changes.commit();
      await Promise.all([stored, deleted, changes.done]);
    } catch {
      // The worker finds out for itself, and sends it all the same.
    }
  }

  /** The page may be gone in a moment. */
  function flushAll(): void {
    for (const room of [...timers.keys()]) flush(room);
  }

  function reset(): void {
    flushAll();
    texts.value = new Map();
  }

  return { texts, load, set, send, flushAll, reset };
});
