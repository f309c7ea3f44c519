/** Asks, while somebody registers, whether the name they type is to be had. */
import { watchDebounced } from '@vueuse/core';
import { ref, watch } from 'vue';
import type { Ref } from 'vue';
import { http } from '../client/http';

const ASK_AFTER_MS = 400;

export interface UsernameCheck {
  /** The name as it would be registered, once it is known to be free. */
  free: Ref<string | null>;
  problem: Ref<'bad_username' | 'username_taken' | null>;
}

export function useUsernameCheck(
  username: Ref<string>,
  invitation: Ref<string>,
  active: Ref<boolean>,
): UsernameCheck {
  const free = ref<string | null>(null);
  const problem = ref<'bad_username' | 'username_taken' | null>(null);

  watch([username, active], () => {
    free.value = problem.value = null;
  });

  watchDebounced(
    [username, active, invitation],
    async ([typed, isActive, code]) => {
      const name = typed.trim();
      if (!isActive || name === '') return;
      // A check that fails says nothing: registering will tell.
      const found = await http.username(name, code.trim()).catch(() => null);
      if (!found || username.value.trim() !== name || !active.value) return;
      if (found.available) free.value = found.name;
      else problem.value = found.code === 'username_taken' ? 'username_taken' : 'bad_username';
    },
    { debounce: ASK_AFTER_MS },
  );

  return { free, problem };
}
