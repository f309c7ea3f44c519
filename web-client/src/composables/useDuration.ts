/** Lengths of time in the largest unit that fits whole. */
import { useI18n } from 'vue-i18n';

const UNITS = [
  ['days', 24 * 60 * 60_000],
  ['hours', 60 * 60_000],
  ['minutes', 60_000],
] as const;

export function useDuration(): { duration: (ms: number) => string } {
  const { t } = useI18n();

  function duration(ms: number): string {
    const [unit, unitMs] = UNITS.find(([, size]) => ms >= size && ms % size === 0) ?? ['seconds', 1_000];
    const n = Math.round(ms / unitMs);
    return t(`group.time.${unit}`, { n }, n);
  }

  return { duration };
}
