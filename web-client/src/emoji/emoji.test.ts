// @vitest-environment jsdom
import rows from 'virtual:emoji';
import { beforeAll, describe, expect, it } from 'vitest';
import { GROUPS, loadEmoji, toned } from './catalog';
import type { Emoji } from './catalog';
import { customFindable } from './choices';
import { customInText } from './in_text';
import { FOUND_MAX, searchEmoji, typedCode } from './search';

let all: readonly Emoji[];
beforeAll(async () => {
  // What cannot be tried out is taken to be drawn.
  HTMLCanvasElement.prototype.getContext = () => null;
  all = await loadEmoji();
});

const find = (query: string): string[] => searchEmoji(all, query).map(({ emoji }) => emoji);

describe('the standard emoji', () => {
  it('are all there, each in a group, named in both languages', () => {
    expect(all.length).toBeGreaterThan(1_800);
    for (const { number } of GROUPS) expect(all.some(({ group }) => group === number)).toBe(true);
    const unnamed = all.filter(({ zh, en, codes }) => !zh.name || !en.name || codes.length === 0);
    expect(unnamed).toEqual([]);
    expect(all.filter(({ zh }) => /\p{Script=Han}/u.test(zh.name)).length).toBeGreaterThan(1_500);
  });

  it('are small enough to be loaded in the moment in which somebody wants one', () => {
    expect(JSON.stringify(rows).length).toBeLessThan(320 * 1024);
  });

  it('have five skins or none', () => {
    expect(new Set(all.map(({ skins }) => skins.length))).toEqual(new Set([0, 5]));
    const wave = all.find(({ emoji }) => emoji === '👋');
    expect(wave && [0, 1, 5].map((tone) => toned(wave, tone))).toEqual(['👋', '👋🏻', '👋🏿']);
    const smile = all.find(({ emoji }) => emoji === '😀');
    expect(smile && toned(smile, 5)).toBe('😀');
  });
});

describe('the search', () => {
  it('finds by either language, whole or begun', () => {
    expect(find('笑').length).toBeGreaterThan(10);
    expect(find('笑哭了')[0]).toBe('😂');
    expect(find('tada')[0]).toBe('🎉');
    expect(find(':tada:')[0]).toBe('🎉');
    expect(find('rock')).toContain('🚀');
    expect(find('GRINNING face')[0]).toBe('😀');
    expect(find('火箭')[0]).toBe('🚀');
    expect(find('thumbsup')[0]).toBe('👍️');
  });

  it('finds nothing for nothing, and for what there is not', () => {
    expect(find('   ')).toEqual([]);
    expect(find('qqqqq')).toEqual([]);
    expect(find('rocket 猫')).toEqual([]);
  });

  it('ends somewhere', () => {
    expect(find('a')).toHaveLength(FOUND_MAX);
  });

  it('finds a server’s own by the parts of their names', () => {
    const own = [{ name: 'party_parrot', url: '/p' }].map(customFindable);
    for (const query of ['party', 'parrot', ':party_p']) expect(searchEmoji(own, query)).toHaveLength(1);
    expect(searchEmoji(own, 'arrot')).toHaveLength(0);
  });
});

describe('a word between colons', () => {
  const typed = (text: string): string | null => typedCode(text, text.length)?.query ?? null;

  it('is seen while it is typed', () => {
    expect(typed(':ta')).toBe('ta');
    expect(typed('good :+1')).toBe('+1');
    expect(typed('好的！:笑')).toBe('笑');
    expect(typedCode('a :ta b', 5)).toEqual({ from: 2, query: 'ta' });
  });

  it('is not seen in what people write with colons', () => {
    for (const text of [
      'at 12:30',
      'https://x',
      'note:this',
      ':t',
      ': ta',
      'a::tt',
      '说：你好',
      '地点:医院',
      ':',
    ]) {
      expect(typed(text), text).toBe(null);
    }
  });
});

describe('a server’s own emoji in a text', () => {
  const known = (name: string): boolean => ['wave', 'party_parrot'].includes(name);
  const found = (text: string): string[] =>
    customInText(text, known).map((part) => (part.name === undefined ? part.text : `[${part.name}]`));

  it('is shown where its name stands between colons', () => {
    expect(found('hi :wave: all')).toEqual(['hi ', '[wave]', ' all']);
    expect(found(':wave::wave:')).toEqual(['[wave]', '[wave]']);
    expect(found('a:unknown:wave:b')).toEqual(['a:unknown', '[wave]', 'b']);
    expect(found(':wave:wave:')).toEqual(['[wave]', 'wave:']);
  });

  it('is text where it is not known, or not whole', () => {
    for (const text of ['', ':', '::', ':gone:', ':wave', 'wave:', ': wave :', ':WAVE:', '12:30:15']) {
      expect(found(text).join(''), text).toBe(text);
    }
  });
});
