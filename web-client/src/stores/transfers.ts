/** Files on their way, both directions, as the worker tells of them. */
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { DownloadProgress, Upload } from '../client/model';
import type { RoomId, TransferId } from '../protocol/generated';

export const useTransfers = defineStore('transfers', () => {
  const uploads = shallowRef<readonly Upload[]>([]);
  /** Chosen a moment ago: the worker has not told of them yet. */
  const fresh = shallowRef<readonly Upload[]>([]);
  const downloads = shallowRef<readonly DownloadProgress[]>([]);
  const all = computed(() => {
    const told = new Set(uploads.value.map(({ transfer }) => transfer));
    return [...uploads.value, ...fresh.value.filter(({ transfer }) => !told.has(transfer))];
  });
  const byTransfer = computed(() => new Map(all.value.map((upload) => [upload.transfer, upload])));

  function add(upload: Upload): void {
    fresh.value = [...fresh.value, upload];
  }

  /** `added` is what the worker has taken: it may be done before it was told. */
  function applyUploads(list: readonly Upload[], added: readonly TransferId[]): void {
    const told = new Set([...list.map(({ transfer }) => transfer), ...added]);
    fresh.value = fresh.value.filter(({ transfer }) => !told.has(transfer));
    uploads.value = list;
  }

  function applyDownloads(list: readonly DownloadProgress[]): void {
    downloads.value = list;
  }

  const upload = (transfer: TransferId): Upload | undefined => byTransfer.value.get(transfer);
  const ofRoom = (room: RoomId): Upload[] => all.value.filter((one) => one.room === room);
  const download = (room: RoomId, seq: number): DownloadProgress | undefined =>
    downloads.value.find((one) => one.room === room && one.seq === seq);

  function reset(): void {
    uploads.value = [];
    fresh.value = [];
    downloads.value = [];
  }

  return { all, downloads, add, applyUploads, applyDownloads, upload, ofRoom, download, reset };
});
