/**
 * Finds emoji by words of either language, whichever the page is in. English words are
 * known by their beginning; Chinese has no spaces, so a part of a word is enough.
 */
import type { Emoji } from './catalog';

/** More than anybody looks through. */
export const FOUND_MAX = 120;

export interface Findable {
  zh: { name: string; words: readonly string[] };
  en: { name: string; words: readonly string[] };
  codes: readonly string[];
}

/** Better the lower: a code or a name that is the word, then ones that begin with it, then other words. */
function rank(of: Findable, word: string): number | null {
  // A Latin letter would be in half of all words.
  const isPart = /[^\u0000-\u024f]/.test(word);
  const spaced = of.en.name.toLowerCase().split(/[\s:,()“”’-]+/);
  if (of.codes.includes(word) || of.zh.name === word || of.en.name === word) return 0;
  if (of.codes.some((code) => code.startsWith(word)) || of.zh.name.startsWith(word)) return 1;
  if (spaced.some((part) => part.startsWith(word)) || (isPart && of.zh.name.includes(word))) return 2;
  if (of.codes.some((code) => code.split('_').some((part) => part.startsWith(word)))) return 3;
  if (of.en.words.includes(word) || of.zh.words.includes(word)) return 3;
  if (of.en.words.some((tag) => tag.startsWith(word))) return 4;
  return isPart && of.zh.words.some((tag) => tag.includes(word)) ? 4 : null;
}

/** Every word of the query must be found; the best come first, and among equals the usual order stays. */
export function searchEmoji<T extends Findable = Emoji>(
  all: readonly T[],
  query: string,
  max = FOUND_MAX,
): T[] {
  const text = query.trim().toLowerCase().replace(/^:|:$/g, '');
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) return [];
  const found: { one: T; score: number }[] = [];
  for (const one of all) {
    let score = 0;
    for (const word of words) {
      const here = rank(one, word);
      if (here === null) {
        score = -1;
        break;
      }
      score += here;
    }
    if (score >= 0) found.push({ one, score });
  }
  return found
    .sort((a, b) => a.score - b.score)
    .slice(0, max)
    .map(({ one }) => one);
}

/** What is being typed between colons before the caret, and where it begins. */
export function typedCode(text: string, caret: number): { from: number; query: string } | null {
  // Behind a letter of any script or a digit a colon is punctuation: 12:30, https:, 地点:.
  const match = /(?:^|[^\p{L}\p{N}:/])(:(?<query>[\p{L}\p{N}_+-]{1,32}))$/u.exec(text.slice(0, caret));
  const query = match?.groups?.query ?? '';
  const isLatin = /^[\u0000-\u024f]*$/.test(query);
  if (!match?.[1] || query.length < (isLatin ? 2 : 1)) return null;
  return { from: caret - match[1].length, query };
}
