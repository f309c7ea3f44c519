/**
 * What is written and not sent, per room. It survives a reload and follows the user to other
 * devices; what is being written here is newer than what comes from there.
 */
import { defineStore } from 'pinia';
import { shallowRef, triggerRef } from 'vue';
import type { OutboxItem } from '../client/model';
import { openDatabase, ofUser } from '../storage/database';
import type { Database } from '../storage/database';
import type { RoomId, UserId } from '../protocol/generated';

/** How long typing rests before it is stored. */
const STORE_AFTER_MS = 200;
/** And before other devices are told. */
const TELL_AFTER_MS = 800;

type Timers = Map<RoomId, ReturnType<typeof setTimeout>>;

export const useDrafts = defineStore('drafts', () => {
  const texts = shallowRef(new Map<RoomId, string>());
  let user: UserId = '';
  let database: Promise<Database> | null = null;
  let tell: (room: RoomId, text: string, revision: number) => void = () => undefined;
  const storing: Timers = new Map();
  const telling: Timers = new Map();
  /** This page's changes of each draft, counted. */
  const revisions = new Map<RoomId, number>();
  /** Changed here, and the server has not answered. */
  const open = new Set<RoomId>();
  /** The server may have a text of these, or be about to. */
  const told = new Set<RoomId>();

  async function load(of: UserId, teller: typeof tell = () => undefined): Promise<void> {
    reset();
    user = of;
    tell = teller;
    database = openDatabase();
    try {
      const drafts = await (await database).getAll('drafts', ofUser(of));
      if (user !== of) return;
      for (const { room, text, isKept } of drafts) {
        // What was typed, or came from the server, while this was read is newer.
        if (texts.value.has(room)) continue;
        texts.value.set(room, text);
        if (isKept) continue;
        open.add(room);
        tellNow(room);
      }
      triggerRef(texts);
    } catch {
      // Without storage drafts live as long as the tab.
      database = null;
    }
  }

  function set(room: RoomId, text: string): void {
    if ((texts.value.get(room) ?? '') === text) return;
    show(room, text);
    open.add(room);
    revisions.set(room, revision(room) + 1);
    later(storing, room, STORE_AFTER_MS, flush);
    // What was sent or emptied is to be gone elsewhere at once.
    if (text === '') tellNow(room);
    else later(telling, room, TELL_AFTER_MS, tellNow);
  }

  function show(room: RoomId, text: string): void {
    texts.value.set(room, text);
    triggerRef(texts);
  }

  const revision = (room: RoomId): number => revisions.get(room) ?? 0;

  function later(timers: Timers, room: RoomId, afterMs: number, then: (room: RoomId) => void): void {
    clearTimeout(timers.get(room));
    timers.set(
      room,
      setTimeout(() => {
        timers.delete(room);
        then(room);
      }, afterMs),
    );
  }

  function tellNow(room: RoomId): void {
    clearTimeout(telling.get(room));
    telling.delete(room);
    const text = texts.value.get(room) ?? '';
    if (text !== '') told.add(room);
    tell(room, text, revision(room));
  }

  // What comes from the server.

  /** Another device's draft; older than a change of one's own that it does not know of. */
  function takeOther(room: RoomId, text: string, seen: number): void {
    if (text === '') told.delete(room);
    else told.add(room);
    if (revision(room) > seen || open.has(room)) return;
    show(room, text);
    flush(room);
  }

  function kept(room: RoomId, of: number): void {
    if (revision(room) !== of) return;
    open.delete(room);
    if ((texts.value.get(room) ?? '') === '') told.delete(room);
    flush(room);
  }

  /** The server has drafts of these rooms and of no others. */
  function keepOnly(rooms: readonly RoomId[]): void {
    const there = new Set(rooms);
    for (const room of told) if (!there.has(room) && !open.has(room)) told.delete(room);
    for (const [room, text] of texts.value) {
      if (text === '' || there.has(room) || open.has(room)) continue;
      show(room, '');
      flush(room);
    }
  }

  // What is stored.

  function flush(room: RoomId): void {
    clearTimeout(storing.get(room));
    storing.delete(room);
    const of = user;
    const text = texts.value.get(room) ?? '';
    const isKept = !open.has(room);
    // That a draft is gone is to be told, too.
    const isGone = text === '' && (isKept || !told.has(room));
    void database
      ?.then(async (opened) => {
        const change = opened.transaction('drafts', 'readwrite');
        const stored = isGone
          ? change.store.delete([of, room])
          : change.store.put({ user: of, room, text, updatedMs: Date.now(), isKept });
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
    const { room } = item;
    const isTold = told.has(room);
    try {
      const changes = (await database)?.transaction(['outbox', 'drafts'], 'readwrite');
      if (!changes) return;
      const stored = changes.objectStore('outbox').put({ ...item, user: of });
      const drafts = changes.objectStore('drafts');
      const gone = { user: of, room, text: '', updatedMs: item.createdMs, isKept: false };
      const deleted = isTold ? drafts.put(gone) : drafts.delete([of, room]);
      // A page that goes takes with it what is not committed.
      changes.commit();
      await Promise.all([stored, deleted, changes.done]);
    } catch {
      // The worker finds out for itself, and sends it all the same.
    }
  }

  /** The page may be gone in a moment: what was not told is told when it comes back. */
  function flushAll(): void {
    for (const room of [...storing.keys()]) flush(room);
  }

  function reset(): void {
    flushAll();
    for (const timer of telling.values()) clearTimeout(timer);
    telling.clear();
    texts.value = new Map();
    user = '';
    tell = () => undefined;
    revisions.clear();
    open.clear();
    told.clear();
  }

  return { texts, load, set, send, takeOther, kept, keepOnly, flushAll, reset };
});
