/**
 * Logging out: what was not sent would be lost, so that is asked first. Drafts and outbox
 * of the user leave the device with them.
 */
import { computed, ref } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import { openDatabase, ofUser } from '../storage/database';
import { useOutbox } from '../stores/outbox';
import { useSession } from '../stores/session';
import { useErrorText } from './useErrorText';

export function useLogout(): {
  unsent: ComputedRef<number>;
  asking: Ref<boolean>;
  error: Ref<string>;
  logout: (sure: boolean) => Promise<void>;
} {
  const session = useSession();
  const outbox = useOutbox();
  const { errorText } = useErrorText();
  const asking = ref(false);
  const error = ref('');
  const unsent = computed(() => outbox.unsent);

  async function logout(sure: boolean): Promise<void> {
    if (unsent.value > 0 && !sure) {
      error.value = '';
      asking.value = true;
      return;
    }
    const user = session.myId;
    try {
      await session.logout();
    } catch (problem) {
      error.value = errorText(problem);
      asking.value = true;
      return;
    }
    asking.value = false;
    const database = await openDatabase().catch(() => null);
    await database?.delete('outbox', ofUser(user));
    await database?.delete('drafts', ofUser(user));
  }

  return { unsent, asking, error, logout };
}
