/** Somebody as the page shows them, oneself too: what they are called, and whether they are there. */
import { computed } from 'vue';
import type { ComputedRef } from 'vue';
import type { UserId } from '../protocol/generated';
import { useOwnProfile } from '../stores/own_profile';
import { usePresence } from '../stores/presence';
import type { ShownPresence } from '../stores/presence';
import { useSession } from '../stores/session';
import { useLineText } from './useLineText';

/** `online` is what is known where nothing was told of them. */
export function usePerson(
  id: () => UserId,
  online: () => boolean = () => false,
): { isMe: ComputedRef<boolean>; name: ComputedRef<string>; presence: ComputedRef<ShownPresence> } {
  const session = useSession();
  const presence = usePresence();
  const own = useOwnProfile();
  const { nameOf } = useLineText();
  const isMe = computed(() => id() === session.myId);
  return {
    isMe,
    name: computed(() => nameOf(id())),
    presence: computed(() => (isMe.value ? own.presence : presence.of(id(), online()))),
  };
}
