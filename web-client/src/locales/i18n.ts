/** The languages of the page. A switch needs no reload: every string comes from here. */
import { createI18n } from 'vue-i18n';
import { en } from './en';
import type { Messages } from './en';
import { zh } from './zh';

export const LOCALES = ['zh', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

/** Each language under its own name, the same in every language. */
export const LOCALE_NAMES: Record<Locale, string> = { zh: '中文', en: 'English' };

/** For `lang` and for dates. */
export const LANGUAGE_TAGS: Record<Locale, string> = { zh: 'zh-CN', en: 'en' };

export function preferredLocale(languages: readonly string[]): Locale {
  for (const language of languages) {
    if (language.toLowerCase().startsWith('zh')) return 'zh';
    if (language.toLowerCase().startsWith('en')) return 'en';
  }
  return 'en';
}

export const i18n = createI18n<[Messages], Locale, false>({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: { en, zh },
});
