/** Messages that were removed while the page was open: what is held of them beside the conversation goes, too. */
import { defineStore } from 'pinia';
import { shallowReactive } from 'vue';
import type { RoomId } from '../protocol/generated';
import { useMedia } from './media';
import { usePlayback } from './playback';
import { useTimeline } from './timeline';
import { useUndo } from './undo';

const nameOf = (room: RoomId, seq: number): string => `${room} ${String(seq)}`;

export const useErasures = defineStore('erasures', () => {
  const gone = shallowReactive(new Set<string>());

  /** It comes before their lines change. */
  function apply(room: RoomId, seqs: readonly number[]): void {
    const timeline = useTimeline();
    for (const seq of seqs) {
      gone.add(nameOf(room, seq));
      useMedia().forget(room, seq);
      const file = timeline.room === room && timeline.lines.find((line) => line.seq === seq)?.file;
      if (file) usePlayback().stop(`${room} ${file.transfer}`);
    }
  }

  return {
    apply,
    has: (room: RoomId, seq: number) =>
      gone.has(nameOf(room, seq)) || useUndo().covers('removeMessage', room, seq),
    reset: () => {
      gone.clear();
    },
  };
});
