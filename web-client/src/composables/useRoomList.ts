/** The rooms as the list shows them: pinned ones first, by a filter that a person has chosen. */
import { computed, ref } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import type { RoomSummary } from '../client/model';
import type { RoomId } from '../protocol/generated';
import { useMarks } from '../stores/marks';
import { useRooms } from '../stores/rooms';
import { useWishes } from '../stores/wishes';

export const FILTERS = ['all', 'unread', 'mentions', 'private', 'groups', 'archived'] as const;
export type Filter = (typeof FILTERS)[number];

export interface RoomPart {
  name: 'pinned' | 'recent' | 'archived';
  rooms: RoomSummary[];
}

export function useRoomList(current: () => RoomId | null): {
  filter: Ref<Filter>;
  parts: ComputedRef<RoomPart[]>;
  /** How many rooms a filter has that are worth a number. */
  counts: ComputedRef<Record<Filter, number>>;
  /** The next room that calls, above or below the current one, all around. */
  nextCalling: (step: 1 | -1) => RoomId | null;
} {
  const rooms = useRooms();
  const marks = useMarks();
  const wishes = useWishes();
  const filter = ref<Filter>('all');
  /** The room that was opened from a filter stays in it while it is read. */
  const belongs = (room: RoomSummary, to: Filter): boolean => {
    const { archived } = wishes.of(room.id);
    const { unread, mentions } = marks.of(room.id);
    if (to === 'archived') return archived;
    if (archived) return false;
    if (to === 'private' || to === 'groups')
      return ((room.about?.with ?? null) !== null) === (to === 'private');
    return to === 'all' || (to === 'unread' ? unread : mentions) > 0;
  };

  const parts = computed<RoomPart[]>(() => {
    const isOfTheMoment = filter.value === 'unread' || filter.value === 'mentions';
    const shown = rooms.sorted.filter(
      (room) => belongs(room, filter.value) || (room.id === current() && isOfTheMoment),
    );
    if (filter.value === 'archived') return [{ name: 'archived', rooms: shown }];
    const pinned: RoomSummary[] = [];
    const recent: RoomSummary[] = [];
    for (const room of shown) (wishes.of(room.id).pinned ? pinned : recent).push(room);
    const both: RoomPart[] = [
      { name: 'pinned', rooms: pinned },
      { name: 'recent', rooms: recent },
    ];
    return both.filter((part) => part.rooms.length > 0);
  });

  const counts = computed(() => {
    const found = { all: 0, unread: 0, mentions: 0, private: 0, groups: 0, archived: 0 };
    for (const room of rooms.sorted) {
      if (wishes.of(room.id).archived) {
        found.archived += 1;
        continue;
      }
      const { unread, mentions } = marks.of(room.id);
      found.all += 1;
      found[(room.about?.with ?? null) === null ? 'groups' : 'private'] += 1;
      if (unread > 0) found.unread += 1;
      if (mentions > 0) found.mentions += 1;
    }
    return found;
  });

  function nextCalling(step: 1 | -1): RoomId | null {
    const order = parts.value.flatMap((part) => part.rooms).map(({ id }) => id);
    const start = order.findIndex((id) => id === current());
    for (let turn = 1; turn <= order.length; turn += 1) {
      const from = start < 0 && step < 0 ? 0 : start;
      const id = order[(((from + step * turn) % order.length) + order.length) % order.length];
      if (id !== undefined && id !== current() && marks.calling(id) > 0) return id;
    }
    return null;
  }

  return { filter, parts, counts, nextCalling };
}
