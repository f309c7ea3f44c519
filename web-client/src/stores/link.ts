/** The state of the connection, as the worker tells it. */
import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { Link } from '../client/model';

const START: Link = { phase: 'connecting', transport: null, fallback: null, rttMs: null, error: null };

export const useLink = defineStore('link', () => {
  const link = shallowRef<Link>(START);
  function reset(): void {
    link.value = START;
  }
  return { link, reset };
});
