/**
 * How much of a file that somebody else is sending has arrived. Nothing is pushed about it:
 * the server is asked where what it has ends, from time to time, as long as somebody looks
 * and there is more to come.
 */
import { onScopeDispose, ref, watch } from 'vue';
import type { Ref } from 'vue';
import { arrived } from '../client/http';
import type { RoomId } from '../protocol/generated';

const FIRST_LOOK_MS = 1_000;
const LOOK_EVERY_MS = 1_500;
/** Of a file that stands still. */
const LOOK_EVERY_MS_MAX = 30_000;

export function useArriving(of: () => { room: RoomId; seq: number } | null): Ref<number> {
  const bytes = ref(0);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;

  async function look(room: RoomId, seq: number, pauseMs: number): Promise<void> {
    const mine = turn;
    const found = document.hidden ? null : await arrived(room, seq, bytes.value);
    if (mine !== turn) return;
    const moved = found?.bytes != null && found.bytes > bytes.value;
    if (moved) bytes.value = found.bytes ?? 0;
    // What becomes of it, its message says.
    if (found?.over) return;
    const nextMs = moved || document.hidden ? LOOK_EVERY_MS : Math.min(pauseMs * 1.5, LOOK_EVERY_MS_MAX);
    timer = setTimeout(() => void look(room, seq, nextMs), nextMs);
  }

  function stop(): void {
    turn += 1;
    clearTimeout(timer);
  }

  watch(
    () => {
      const file = of();
      return file && `${file.room} ${String(file.seq)}`;
    },
    () => {
      stop();
      bytes.value = 0;
      const file = of();
      if (!file) return;
      // Of what its message has just begun to tell there is nothing yet, and of what is small all in a moment.
      timer = setTimeout(() => void look(file.room, file.seq, LOOK_EVERY_MS), FIRST_LOOK_MS);
    },
    { immediate: true },
  );
  onScopeDispose(stop);
  return bytes;
}
