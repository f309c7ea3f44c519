/** The pictures that this server has beside the standard emoji, and who may add to them. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { emojiAddress, pictures } from '../client/pictures';
import type { CustomEmoji } from '../client/pictures';

/** Before a list that could not be had is asked for again; the longer it fails, the more seldom. */
const RETRY_MS = 2_000;
const RETRY_MS_MAX = 60_000;

export interface Picture extends CustomEmoji {
  url: string;
}

export const useCustomEmoji = defineStore('customEmoji', () => {
  const all = shallowRef<readonly Picture[]>([]);
  const mayAdd = ref(false);
  const byName = computed(() => new Map(all.value.map((one) => [one.name, one])));
  /** Of the list that is shown; the connection may name another one. */
  let version = 0;
  let wanted = 0;
  let asking = false;
  let retryMs = RETRY_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** The connection says which list is the present one. */
  function want(named: number): void {
    wanted = named;
    retryMs = RETRY_MS;
    void read();
  }

  async function read(): Promise<void> {
    if (asking || wanted === version) return;
    clearTimeout(timer);
    asking = true;
    try {
      while (wanted !== version) {
        const asked = wanted;
        await load();
        // The list may be newer than the word about it; then it is the word that is behind.
        if (wanted === asked) version = asked;
      }
      retryMs = RETRY_MS;
    } catch {
      timer = setTimeout(() => void read(), retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    } finally {
      asking = false;
    }
  }

  async function load(): Promise<void> {
    const list = await pictures.emoji();
    all.value = list.emoji.map((one) => ({ ...one, url: emojiAddress(one.name, one.version) }));
    mayAdd.value = list.may_add;
  }

  async function add(name: string, image: Blob): Promise<void> {
    await pictures.addEmoji(name, image);
    await load();
  }

  async function remove(name: string): Promise<void> {
    await pictures.removeEmoji(name);
    await load();
  }

  function reset(): void {
    clearTimeout(timer);
    all.value = [];
    mayAdd.value = false;
    version = 0;
    wanted = 0;
  }

  return { all, byName, mayAdd, want, load, add, remove, reset };
});
