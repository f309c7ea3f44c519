import { describe, expect, it } from 'vitest';
import { endOf } from './status_ends';
import { languageName, localTime } from './zones';

describe('the end of a status', () => {
  const at = (day: number, hour = 15): number => new Date(2026, 10, day, hour, 20).getTime();
  const midnight = (day: number): number => new Date(2026, 10, day).getTime();

  it('is never, after a while, or with the day', () => {
    expect(endOf('never', at(18))).toBe(0);
    expect(endOf('minutes30', at(18)) - at(18)).toBe(1_800_000);
    expect(endOf('hour', at(18)) - at(18)).toBe(3_600_000);
    expect(endOf('hours4', at(18)) - at(18)).toBe(14_400_000);
    expect(endOf('today', at(18))).toBe(midnight(19));
    expect(endOf('today', at(30))).toBe(new Date(2026, 11, 1).getTime());
  });

  it('is with the Sunday of the week, also on that Sunday', () => {
    // The 16th is a Monday.
    expect(endOf('week', at(16))).toBe(midnight(23));
    expect(endOf('week', at(21))).toBe(midnight(23));
    expect(endOf('week', at(22, 23))).toBe(midnight(23));
  });
});

it('a time zone or a language that the browser does not know breaks nothing', () => {
  const noon = Date.UTC(2026, 10, 18, 12);
  expect(localTime('Asia/Shanghai', noon, 'en')).toContain('20:00');
  expect(localTime('Mars/Olympus', noon, 'en')).toBe(null);
  expect(languageName('zh-CN', 'en')).toContain('Chinese');
  expect(languageName('x-klingon-', 'en')).toBe('x-klingon-');
});
