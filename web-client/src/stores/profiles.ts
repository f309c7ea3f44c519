/** What people say of themselves, asked for once somebody wants to know, and whose profile is open. */
import { defineStore } from 'pinia';
import { ref, shallowReactive } from 'vue';
import type { Profile, UserId } from '../protocol/generated';
import { useChat } from './chat';

/** Profiles kept; past it the oldest go and are asked for again. */
const PROFILES_MAX = 500;

export const useProfiles = defineStore('profiles', () => {
  const known = shallowReactive(new Map<UserId, Profile>());
  /** Whose profile is on the screen. */
  const shown = ref<UserId | null>(null);
  /** One's own is being edited. */
  const isEditing = ref(false);
  const asked = new Map<UserId, Promise<Profile>>();

  /** As it is now. */
  function ask(user: UserId): Promise<Profile> {
    const before = asked.get(user);
    if (before) return before;
    const answer = useChat()
      .ask('profile', { user })
      .then((profile) => {
        known.delete(user);
        known.set(user, profile);
        for (const oldest of known.keys()) {
          if (known.size <= PROFILES_MAX) break;
          known.delete(oldest);
        }
        return profile;
      })
      .finally(() => asked.delete(user));
    asked.set(user, answer);
    return answer;
  }

  /** As it was when it was asked for. */
  async function want(user: UserId): Promise<Profile> {
    return known.get(user) ?? ask(user);
  }

  function reset(): void {
    known.clear();
    asked.clear();
    shown.value = null;
    isEditing.value = false;
  }

  return { known, shown, isEditing, ask, want, reset };
});
