/**
 * Files that were chosen and not sent yet, per room; they survive a reload as far as the
 * browser keeps them, and are asked for by name else. And the pictures of those that are on
 * their way: what one sends one sees at once.
 */
import { defineStore } from 'pinia';
import { computed, shallowRef, triggerRef } from 'vue';
import { FILE_NAME_BYTES_MAX } from '../protocol/generated';
import type { RoomId, TransferId, UserId } from '../protocol/generated';
import { KEPT_FILE_BYTES_MAX, UPLOADS_MAX } from '../client/files/limits';
import type { StoredUpload } from '../client/files/upload_store';
import { newId } from '../protocol/id';
import { openTray } from '../storage/tray';
import type { Tray } from '../storage/tray';

export interface Picture {
  url: string;
  width: number;
  height: number;
}

export interface Attachment {
  id: string;
  name: string;
  size: number;
  /** Null where the page had it before it was loaded anew, and the browser could not keep it. */
  file: File | null;
  picture: Picture | null;
  /** Why it cannot be sent as it is. `other`: what was chosen again is another file. */
  problem: 'name' | 'lost' | 'other' | null;
}

/** One that can be sent. */
export type ReadyAttachment = Pick<Attachment, 'id' | 'picture'> & { file: File };

/** What every browser of today shows by itself. */
const SHOWN = /^image\/(png|jpeg|gif|webp|bmp)$/;

export const useAttachments = defineStore('attachments', () => {
  const byRoom = shallowRef(new Map<RoomId, Attachment[]>());
  const sent = shallowRef(new Map<TransferId, Picture>());
  let tray: Tray | null = null;
  let lastMs = 0;

  const count = computed(() => [...byRoom.value.values()].flat().length);
  const ofRoom = (room: RoomId): Attachment[] => byRoom.value.get(room) ?? [];

  async function load(user: UserId): Promise<void> {
    const opened = openTray(user);
    tray = opened;
    const stored = await opened.all().catch(() => []);
    if (tray !== opened) return;
    for (const { id, room, name, size, file } of stored) {
      const list = ofRoom(room);
      const problem = file ? problemOf(name) : 'lost';
      const found: Attachment = { id, name, size, file, picture: null, problem };
      // Something may have been chosen while this was read.
      set(room, [...list, found].sort(byAge));
      if (file) void look(room, id, file);
    }
  }

  /** Answers how many there were no place for. */
  function add(room: RoomId, files: readonly File[]): number {
    const list = ofRoom(room);
    const taken = files.slice(0, Math.max(0, UPLOADS_MAX - list.length));
    const fresh = taken.map((file): Attachment => {
      lastMs = Math.max(Date.now(), lastMs + 1);
      const { name, size } = file;
      return { id: newId(lastMs), name, size, file, picture: null, problem: problemOf(name) };
    });
    set(room, [...list, ...fresh]);
    for (const one of fresh) {
      keepOver(room, one);
      if (one.file) void look(room, one.id, one.file);
    }
    return files.length - taken.length;
  }

  /** A file that was asked for by its name. */
  function giveAgain(room: RoomId, id: string, file: File): void {
    const lost = ofRoom(room).find((one) => one.id === id);
    if (!lost || lost.file) return;
    if (file.size !== lost.size || file.name !== lost.name) {
      change(room, id, { problem: 'other' });
      return;
    }
    change(room, id, { file, problem: problemOf(file.name) });
    keepOver(room, { ...lost, file });
    void look(room, id, file);
  }

  async function look(room: RoomId, id: string, file: File): Promise<void> {
    if (!SHOWN.test(file.type)) return;
    const url = URL.createObjectURL(file);
    const image = new Image();
    image.src = url;
    try {
      await image.decode();
    } catch {
      // It only says that it is a picture.
      URL.revokeObjectURL(url);
      return;
    }
    const picture = { url, width: image.naturalWidth, height: image.naturalHeight };
    if (!change(room, id, { picture })) URL.revokeObjectURL(url);
  }

  function remove(room: RoomId, id: string): void {
    const gone = ofRoom(room).find((one) => one.id === id);
    if (gone?.picture) URL.revokeObjectURL(gone.picture.url);
    forget([id]);
    set(
      room,
      ofRoom(room).filter((one) => one.id !== id),
    );
  }

  /** They are being sent now; each is kept until its upload is. */
  function take(room: RoomId): ReadyAttachment[] {
    const list = ofRoom(room);
    set(room, []);
    return list.flatMap(({ id, file, picture }) => (file ? [{ id, file, picture }] : []));
  }

  function keepSent(id: string, upload: StoredUpload, file: File): void {
    void tray?.send(id, upload, file).catch(() => undefined);
  }

  /** The picture of a file goes with its transfer. */
  function keep(transfer: TransferId, picture: Picture): void {
    sent.value.set(transfer, picture);
    triggerRef(sent);
  }

  /** The server's own picture is there. */
  function letGo(transfer: TransferId): void {
    const picture = sent.value.get(transfer);
    if (!picture) return;
    URL.revokeObjectURL(picture.url);
    sent.value.delete(transfer);
    triggerRef(sent);
  }

  const pictureOf = (transfer: TransferId): Picture | null => sent.value.get(transfer) ?? null;

  function keepOver(room: RoomId, { id, name, size, file }: Attachment): void {
    const kept = size <= KEPT_FILE_BYTES_MAX ? file : null;
    void tray?.put({ id, room, name, size, file: kept }).catch(() => undefined);
  }

  function forget(ids: readonly string[]): void {
    if (ids.length > 0) void tray?.remove(ids).catch(() => undefined);
  }

  /** Answers whether it is still there. */
  function change(room: RoomId, id: string, to: Partial<Attachment>): boolean {
    const list = ofRoom(room);
    if (!list.some((one) => one.id === id)) return false;
    set(
      room,
      list.map((one) => (one.id === id ? { ...one, ...to } : one)),
    );
    return true;
  }

  function set(room: RoomId, list: Attachment[]): void {
    if (list.length > 0) byRoom.value.set(room, list);
    else byRoom.value.delete(room);
    triggerRef(byRoom);
  }

  function reset(): void {
    tray = null;
    for (const { picture } of [...byRoom.value.values()].flat())
      if (picture) URL.revokeObjectURL(picture.url);
    for (const { url } of sent.value.values()) URL.revokeObjectURL(url);
    byRoom.value = new Map();
    sent.value = new Map();
  }

  return { count, ofRoom, load, add, giveAgain, remove, take, keepSent, keep, letGo, pictureOf, reset };
});

/** An id begins with its time. */
function byAge(a: Attachment, b: Attachment): number {
  return a.id < b.id ? -1 : 1;
}

function problemOf(name: string): 'name' | null {
  return new TextEncoder().encode(name).length > FILE_NAME_BYTES_MAX ? 'name' : null;
}
