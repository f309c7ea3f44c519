/**
 * Parts of the page that are loaded by whoever wants them. What does not load must not take
 * the place of what is there: it is said, and can be tried again.
 */
import { useI18n } from 'vue-i18n';

/** Answers whether it is there; `problem` hears why not. */
export function useLoaded(
  problem: (words: string) => void,
): (load: () => Promise<unknown>) => Promise<boolean> {
  const { t } = useI18n();
  return async (load) => {
    problem('');
    try {
      await load();
      return true;
    } catch {
      problem(t('errors.network'));
      return false;
    }
  };
}
