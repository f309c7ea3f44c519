/** Time zones and languages, as far as this browser knows them. */

/** Languages that are offered; a tag that somebody has already stays in the list beside them. */
export const LANGUAGES = [
  ...['zh-CN', 'zh-TW', 'en', 'ja', 'ko', 'fr', 'de', 'es', 'pt', 'it', 'ru', 'uk', 'pl', 'nl', 'tr'],
  ...['ar', 'hi', 'vi', 'th', 'id'],
];

export function languageName(tag: string, language: string): string {
  try {
    return new Intl.DisplayNames([language], { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** What time it is there; null where the browser does not know the zone. */
export function localTime(timeZone: string, nowMs: number, language: string): string | null {
  try {
    return new Intl.DateTimeFormat(language, {
      ...{ timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    }).format(nowMs);
  } catch {
    return null;
  }
}

export const ownTimeZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

export const timeZones = (): string[] => Intl.supportedValuesOf('timeZone');
