/** Tells the worker of whom the page shows more than a room does, as long as it does. */
import { onScopeDispose, watch } from 'vue';
import type { UserId } from '../protocol/generated';
import { useChat } from '../stores/chat';

const looking = new Map<symbol, readonly UserId[]>();

export function useLooking(users: () => readonly UserId[]): void {
  const chat = useChat();
  const key = Symbol('looking');
  const tell = (): void => {
    chat.command({ do: 'look', users: [...new Set([...looking.values()].flat())] });
  };
  watch(
    users,
    (now) => {
      looking.set(key, now);
      tell();
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    looking.delete(key);
    tell();
  });
}
