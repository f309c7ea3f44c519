/** The picture that is looked at, if one is. */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { Line } from '../client/model';

export const useLightbox = defineStore('lightbox', () => {
  /** Of the message in the room on the screen. */
  const seq = ref<number | null>(null);
  /** Those that it goes through; null for those of the conversation as it is loaded. */
  const pictures = shallowRef<readonly Line[] | null>(null);

  function open(picture: number, among: readonly Line[] | null = null): void {
    pictures.value = among;
    seq.value = picture;
  }

  return { seq, pictures, open };
});
