/** Whether one may register here, with what, and what becomes of the account. */
import { computed } from 'vue';
import type { ComputedRef } from 'vue';
import { useSession } from '../stores/session';

export interface RegistrationRules {
  /** There is a way to register: without one the page offers none. */
  possible: ComputedRef<boolean>;
  needsInvitation: ComputedRef<boolean>;
  /** The account will be the administrator's. */
  first: ComputedRef<boolean>;
}

export function useRegistration(): RegistrationRules {
  const session = useSession();
  const rule = computed(() => session.server?.registration ?? 'closed');
  const first = computed(() => rule.value !== 'closed' && session.server?.first_account === true);
  return {
    possible: computed(() => rule.value !== 'closed'),
    // Before the first account there is nobody who could invite.
    needsInvitation: computed(() => rule.value === 'invitation' && !first.value),
    first,
  };
}
