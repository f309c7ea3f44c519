/** Files that are dragged onto an element: whether some hover over it, and what is dropped. */
import { useEventListener } from '@vueuse/core';
import { ref } from 'vue';
import type { Ref } from 'vue';

export function useFileDrop(
  element: Ref<HTMLElement | undefined>,
  take: (files: File[]) => void,
): { over: Ref<boolean> } {
  const over = ref(false);
  /** Every child tells that it is entered and left. */
  let depth = 0;

  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;

  useEventListener(element, 'dragenter', (event: DragEvent) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth += 1;
    over.value = true;
  });
  useEventListener(element, 'dragover', (event: DragEvent) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
  });
  useEventListener(element, 'dragleave', (event: DragEvent) => {
    if (!hasFiles(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) over.value = false;
  });
  useEventListener(element, 'drop', (event: DragEvent) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    over.value = false;
    take(filesOf(event.dataTransfer));
  });
  // Beside the conversation a file must not replace the page.
  for (const name of ['dragover', 'drop'] as const) {
    useEventListener(window, name, (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault();
    });
  }

  return { over };
}

/** The files among what was dropped or pasted; folders are none. */
export function filesOf(data: DataTransfer | null): File[] {
  if (!data) return [];
  const folders = new Set(
    [...data.items].flatMap((item, at) => (item.webkitGetAsEntry()?.isDirectory ? [at] : [])),
  );
  return [...data.items].flatMap((item, at) => {
    const file = item.kind === 'file' && !folders.has(at) ? item.getAsFile() : null;
    return file ? [file] : [];
  });
}
