/** A list that is read in pages: what is there, whether there is more, and why it did not come. */
import { onMounted, ref, shallowRef } from 'vue';
import type { Ref, ShallowRef } from 'vue';
import { useDelayed } from './useDelayed';
import { useErrorText } from './useErrorText';

export interface Pages<T> {
  items: ShallowRef<readonly T[]>;
  more: Ref<boolean>;
  loading: Ref<boolean>;
  error: Ref<string>;
  /** Nothing is there yet, and it takes its time. */
  skeleton: Ref<boolean>;
  load: () => Promise<void>;
}

/** `page` is asked for what comes behind the last item that was read, also if it is gone meanwhile. */
export function usePages<T>(
  page: (last: T | null) => Promise<{ items: readonly T[]; more: boolean }>,
): Pages<T> {
  const { errorText } = useErrorText();
  const items = shallowRef<readonly T[]>([]);
  const more = ref(false);
  const loading = ref(true);
  const error = ref('');
  const skeleton = useDelayed(() => loading.value && items.value.length === 0, 200);
  let last: T | null = null;

  async function load(): Promise<void> {
    loading.value = true;
    error.value = '';
    try {
      const read = await page(last);
      items.value = [...items.value, ...read.items];
      more.value = read.more;
      last = read.items.at(-1) ?? last;
    } catch (problem) {
      error.value = errorText(problem);
    } finally {
      loading.value = false;
    }
  }

  onMounted(load);
  return { items, more, loading, error, skeleton, load };
}
