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
  /** Behind what the room was not read when it was opened; where the divider stands, until it is left. */
  const newBehind = ref<number | null>(null);
  /** It was marked as unread by hand: nothing in it is read until it is opened again. */
  const isHeld = ref(false);
  /** Older lines could not be had. */
  const loadFailed = ref(false);
  /** How often newer lines could not be had: they are asked for again by themselves. */
  const newerFailures = ref(0);

  function open(id: RoomId | null): void {
    room.value = id;
    lines.value = [];
    ends.value = { older: false, newer: false };
    known.value = false;
    newBehind.value = null;
    isHeld.value = false;
    loadFailed.value = false;
    last.value = 'reset';
  }

  function begin(of: RoomId, mark: number | null): void {
    if (of === room.value) newBehind.value = mark;
  }

  /** An entry and what is behind it is unread again. */
  function hold(seq: number): void {
    newBehind.value = seq - 1;
    isHeld.value = true;
  }

  function apply(of: RoomId, patch: TimelinePatch, nextEnds: TimelineEnds): void {
    if (of !== room.value) return;
    loadFailed.value = false;
    if (patch.op !== 'keep') last.value = patch.op;
    if (patch.op === 'reset') lines.value = patch.lines;
    else if (patch.op === 'append') {
      lines.value = [...replaced(lines.value, patch.changed ?? []), ...patch.lines];
    } else if (patch.op === 'change') lines.value = replaced(lines.value, patch.changed);
    else if (patch.op === 'prepend') lines.value = [...patch.lines, ...lines.value];
    ends.value = nextEnds;
    known.value = true;
  }

  function replaced(all: readonly Line[], changed: readonly Line[]): readonly Line[] {
    if (changed.length === 0) return all;
    const by = new Map(changed.map((line) => [line.seq, line]));
    return all.map((line) => by.get(line.seq) ?? line);
  }

  function failed(of: RoomId, direction: 'older' | 'newer'): void {
    if (of !== room.value) return;
    if (direction === 'older') loadFailed.value = true;
    else newerFailures.value += 1;
  }

  return {
    ...{ room, lines, ends, known, last, newBehind, isHeld, loadFailed, newerFailures },
    ...{ open, begin, hold, apply, failed },
  };
});
