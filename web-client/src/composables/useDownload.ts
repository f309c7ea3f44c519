/** Fetches a file and hands it to the browser to keep, under its name; how far it is, and why it failed. */
import { computed, ref, watch } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import type { DownloadProgress } from '../client/model';
import { CALLED_OFF } from '../client/port';
import { FileVariant } from '../protocol/generated';
import type { RoomId } from '../protocol/generated';
import { RequestRefused, useChat } from '../stores/chat';
import { useTransfers } from '../stores/transfers';

/** How long the browser may take to read from the address. */
const READ_MS_MAX = 60_000;

export interface SavedFile {
  room: RoomId;
  seq: number;
  name: string;
}

export function useDownload(of: () => SavedFile | null): {
  error: Ref<unknown>;
  /** Null while it is not being fetched. */
  going: ComputedRef<DownloadProgress | null>;
  save: () => Promise<void>;
  cancel: () => void;
} {
  const chat = useChat();
  const transfers = useTransfers();
  const error = ref<unknown>(null);

  const key = (): string => {
    const file = of();
    return file ? `${file.room} ${String(file.seq)}` : '';
  };
  // What became of one file says nothing of the next.
  watch(key, () => {
    error.value = null;
  });
  const going = computed(() => {
    const file = of();
    return file ? (transfers.download(file.room, file.seq) ?? null) : null;
  });

  async function save(): Promise<void> {
    const file = of();
    if (!file) return;
    const asked = key();
    error.value = null;
    try {
      const { room, seq, name } = file;
      const bytes = await chat.ask('file', { room, seq, variant: FileVariant.original });
      const link = document.createElement('a');
      link.href = URL.createObjectURL(bytes);
      link.download = name;
      link.click();
      setTimeout(() => {
        URL.revokeObjectURL(link.href);
      }, READ_MS_MAX);
    } catch (reason) {
      // Called off here or where else the file is shown.
      const calledOff = reason instanceof RequestRefused && reason.cause.detail === CALLED_OFF;
      if (!calledOff && key() === asked) error.value = reason;
    }
  }

  function cancel(): void {
    const file = of();
    if (!file) return;
    chat.command({ do: 'cancelDownload', room: file.room, seq: file.seq });
  }

  return { error, going, save, cancel };
}
