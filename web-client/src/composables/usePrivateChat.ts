/** The chat with somebody: opened if there is none yet, and gone to. */
import { useRouter } from 'vue-router';
import type { UserId } from '../protocol/generated';
import { useChat } from '../stores/chat';
import { useProfiles } from '../stores/profiles';
import { useRooms } from '../stores/rooms';

/** Rejects where there is to be no such chat. */
export function usePrivateChat(): { open: (user: UserId) => Promise<void> } {
  const chat = useChat();
  const profiles = useProfiles();
  const rooms = useRooms();
  const router = useRouter();

  async function open(user: UserId): Promise<void> {
    const room = rooms.withPerson.get(user) ?? (await chat.ask('openPrivateChat', { user })).id;
    profiles.shown = null;
    await router.push({ name: 'room', params: { room } });
  }

  return { open };
}
