/**
 * Logging out: what was not sent would be lost, so that is asked first. Drafts, outbox,
 * tray and uploads of the user leave the device with them.
 */
import { computed, ref } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import { useAttachments } from '../stores/attachments';
import { forgetUser } from '../storage/database';
import { forgetDeferred } from '../storage/deferred';
import { timely } from '../storage/timely';
import { forgetEmoji } from '../stores/emoji';
import { useOutbox } from '../stores/outbox';
import { useSession } from '../stores/session';
import { useTransfers } from '../stores/transfers';
import { useUndo } from '../stores/undo';
import { useErrorText } from './useErrorText';

export function useLogout(): {
  unsent: ComputedRef<number>;
  asking: Ref<boolean>;
  error: Ref<string>;
  logout: (sure: boolean) => Promise<void>;
} {
  const session = useSession();
  const outbox = useOutbox();
  const transfers = useTransfers();
  const attachments = useAttachments();
  const undo = useUndo();
  const { errorText } = useErrorText();
  const asking = ref(false);
  const error = ref('');
  const unsent = computed(
    () =>
      outbox.unsent + attachments.count + transfers.all.filter(({ state }) => state !== 'cancelling').length,
  );

  async function logout(sure: boolean): Promise<void> {
    if (unsent.value > 0 && !sure) {
      error.value = '';
      asking.value = true;
      return;
    }
    const user = session.myId;
    // What can still be taken back is done before there is nobody to do it.
    await timely(undo.finish).catch(() => undefined);
    try {
      await session.logout();
    } catch (problem) {
      error.value = errorText(problem);
      asking.value = true;
      return;
    }
    asking.value = false;
    forgetEmoji(user);
    forgetDeferred(user);
    await timely(() => forgetUser(user)).catch(() => undefined);
  }

  return { unsent, asking, error, logout };
}
