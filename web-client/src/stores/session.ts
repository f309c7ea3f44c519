/** Who is logged in, and what the server said about itself. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { HttpFailed, http } from '../client/http';
import type { Me } from '../client/http';
import type { KnownServer } from '../client/port';

/** `unreachable`: the server did not answer, so nobody knows yet. */
type Phase = 'unknown' | 'unreachable' | 'out' | 'in';

export const useSession = defineStore('session', () => {
  const phase = ref<Phase>('unknown');
  const me = shallowRef<Me['user'] | null>(null);
  const known = shallowRef<KnownServer | null>(null);
  const server = computed(() => known.value?.server ?? null);
  /** The login ended while it was in use. */
  const ended = ref(false);
  const myId = computed(() => me.value?.id ?? '');

  function enter(answer: Me): void {
    me.value = answer.user;
    ended.value = false;
    phase.value = 'in';
  }

  async function check(): Promise<void> {
    const about = http.server().then(
      (info) => {
        known.value = { server: info, atMs: Date.now() };
      },
      () => undefined,
    );
    try {
      enter(await http.me());
    } catch (error) {
      const out = error instanceof HttpFailed && error.action === 'login';
      phase.value = out ? 'out' : 'unreachable';
    }
    await about;
  }

  async function login(username: string, password: string): Promise<void> {
    enter(await http.login(username, password));
  }

  async function register(username: string, password: string): Promise<void> {
    enter(await http.register(username, password));
  }

  function leave(because: 'asked' | 'ended'): void {
    ended.value = because === 'ended';
    me.value = null;
    phase.value = 'out';
  }

  async function logout(): Promise<void> {
    // Offline the cookie stays, but this page forgets; a reload would be logged in again.
    await http.logout().catch((error: unknown) => {
      if (error instanceof HttpFailed && error.action === 'login') return;
      throw error;
    });
    leave('asked');
  }

  return { phase, me, myId, known, server, ended, check, login, register, logout, leave };
});
