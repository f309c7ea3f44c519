/** Times as people say them: short where many stand in a column, exact on demand. */

const DAY_MS = 24 * 60 * 60 * 1000;

/** How times are written; `OfYear` where the year goes without saying. */
const FORMS = {
  clock: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  exact: { dateStyle: 'full', timeStyle: 'medium' },
  weekday: { weekday: 'short' },
  day: { month: 'numeric', day: 'numeric', year: '2-digit' },
  dayOfYear: { month: 'numeric', day: 'numeric' },
  longDay: { month: 'long', day: 'numeric', weekday: 'long', year: 'numeric' },
  longDayOfYear: { month: 'long', day: 'numeric', weekday: 'long' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** To make one takes a thousand times as long as to use it, and a list has hundreds of times. */
const made = new Map<string, Intl.DateTimeFormat>();

function written(atMs: number, form: keyof typeof FORMS, language: string): string {
  // One that is made stays in its zone, the machine does not.
  const key = `${form} ${language} ${String(new Date().getTimezoneOffset())}`;
  let format = made.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(language, FORMS[form]);
    made.set(key, format);
  }
  return format.format(atMs);
}

const sameYear = (a: number, b: number): boolean => new Date(a).getFullYear() === new Date(b).getFullYear();

/** Whole days of the calendar between two times; negative when `atMs` is ahead. */
export function daysAgo(atMs: number, nowMs: number): number {
  const midnight = (ms: number): number => {
    const date = new Date(ms);
    return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  };
  return Math.round((midnight(nowMs) - midnight(atMs)) / DAY_MS);
}

export const sameDay = (a: number, b: number): boolean => daysAgo(a, b) === 0;

export function clockTime(atMs: number, language: string): string {
  return written(atMs, 'clock', language);
}

export function exactTime(atMs: number, language: string): string {
  return written(atMs, 'exact', language);
}

/** A date of its own line in a conversation; the words for today and yesterday come in. */
export function dayName(
  atMs: number,
  nowMs: number,
  language: string,
  words: { today: string; yesterday: string },
): string {
  const days = daysAgo(atMs, nowMs);
  if (days === 0) return words.today;
  if (days === 1) return words.yesterday;
  return written(atMs, sameYear(atMs, nowMs) ? 'longDayOfYear' : 'longDay', language);
}

/** How long ago or how far ahead, in the largest unit that fits. */
export function ago(atMs: number, nowMs: number, language: string): string {
  const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const minutes = Math.round((atMs - nowMs) / 60_000);
  if (Math.abs(minutes) < 60) return words.format(minutes, 'minute');
  const hours = Math.round(minutes / 60);
  if (Math.abs(hours) < 24) return words.format(hours, 'hour');
  const days = Math.round(hours / 24);
  if (Math.abs(days) < 60) return words.format(days, 'day');
  return words.format(Math.round(days / 30), 'month');
}

/** For the list of rooms: the time today, then the day, then the date. */
export function shortWhen(atMs: number, nowMs: number, language: string, yesterday: string): string {
  const days = daysAgo(atMs, nowMs);
  if (days <= 0) return clockTime(atMs, language);
  if (days === 1) return yesterday;
  if (days < 7) return written(atMs, 'weekday', language);
  return written(atMs, sameYear(atMs, nowMs) ? 'dayOfYear' : 'day', language);
}
