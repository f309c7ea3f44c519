/** The lines of the room on the screen. */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { Line, TimelineEnds, TimelinePatch } from '../client/model';
import type { RoomId } from '../protocol/generated';

export const useTimeline = defineStore('timeline', () => {
  const room = ref<RoomId | null>(null);
  const lines = shallowRef<readonly Line[]>([]);
  const ends = shallowRef<TimelineEnds>({ older: false, newer: false });
  /** Whether the worker has told of this room at all. */
  const known = ref(false);
  /** What changed last, for the scroller: it must know a prepend from an append. */
  const last = shallowRef<TimelinePatch['op']>('reset');
  const loadFailed = ref(false);

  function open(id: RoomId | null): void {
    room.value = id;
    lines.value = [];
    ends.value = { older: false, newer: false };
    known.value = false;
    loadFailed.value = false;
    last.value = 'reset';
  }

  function apply(of: RoomId, patch: TimelinePatch, nextEnds: TimelineEnds): void {
    if (of !== room.value) return;
    loadFailed.value = false;
    if (patch.op !== 'keep') last.value = patch.op;
    if (patch.op === 'reset') lines.value = patch.lines;
    else if (patch.op === 'append') lines.value = [...lines.value, ...patch.lines];
    else if (patch.op === 'prepend') lines.value = [...patch.lines, ...lines.value];
    ends.value = nextEnds;
    known.value = true;
  }

  function failed(of: RoomId): void {
    if (of === room.value) loadFailed.value = true;
  }

  return { room, lines, ends, known, last, loadFailed, open, apply, failed };
});
