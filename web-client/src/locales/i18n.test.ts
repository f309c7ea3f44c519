import { describe, expect, it } from 'vitest';
import { createI18n } from 'vue-i18n';
import { CODES } from '../protocol/generated';
import { en } from './en';
import { LOCALES, preferredLocale } from './i18n';
import { zh } from './zh';

interface Tree {
  readonly [key: string]: string | Tree;
}

function flatten(tree: Tree, prefix = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[prefix + key, value]] : flatten(value, `${prefix}${key}.`),
  );
}

const placeholders = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

describe('the messages', () => {
  const trees = { en: en as Tree, zh: zh as Tree };

  it('compile, every one in every language, and show their values', () => {
    for (const locale of LOCALES) {
      const i18n = createI18n({ legacy: false, locale, messages: { [locale]: trees[locale] as never } });
      const t = i18n.global.t as (key: string, named: Record<string, unknown>, plural: number) => string;
      for (const [key, source] of flatten(trees[locale])) {
        const names = placeholders(source).map((name) => name.slice(1, -1));
        const values = Object.fromEntries(names.map((name) => [name, name === 'n' ? 7 : `<${name}>`]));
        const shown = t(key, { ...values }, 7);
        expect(shown, `${locale} ${key}`).not.toBe(key);
        for (const value of Object.values(values)) expect(shown, `${locale} ${key}`).toContain(String(value));
        expect(shown).not.toMatch(/[{}]/);
      }
    }
  });

  it('have the same keys and placeholders in both languages', () => {
    const chinese = new Map(flatten(trees.zh));
    const english = flatten(trees.en);
    expect([...chinese.keys()].sort()).toEqual(english.map(([key]) => key).sort());
    for (const [key, source] of english) {
      expect(placeholders(chinese.get(key) ?? ''), key).toEqual(placeholders(source));
    }
  });
});

/** What only a client with a fault in it meets: a person reads the code, to be reported. */
const FAULTS_OF_THE_CLIENT = [
  'normal',
  'superseded',
  'frame_too_long',
  'malformed',
  'unexpected_frame',
  'mux_violation',
  'cut_frame',
  'hello_required',
  'bad_ticket',
  'attach_required',
  'bad_request',
  'method_not_allowed',
  'epoch_changed',
  'file_offset_wrong',
  'bad_range',
];

it('has a sentence for every code that can reach a person', () => {
  const told = Object.keys(en.errors);
  const codes = CODES.map(({ name }) => name);
  expect(codes.filter((name) => !told.includes(name)).sort()).toEqual([...FAULTS_OF_THE_CLIENT].sort());
  // And none for a code that is no more.
  expect(told.filter((name) => !codes.includes(name)).sort()).toEqual(['network', 'unexpected']);
});

it('follows the browser’s languages', () => {
  expect(preferredLocale(['fr-FR', 'zh-Hans-CN', 'en'])).toBe('zh');
  expect(preferredLocale(['en-GB', 'zh'])).toBe('en');
  expect(preferredLocale(['fr'])).toBe('en');
});
