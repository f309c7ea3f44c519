/** The emoji to choose from, in the language of the page and with one's own skin. */
import { computed, onMounted, ref, shallowRef } from 'vue';
import type { ComputedRef, Ref } from 'vue';
import { loadEmoji } from '../emoji/catalog';
import type { Emoji } from '../emoji/catalog';
import { customChoice, customFindable, standardChoice } from '../emoji/choices';
import type { Choice } from '../emoji/choices';
import { searchEmoji } from '../emoji/search';
import { useCustomEmoji } from '../stores/custom_emoji';
import { useEmoji } from '../stores/emoji';
import { usePreferences } from '../stores/preferences';

/** `atOnce` is whether they are wanted as soon as the component is there. */
export function useEmojiChoices(atOnce = true): {
  state: Ref<'loading' | 'ready' | 'failed'>;
  load: () => Promise<void>;
  recent: ComputedRef<Choice[]>;
  custom: ComputedRef<Choice[]>;
  group: (number: number) => Choice[];
  search: (query: string, max?: number) => Choice[];
} {
  const preferences = usePreferences();
  const emoji = useEmoji();
  const own = useCustomEmoji();
  const all = shallowRef<readonly Emoji[]>([]);
  const state = ref<'loading' | 'ready' | 'failed'>('loading');

  async function load(): Promise<void> {
    emoji.load();
    try {
      all.value = await loadEmoji();
      state.value = 'ready';
    } catch {
      state.value = 'failed';
    }
  }
  if (atOnce) onMounted(() => void load());

  const choice = (one: Emoji): Choice => standardChoice(one, emoji.tone, preferences.locale);
  const custom = computed(() => own.all.map(customChoice));
  const recent = computed(() => {
    const known = new Map(all.value.map((one) => [one.emoji, one]));
    return emoji.recent.flatMap((key) => {
      const standard = known.get(key);
      return standard ? [choice(standard)] : custom.value.filter((one) => one.key === key);
    });
  });
  const group = (number: number): Choice[] => all.value.filter((one) => one.group === number).map(choice);

  function search(query: string, max?: number): Choice[] {
    const findable = [...own.all.map(customFindable), ...all.value];
    return searchEmoji(findable, query, max).map((one) =>
      'custom' in one ? customChoice(one.custom) : choice(one),
    );
  }

  return { state, load, recent, custom, group, search };
}
