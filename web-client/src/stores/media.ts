/**
 * Pictures and recordings as addresses that the page can show. What was fetched once is
 * shown again without being fetched; what nobody has looked at for long is let go of.
 */
import { defineStore } from 'pinia';
import { FileVariant } from '../protocol/generated';
import type { RoomId } from '../protocol/generated';
import { useChat } from './chat';

/** Addresses kept for what is out of sight, and the bytes behind them. */
const UNUSED_MAX = 60;
const UNUSED_BYTES_MAX = 64 * 1024 * 1024;

interface Held {
  url: Promise<string>;
  made: string | null;
  bytes: number;
  users: number;
}

export interface FileKey {
  room: RoomId;
  seq: number;
  variant: FileVariant;
}

const nameOf = ({ room, seq, variant }: FileKey): string => `${room} ${String(seq)} ${String(variant)}`;

export const useMedia = defineStore('media', () => {
  /** In the order in which they were let go of. */
  const held = new Map<string, Held>();

  /** The address of a file's bytes; whoever takes it gives it back. */
  function take(key: FileKey): Promise<string> {
    const name = nameOf(key);
    const known = held.get(name);
    if (known) {
      known.users += 1;
      return known.url;
    }
    const file = useChat().ask('file', { ...key });
    const url = file.then((blob) => URL.createObjectURL(blob));
    const fresh: Held = { url, made: null, bytes: 0, users: 1 };
    held.set(name, fresh);
    Promise.all([url, file]).then(
      ([made, { size }]) => {
        Object.assign(fresh, { made, bytes: size });
        if (held.get(name) !== fresh) URL.revokeObjectURL(made);
        // Whoever wanted it may be gone by now.
        else if (fresh.users <= 0) letGo();
      },
      // Whoever asks next tries anew.
      () => {
        if (held.get(name) === fresh) held.delete(name);
      },
    );
    return url;
  }

  function giveBack(key: FileKey): void {
    const name = nameOf(key);
    const known = held.get(name);
    if (!known) return;
    known.users -= 1;
    if (known.users > 0) return;
    held.delete(name);
    held.set(name, known);
    letGo();
  }

  /** What nobody has looked at for longest goes first. */
  function letGo(): void {
    const unused = [...held].filter(([, { users }]) => users <= 0);
    let bytes = unused.reduce((sum, [, one]) => sum + one.bytes, 0);
    let count = unused.length;
    for (const [name, one] of unused) {
      if (count <= UNUSED_MAX && bytes <= UNUSED_BYTES_MAX) return;
      held.delete(name);
      if (one.made) URL.revokeObjectURL(one.made);
      count -= 1;
      bytes -= one.bytes;
    }
  }

  /** The message is removed: its bytes are shown no more, whoever looks at them. */
  function forget(room: RoomId, seq: number): void {
    for (const variant of Object.values(FileVariant)) {
      const name = nameOf({ room, seq, variant });
      const made = held.get(name)?.made;
      if (made) URL.revokeObjectURL(made);
      held.delete(name);
    }
  }

  function reset(): void {
    for (const { made } of held.values()) if (made) URL.revokeObjectURL(made);
    held.clear();
  }

  return { take, giveBack, forget, reset };
});
