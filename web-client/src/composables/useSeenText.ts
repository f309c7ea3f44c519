/** Words for whether somebody is there, since when not, and until when they say what they say. */
import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import { LANGUAGE_TAGS } from '../locales/i18n';
import { usePreferences } from '../stores/preferences';
import type { ShownPresence } from '../stores/presence';
import { ago, clockTime, daysAgo } from '../text/when';
import { useNow } from './useNow';

export function useSeenText(): {
  /** In one or two words. */
  shapeText: (presence: Pick<ShownPresence, 'shape'>) => string;
  /** With the time at which they were there last, if they show it. */
  seenText: (presence: ShownPresence) => string;
  untilText: (untilMs: number) => string;
} {
  const { t } = useI18n();
  const preferences = usePreferences();
  const now = useNow();
  const language = computed(() => LANGUAGE_TAGS[preferences.locale]);

  const shapeText = ({ shape }: Pick<ShownPresence, 'shape'>): string => t(`people.shape.${shape}`);

  function seenText(presence: ShownPresence): string {
    const { shape, seenMs } = presence;
    if (shape !== 'offline' || seenMs === 0) return shapeText(presence);
    // A clock that is behind the server's makes nobody come from the future.
    return t('people.seen', { when: ago(Math.min(seenMs, now.value), now.value, language.value) });
  }

  function untilText(untilMs: number): string {
    if (untilMs === 0) return '';
    // The end of a day is still that day.
    const days = daysAgo(untilMs - 1, now.value);
    const day = new Intl.DateTimeFormat(language.value, { weekday: 'long', month: 'short', day: 'numeric' });
    const when = days === 0 ? clockTime(untilMs, language.value) : day.format(untilMs - 1);
    return t('people.until', { when });
  }

  return { shapeText, seenText, untilText };
}
