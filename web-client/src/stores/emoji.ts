/** Which emoji somebody takes again and again, and with which skin; of the user, on this device. */
import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import { useSession } from './session';

/** Two rows of the picker. */
export const RECENT_MAX = 18;
const TONES = 5;

interface Kept {
  recent: string[];
  tone: number;
}

const keyOf = (user: string): string => `rill.emoji.${user}`;

function stored(user: string): Kept {
  const empty: Kept = { recent: [], tone: 0 };
  try {
    const value = JSON.parse(localStorage.getItem(keyOf(user)) ?? 'null') as Partial<Kept> | null;
    const recent = Array.isArray(value?.recent) ? value.recent.filter((one) => typeof one === 'string') : [];
    const tone = Number.isInteger(value?.tone) ? Math.min(TONES, Math.max(0, value?.tone ?? 0)) : 0;
    return { recent: recent.slice(0, RECENT_MAX), tone };
  } catch {
    return empty;
  }
}

export const useEmoji = defineStore('emoji', () => {
  const session = useSession();
  const kept = ref<Kept>({ recent: [], tone: 0 });
  let user = '';

  /** Whose they are is known once somebody is logged in. */
  function load(): void {
    if (user === session.myId) return;
    user = session.myId;
    kept.value = stored(user);
  }

  function keep(change: Partial<Kept>): void {
    load();
    kept.value = { ...kept.value, ...change };
    try {
      localStorage.setItem(keyOf(user), JSON.stringify(kept.value));
    } catch {
      // It holds for this tab all the same.
    }
  }

  function use(emoji: string): void {
    load();
    const others = kept.value.recent.filter((one) => one !== emoji);
    keep({ recent: [emoji, ...others].slice(0, RECENT_MAX) });
  }

  const recent = computed(() => kept.value.recent);
  const tone = computed({
    get: () => kept.value.tone,
    set: (value) => {
      keep({ tone: value });
    },
  });

  return { recent, tone, load, use };
});

/** Nothing of somebody who has logged out stays behind. */
export function forgetEmoji(user: string): void {
  try {
    localStorage.removeItem(keyOf(user));
  } catch {
    // Then nothing was kept either.
  }
}
