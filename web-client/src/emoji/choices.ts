/** What a picker offers: an emoji of the standard, or a picture of this server's own. */
import { toned } from './catalog';
import type { Emoji } from './catalog';

export interface Choice {
  /** Under which it is remembered. */
  key: string;
  /** What goes into the message. */
  text: string;
  label: string;
  /** Of a picture. */
  url: string | null;
}

export interface Custom {
  name: string;
  url: string;
}

export const standardChoice = (one: Emoji, tone: number, language: 'zh' | 'en'): Choice => ({
  key: one.emoji,
  text: toned(one, tone),
  label: one[language].name,
  url: null,
});

export const customChoice = ({ name, url }: Custom): Choice => {
  const text = `:${name}:`;
  return { key: text, text, label: name, url };
};

/** As the search wants it. */
export const customFindable = (
  one: Custom,
): { custom: Custom; zh: Emoji['zh']; en: Emoji['en']; codes: string[] } => {
  const name = one.name.toLowerCase();
  const words = { name, words: name.split(/[_+-]/) };
  return { custom: one, zh: words, en: words, codes: [name] };
};
