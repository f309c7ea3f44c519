/**
 * The standard emoji as a module of the page's own: names and words in both languages
 * beside each other, so that one search finds either. It is made from the package's data
 * when the page is built, and is loaded only when somebody wants an emoji.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

const MODULE = 'virtual:emoji';
const RESOLVED = `\0${MODULE}`;

/** An emoji as the package has it (emojibase's fields). */
interface Source {
  emoji: string;
  annotation: string;
  tags?: string[];
  shortcodes?: string[];
  group: number;
  order: number;
  version: number;
  skins?: { emoji: string; tone: number | number[] }[];
}

/** Emoji, group, version, Chinese name and words, English name and words, codes, skins. */
export type EmojiRow = [string, number, number, string, string, string, string, string, string];

function read(language: string): Source[] {
  const path = createRequire(import.meta.url).resolve(
    `emoji-picker-element-data/${language}/emojibase/data.json`,
  );
  return JSON.parse(readFileSync(path, 'utf8')) as Source[];
}

export function emojiRows(): EmojiRow[] {
  const chinese = new Map(read('zh').map((one) => [one.emoji, one]));
  return read('en')
    .sort((a, b) => a.order - b.order)
    .map(({ emoji, group, version, annotation, tags = [], shortcodes = [], skins = [] }) => {
      const zh = chinese.get(emoji);
      const tones = skins.filter(({ tone }) => typeof tone === 'number').map((skin) => skin.emoji);
      return [
        ...([emoji, group, version] as const),
        ...([zh?.annotation ?? annotation, (zh?.tags ?? []).join(' ')] as const),
        ...([annotation, tags.join(' '), shortcodes.join(' '), tones.join(' ')] as const),
      ];
    });
}

export function emojiData(): Plugin {
  return {
    name: 'emoji-data',
    resolveId: (id) => (id === MODULE ? RESOLVED : null),
    // A string is parsed faster than the same as code.
    load: (id) =>
      id === RESOLVED ? `export default JSON.parse(${JSON.stringify(JSON.stringify(emojiRows()))});` : null,
  };
}
