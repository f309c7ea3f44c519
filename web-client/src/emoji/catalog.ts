/** The standard emoji, once they were asked for. */
import { drawn } from './drawn';

/** In the order in which pickers show them; the numbers are emojibase's. */
export const GROUPS = [
  ...([{ number: 0, name: 'smileys' }] as const),
  ...([{ number: 1, name: 'people' }] as const),
  ...([{ number: 3, name: 'animals' }] as const),
  ...([{ number: 4, name: 'food' }] as const),
  ...([{ number: 5, name: 'travel' }] as const),
  ...([{ number: 6, name: 'activities' }] as const),
  ...([{ number: 7, name: 'objects' }] as const),
  ...([{ number: 8, name: 'symbols' }] as const),
  ...([{ number: 9, name: 'flags' }] as const),
] as const;

export type GroupName = (typeof GROUPS)[number]['name'];

export interface Emoji {
  emoji: string;
  group: number;
  zh: { name: string; words: readonly string[] };
  en: { name: string; words: readonly string[] };
  /** As they are typed between colons. */
  codes: readonly string[];
  /** From the lightest to the darkest; empty where there is no skin. */
  skins: readonly string[];
}

const split = (text: string): string[] => (text === '' ? [] : text.split(' '));

let catalog: Promise<readonly Emoji[]> | null = null;

/** What this device can draw. A load that failed may be tried again. */
export function loadEmoji(): Promise<readonly Emoji[]> {
  catalog ??= import('virtual:emoji').then(
    ({ default: rows }) => {
      const newest = drawn();
      return rows
        .filter(([, group, version]) => version <= newest && GROUPS.some(({ number }) => number === group))
        .map(([emoji, group, , zhName, zhWords, enName, enWords, codes, skins]) => ({
          emoji,
          group,
          zh: { name: zhName, words: split(zhWords) },
          en: { name: enName, words: split(enWords.toLowerCase()) },
          codes: split(codes),
          skins: split(skins),
        }));
    },
    (error: unknown) => {
      catalog = null;
      throw error;
    },
  );
  return catalog;
}

/** With the skin that somebody has chosen: 0 is none, 1 the lightest, 5 the darkest. */
export const toned = ({ emoji, skins }: Emoji, tone: number): string => skins[tone - 1] ?? emoji;
