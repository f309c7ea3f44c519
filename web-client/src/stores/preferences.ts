/** Theme and language of this device. Storage may be forbidden: then they last as long as the tab. */
import { defineStore } from 'pinia';
import { ref, watch } from 'vue';
import { LANGUAGE_TAGS, LOCALES, i18n, preferredLocale } from '../locales/i18n';
import type { Locale } from '../locales/i18n';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const THEME_KEY = 'rill.theme';
const LOCALE_KEY = 'rill.locale';
const DARK_CHROME = '#14181F';
const LIGHT_CHROME = '#F3F5F8';

function stored<T extends string>(key: string, allowed: readonly T[]): T | null {
  try {
    const value = localStorage.getItem(key);
    return allowed.find((item) => item === value) ?? null;
  } catch {
    return null;
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // It holds for this tab all the same.
  }
}

export const usePreferences = defineStore('preferences', () => {
  const theme = ref<Theme>(stored(THEME_KEY, THEMES) ?? 'system');
  const locale = ref<Locale>(stored(LOCALE_KEY, LOCALES) ?? preferredLocale(navigator.languages));
  const systemDark = matchMedia('(prefers-color-scheme: dark)');

  function applyTheme(): void {
    const dark = theme.value === 'dark' || (theme.value === 'system' && systemDark.matches);
    const root = document.documentElement;
    if (root.dataset.theme !== (dark ? 'dark' : 'light')) {
      root.classList.add('no-transitions');
      root.dataset.theme = dark ? 'dark' : 'light';
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          root.classList.remove('no-transitions');
        }),
      );
    }
    const chrome = document.querySelector<HTMLMetaElement>('meta[name="theme-color"]');
    if (chrome) chrome.content = dark ? DARK_CHROME : LIGHT_CHROME;
  }

  function applyLocale(): void {
    i18n.global.locale.value = locale.value;
    document.documentElement.lang = LANGUAGE_TAGS[locale.value];
  }

  systemDark.addEventListener('change', applyTheme);
  watch(theme, (value) => {
    store(THEME_KEY, value);
    applyTheme();
  });
  watch(locale, (value) => {
    store(LOCALE_KEY, value);
    applyLocale();
  });
  applyTheme();
  applyLocale();

  return { theme, locale };
});
