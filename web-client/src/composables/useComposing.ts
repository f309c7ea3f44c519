/** Tells others that one writes, as long as one does: what is put into the field by the page is not. */
import { onScopeDispose, watch } from 'vue';
import { useWindowFocus } from '@vueuse/core';
import type { RoomId } from '../protocol/generated';
import { useChat } from '../stores/chat';

export function useComposing(room: RoomId): {
  /** Something was typed; what stands in the field now. */
  typed: (text: string) => void;
  /** Sent, or given up. */
  stopped: () => void;
} {
  const chat = useChat();
  const focused = useWindowFocus();
  let isTyping = false;

  function typed(text: string): void {
    const now = text.trim() !== '';
    if (!now && !isTyping) return;
    isTyping = now;
    chat.command({ do: 'typing', room, isTyping: now });
  }
  const stopped = (): void => {
    typed('');
  };
  watch(focused, (now) => {
    if (!now) stopped();
  });
  onScopeDispose(stopped);

  return { typed, stopped };
}
