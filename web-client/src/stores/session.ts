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
  const administrator = ref(false);
  const known = shallowRef<KnownServer | null>(null);
  const server = computed(() => known.value?.server ?? null);
  /** The login ended while it was in use. */
  const ended = ref(false);
  const myId = computed(() => me.value?.id ?? '');

  function enter(answer: Me): void {
    me.value = answer.user;
    administrator.value = answer.administrator;
    ended.value = false;
    phase.value = 'in';
  }

  /** What the server says about itself; what is known stays when it does not answer. */
  async function about(): Promise<void> {
    const info = await http.server().catch(() => null);
    if (info) known.value = { server: info, atMs: Date.now() };
  }

  async function check(): Promise<void> {
    const asked = about();
    try {
      enter(await http.me());
    } catch (error) {
      const out = error instanceof HttpFailed && error.action === 'login';
      phase.value = out ? 'out' : 'unreachable';
    }
    await asked;
  }

  async function login(username: string, password: string): Promise<void> {
    await http.login(username, password);
    enter(await http.me());
  }

  async function register(username: string, password: string, invitation?: string): Promise<void> {
    await http.register(username, password, invitation);
    enter(await http.me());
    void about();
  }

  /** One's own role may have changed. */
  async function refresh(): Promise<void> {
    const answer = await http.me().catch(() => null);
    if (answer && phase.value === 'in') enter(answer);
  }

  function leave(because: 'asked' | 'ended'): void {
    ended.value = because === 'ended';
    me.value = null;
    administrator.value = false;
    // Registration may have been opened or closed meanwhile.
    void about();
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

  return {
    phase,
    me,
    myId,
    administrator,
    known,
    server,
    ended,
    check,
    login,
    register,
    logout,
    leave,
    refresh,
  };
});
