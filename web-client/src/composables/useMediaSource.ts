/**
 * From where a recording is played: by HTTP, in ranges that the browser asks for, so that it
 * begins before it is there and can be sought in. Where that way does not go (no cookie, a
 * proxy in between), it is fetched whole over the connection, like any file.
 */
import { computed, ref, watch } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import { fileAddress, isFileServed } from '../client/http';
import { FileVariant } from '../protocol/generated';
import type { RoomId } from '../protocol/generated';
import { useTransfers } from '../stores/transfers';
import { percent } from '../text/bytes';
import { useFileUrl } from './useFileUrl';

export interface Recording {
  room: RoomId;
  seq: number;
}

export function useMediaSource(of: () => Recording | null): {
  src: ComputedRef<string | null>;
  /** In percent, where it has to be there before it plays. */
  coming: ComputedRef<number>;
  error: Ref<unknown>;
  /** The browser cannot play what it got. */
  unplayable: Ref<boolean>;
  /** The element says that it got nothing, or nothing that it can play. */
  broke: () => Promise<void>;
  again: () => void;
} {
  const transfers = useTransfers();
  const overHttp = ref(true);
  const unplayable = ref(false);
  const whole = useFileUrl(() => {
    const recording = of();
    return recording && !overHttp.value ? { ...recording, variant: FileVariant.original } : null;
  });
  const src = computed(() => {
    const recording = of();
    if (!recording || unplayable.value) return null;
    return overHttp.value ? fileAddress(recording.room, recording.seq) : whole.url.value;
  });
  const coming = computed(() => {
    const recording = of();
    const download = recording && transfers.download(recording.room, recording.seq);
    return download ? percent(download.bytes, download.size) : 0;
  });

  async function broke(): Promise<void> {
    const recording = of();
    if (!recording) return;
    // The element says the same of an answer that did not come and of one that it does not understand.
    if (!overHttp.value || (await isFileServed(recording.room, recording.seq))) unplayable.value = true;
    else overHttp.value = false;
  }

  function again(): void {
    unplayable.value = false;
    if (!overHttp.value) whole.again();
  }

  watch(
    () => {
      const recording = of();
      return recording && `${recording.room} ${String(recording.seq)}`;
    },
    () => {
      overHttp.value = true;
      unplayable.value = false;
    },
  );
  return { src, coming, error: whole.error, unplayable, broke, again };
}
