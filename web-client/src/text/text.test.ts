import { expect, it, vi } from 'vitest';
import { AVATAR_COLOURS, colourOf, personInitials, roomInitial } from './initials';
import { browserOfClient, describeBrowser } from './browser';
import { ago, clockTime, dayName, daysAgo, exactTime, shortWhen } from './when';

it('draws initials as people expect them', () => {
  const cases: [string, string][] = [
    ['方琳涵', '涵'],
    ['Alex Chen', 'AC'],
    ['marta', 'MA'],
    ['x', 'X'],
    ['user1', 'U1'],
    ['user27', 'U2'],
    ['a.b-c', 'AC'],
    ['', '?'],
  ];
  for (const [name, initials] of cases) expect(personInitials(name), name).toBe(initials);
  expect(roomInitial(' 技术交流')).toBe('技');
  expect(roomInitial('weekly')).toBe('W');
});

it('gives an id the same colour every time, and uses them all', () => {
  const seen = new Set<number>();
  for (let at = 0; at < 200; at += 1) {
    const colour = colourOf(`id ${String(at)}`);
    expect(colour).toBe(colourOf(`id ${String(at)}`));
    seen.add(colour);
  }
  expect(seen.size).toBe(AVATAR_COLOURS);
});

it('counts days by the calendar, not by 24 hours', () => {
  const lateEvening = new Date(2026, 2, 28, 23, 59).getTime();
  const soonAfter = new Date(2026, 2, 29, 0, 1).getTime();
  expect(daysAgo(lateEvening, soonAfter)).toBe(1);
  expect(daysAgo(lateEvening, lateEvening)).toBe(0);
});

it('shortens times for the list', () => {
  const now = new Date(2026, 4, 20, 12, 0).getTime();
  const at = (month: number, day: number, year = 2026): number => new Date(year, month, day, 9, 5).getTime();
  expect(shortWhen(at(4, 20), now, 'zh-CN', '昨天')).toBe('09:05');
  expect(shortWhen(at(4, 19), now, 'zh-CN', '昨天')).toBe('昨天');
  expect(shortWhen(at(4, 15), now, 'zh-CN', '昨天')).toBe('周五');
  expect(shortWhen(at(3, 1), now, 'zh-CN', '昨天')).toBe('4/1');
  expect(shortWhen(at(3, 1, 2024), now, 'en', 'Yesterday')).toContain('24');
  expect(clockTime(at(4, 20), 'en')).toBe('09:05');
  expect(dayName(at(4, 20), now, 'en', { today: 'Today', yesterday: 'Yesterday' })).toBe('Today');
  expect(dayName(at(4, 1), now, 'en', { today: 'Today', yesterday: 'Yesterday' })).toContain('May 1');
});

it('writes the times of a long list with what it made for the first', () => {
  const Made = Intl.DateTimeFormat;
  const made = vi.spyOn(Intl, 'DateTimeFormat').mockImplementation(function (language, form) {
    return new Made(language, form);
  });
  const at = new Date(2026, 4, 20, 9, 5).getTime();
  for (let row = 0; row < 500; row += 1) {
    const now = at + row * 60_000;
    shortWhen(at, now, 'en', 'Yesterday');
    exactTime(at, 'en');
  }
  expect(made.mock.calls.length).toBeLessThanOrEqual(2);
  made.mockRestore();
});

it('tells how long ago in the largest unit that fits', () => {
  const now = Date.UTC(2026, 4, 20, 12);
  const words = (minutes: number): string => ago(now + minutes * 60_000, now, 'en');
  expect(words(0)).toBe('this minute');
  expect(words(-59)).toBe('59 minutes ago');
  expect(words(-60)).toBe('1 hour ago');
  expect(words(24 * 60)).toBe('tomorrow');
  expect(words(30 * 24 * 60)).toBe('in 30 days');
  expect(words(-90 * 24 * 60)).toBe('3 months ago');
});

it('knows a browser by what it says of itself, and reads its own words back', () => {
  const agents: [string, string, string][] = [
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
      'Chrome',
      'Linux',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36 Edg/156.0',
      'Edge',
      'Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.4 Safari/605.1.15',
      'Safari',
      'macOS',
    ],
    ['Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0', 'Firefox', 'Android'],
    ['curl/8', 'browser', '?'],
  ];
  for (const [agent, browser, system] of agents) {
    expect(describeBrowser(agent)).toEqual({ browser, system });
    expect(browserOfClient(`rill-web/0.1.0 (${browser}; ${system})`)).toEqual({ browser, system });
  }
  expect(browserOfClient('rill-chat/0.1.0')).toBe(null);
});
