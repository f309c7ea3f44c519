import { describe, expect, it } from 'vitest';
import { comparedName, mentionsIn, typedName } from './mentions';

const named = (text: string, ...names: string[]): string[] =>
  mentionsIn(text, (name) => names.map(comparedName).includes(name)).map(({ name }) => name);

describe('a mention', () => {
  it('is a name behind an @ that no word stands before', () => {
    expect(named('hi @bob, and @Ann!', 'bob', 'ann')).toEqual(['bob', 'Ann']);
    expect(named('to bob@example.org', 'example.org', 'example')).toEqual([]);
    expect(named('@@bob (@bob)', 'bob')).toEqual(['bob', 'bob']);
    expect(named('请@林泓宇 看', '林泓宇')).toEqual([]);
    expect(named('请 @林泓宇看一下', '林泓宇')).toEqual(['林泓宇']);
    expect(named('@nobody', 'bob')).toEqual([]);
  });

  it('is of the longest name that somebody has', () => {
    expect(named('@bob.smith said', 'bob', 'bob.smith')).toEqual(['bob.smith']);
    expect(named('@bob.smith said', 'bob')).toEqual(['bob']);
    expect(named('@bobby', 'bob')).toEqual([]);
    expect(named('@bob...', 'bob')).toEqual(['bob']);
    expect(named('@bobα', 'bob')).toEqual(['bob']);
  });

  it('costs no more than the longest name in a run of letters', () => {
    let asked = 0;
    mentionsIn(`@${'溪'.repeat(10_000)}`, () => {
      asked += 1;
      return false;
    });
    expect(asked).toBeLessThan(40);
  });
});

describe('a name that is typed', () => {
  it('stands in front of the caret', () => {
    expect(typedName('hi @bo and', 6)).toEqual({ from: 3, query: 'bo' });
    expect(typedName('@', 1)).toEqual({ from: 0, query: '' });
    expect(typedName('（@林', 3)).toEqual({ from: 1, query: '林' });
  });

  it('is none in an address, behind a space, or without an @', () => {
    expect(typedName('bob@ex', 6)).toBe(null);
    expect(typedName('@bob ', 5)).toBe(null);
    expect(typedName('bob', 3)).toBe(null);
  });
});
