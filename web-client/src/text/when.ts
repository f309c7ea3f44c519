/** Times as people say them: short where many stand in a column, exact on demand. */

const DAY_MS = 24 * 60 * 60 * 1000;

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
  return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(
    atMs,
  );
}

export function exactTime(atMs: number, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'medium' }).format(atMs);
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
  const year =
    new Date(atMs).getFullYear() === new Date(nowMs).getFullYear() ? {} : { year: 'numeric' as const };
  return new Intl.DateTimeFormat(language, {
    month: 'long',
    day: 'numeric',
    weekday: 'long',
    ...year,
  }).format(atMs);
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
  if (days < 7) return new Intl.DateTimeFormat(language, { weekday: 'short' }).format(atMs);
  const year =
    new Date(atMs).getFullYear() === new Date(nowMs).getFullYear() ? {} : { year: '2-digit' as const };
  return new Intl.DateTimeFormat(language, { month: 'numeric', day: 'numeric', ...year }).format(atMs);
}
