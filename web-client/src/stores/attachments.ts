/**
 * Files that were chosen, or spoken, and not sent yet, per room; they survive a reload as far
 * as the browser keeps them, and are asked for by name else. Every tab of a user shows the
 * same ones, so what one of them sends or removes is gone from all. And the pictures of those
 * that are on their way: what one sends one sees at once.
 */
import { defineStore } from 'pinia';
import { computed, shallowRef, triggerRef } from 'vue';
import { FILE_NAME_BYTES_MAX } from '../protocol/generated';
import type { RoomId, TransferId, UserId, Voice } from '../protocol/generated';
import { KEPT_FILE_BYTES_MAX, UPLOADS_MAX } from '../client/files/limits';
import type { StoredUpload } from '../client/files/upload_store';
import { newId } from '../protocol/id';
import { openTray } from '../storage/tray';
import type { Tray } from '../storage/tray';
import { isShownImage } from '../text/file_kind';

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
  voice?: Voice;
}

/** One that can be sent. */
export type ReadyAttachment = Pick<Attachment, 'id' | 'picture' | 'voice'> & { file: File };

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
    /** Sent or removed by another tab: a list that was read a moment earlier may still have them. */
    const gone = new Set<string>();
    opened.onGone((ids) => {
      for (const id of ids) {
        gone.add(id);
        drop(id);
      }
    });
    const stored = await opened.all().catch(() => []);
    if (tray !== opened) return;
    for (const { id, room, name, size, file, voice } of stored) {
      if (gone.has(id)) continue;
      const list = ofRoom(room);
      const problem = file ? problemOf(name) : 'lost';
      const spoken = voice ? { voice } : {};
      const found: Attachment = { id, name, size, file, picture: null, problem, ...spoken };
      // Something may have been chosen while this was read.
      set(room, [...list, found].sort(byAge));
      if (file) void look(room, id, file);
    }
  }

  /** Answers how many there were no place for. */
  function add(room: RoomId, files: readonly File[]): number {
    const list = ofRoom(room);
    const taken = files.slice(0, Math.max(0, UPLOADS_MAX - list.length));
    const fresh = taken.map((file) => made(file));
    set(room, [...list, ...fresh]);
    for (const one of fresh) {
      keepOver(room, one);
      if (one.file) void look(room, one.id, one.file);
    }
    return files.length - taken.length;
  }

  /** What was said and not sent. There is always a place for it: it cannot be chosen again. */
  function addSpoken(room: RoomId, file: File, voice: Voice): void {
    const fresh = { ...made(file), voice };
    set(room, [...ofRoom(room), fresh]);
    keepOver(room, fresh);
  }

  function made(file: File): Attachment {
    lastMs = Math.max(Date.now(), lastMs + 1);
    const { name, size } = file;
    return { id: newId(lastMs), name, size, file, picture: null, problem: problemOf(name) };
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
    if (!isShownImage(file.type)) return;
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

  function remove(id: string): void {
    forget([id]);
    drop(id);
  }

  /** Out of the list. */
  function drop(id: string): void {
    for (const [room, list] of byRoom.value) {
      const gone = list.find((one) => one.id === id);
      if (!gone) continue;
      if (gone.picture) URL.revokeObjectURL(gone.picture.url);
      set(
        room,
        list.filter((one) => one !== gone),
      );
      return;
    }
  }

  /** They are being sent now; each is kept until its upload is. */
  function take(room: RoomId): ReadyAttachment[] {
    const list = ofRoom(room);
    set(room, []);
    tray?.tellGone(list.map(({ id }) => id));
    return list.flatMap(({ id, file, picture, voice }) =>
      file ? [{ id, file, picture, ...(voice ? { voice } : {}) }] : [],
    );
  }

  function keepSent(id: string | null, upload: StoredUpload, file: File): void {
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

  function keepOver(room: RoomId, { id, name, size, file, voice }: Attachment): void {
    const kept = size <= KEPT_FILE_BYTES_MAX ? file : null;
    void tray?.put({ id, room, name, size, file: kept, ...(voice ? { voice } : {}) }).catch(() => undefined);
  }

  function forget(ids: readonly string[]): void {
    tray?.tellGone(ids);
    void tray?.remove(ids).catch(() => undefined);
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
    tray?.close();
    tray = null;
    for (const { picture } of [...byRoom.value.values()].flat())
      if (picture) URL.revokeObjectURL(picture.url);
    for (const { url } of sent.value.values()) URL.revokeObjectURL(url);
    byRoom.value = new Map();
    sent.value = new Map();
  }

  return {
    count,
    ofRoom,
    load,
    add,
    addSpoken,
    giveAgain,
    remove,
    take,
    keepSent,
    keep,
    letGo,
    pictureOf,
    reset,
  };
});

/** An id begins with its time. */
function byAge(a: Attachment, b: Attachment): number {
  return a.id < b.id ? -1 : 1;
}

function problemOf(name: string): 'name' | null {
  return new TextEncoder().encode(name).length > FILE_NAME_BYTES_MAX ? 'name' : null;
}
