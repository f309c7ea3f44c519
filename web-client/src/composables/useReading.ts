/**
 * What a person has read of the conversation: a message is, once its end was in sight of a page
 * that is in front of them. Nothing is read in a room that was marked as unread by hand.
 */
import { useDocumentVisibility, useEventListener, useRafFn, useWindowFocus } from '@vueuse/core';
import { computed, watch } from 'vue';
import type { Ref } from 'vue';
import type { RoomId } from '../protocol/generated';
import { useChat } from '../stores/chat';
import { useMarks } from '../stores/marks';
import { useTimeline } from '../stores/timeline';

/** Rounding of the layout. */
const SLACK_PX = 2;

export function useReading(room: RoomId, box: Ref<HTMLElement | undefined>, isPlaced: Ref<boolean>): void {
  const chat = useChat();
  const marks = useMarks();
  const timeline = useTimeline();
  const visibility = useDocumentVisibility();
  const focused = useWindowFocus();
  const mayRead = computed(
    () =>
      visibility.value === 'visible' &&
      focused.value &&
      timeline.known &&
      isPlaced.value &&
      !timeline.isHeld &&
      timeline.room === room,
  );

  function look(): void {
    look_.pause();
    const element = box.value;
    if (!element || !mayRead.value) return;
    const seq = lastPassed(element);
    if (seq > marks.of(room).mark) chat.command({ do: 'read', room, seq });
  }
  // Once a frame, behind the layout, however much scrolls or comes.
  const look_ = useRafFn(look, { immediate: false });
  const soon = (): void => {
    if (mayRead.value) look_.resume();
  };

  useEventListener(box, 'scroll', soon, { passive: true });
  useEventListener(window, 'resize', soon, { passive: true });
  watch([mayRead, () => timeline.lines, () => marks.of(room).unread], soon, {
    flush: 'post',
    immediate: true,
  });
}

/** The last message whose end is in sight, or was. */
export function lastPassed(box: HTMLElement): number {
  const { bottom } = box.getBoundingClientRect();
  let last = 0;
  for (const row of box.querySelectorAll<HTMLElement>('article[data-seq]')) {
    const seq = Number(row.dataset.seq);
    if (seq > last && row.getBoundingClientRect().bottom <= bottom + SLACK_PX) last = seq;
  }
  return last;
}
