/** The address of a file's bytes for as long as a component shows them. */
import { onScopeDispose, ref, watch } from 'vue';
import type { Ref } from 'vue';
import { useMedia } from '../stores/media';
import type { FileKey } from '../stores/media';

export function useFileUrl(of: () => FileKey | null): {
  url: Ref<string | null>;
  error: Ref<unknown>;
  again: () => void;
} {
  const media = useMedia();
  const url = ref<string | null>(null);
  const error = ref<unknown>(null);
  let taken: FileKey | null = null;

  function letGo(): void {
    if (taken) media.giveBack(taken);
    taken = null;
  }

  function take(): void {
    const key = of();
    letGo();
    error.value = null;
    if (!key) {
      url.value = null;
      return;
    }
    taken = key;
    // What was shown stays until the new one is there: a preview until the whole.
    media.take(key).then(
      (found) => {
        if (taken === key) url.value = found;
      },
      (reason: unknown) => {
        if (taken === key) error.value = reason;
      },
    );
  }

  watch(
    () => {
      const key = of();
      return key && `${key.room} ${String(key.seq)} ${String(key.variant)}`;
    },
    take,
    { immediate: true },
  );
  onScopeDispose(letGo);
  return { url, error, again: take };
}
