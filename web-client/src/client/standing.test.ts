import { describe, expect, it } from 'vitest';
import { UNREAD_COUNT_MAX } from '../protocol/generated';
import { Standing } from './standing';

const state = (more: object): Parameters<Standing['take']>[0] => ({
  ...{ mark: 0, version: 1, asOf: 0, unread: 0, mentions: 0 },
  ...more,
});

function standing(base = 0): Standing {
  const made = new Standing();
  made.restart(base, 'nothing');
  return made;
}

describe('how the user stands in a room', () => {
  it('is the server’s count and each later post of others', () => {
    const one = standing(10);
    one.take(state({ mark: 8, asOf: 10, unread: 2, mentions: 1 }));
    one.post(11, false);
    one.post(12, false);
    expect(one.now).toEqual({ mark: 8, unread: 4, mentions: 1 });
  });

  it('is brought up to what was seen, whichever comes first', () => {
    const one = standing(10);
    one.post(11, false);
    one.post(12, false);
    one.take(state({ mark: 8, asOf: 11, unread: 3 }));
    expect(one.now.unread).toBe(4);
  });

  it('has nothing unread behind a post of one’s own', () => {
    const one = standing();
    one.take(state({ asOf: 3, unread: 3, mentions: 1 }));
    one.post(4, true);
    expect(one.now).toEqual({ mark: 4, unread: 0, mentions: 0 });
    one.post(5, false);
    expect(one.now.unread).toBe(1);
    // One that is older than the post changes nothing of that.
    one.take(state({ asOf: 3, unread: 3, mentions: 1 }));
    expect(one.now.unread).toBe(1);
  });

  it('ignores what is older, by version and then by its place', () => {
    const one = standing();
    one.take(state({ mark: 5, version: 4, asOf: 9, unread: 4 }));
    one.take(state({ mark: 9, version: 3, asOf: 9 }));
    one.take(state({ mark: 5, version: 4, asOf: 8, unread: 3 }));
    expect(one.now).toEqual({ mark: 5, unread: 4, mentions: 0 });
    // The one way back for a mark.
    one.take(state({ mark: 2, version: 5, asOf: 9, unread: 7 }));
    expect(one.now).toEqual({ mark: 2, unread: 7, mentions: 0 });
  });

  it('counts what one reads at once, and goes back to the server’s word', () => {
    const one = standing(0);
    for (let seq = 1; seq <= 6; seq += 1) one.post(seq, false);
    one.take(state({ asOf: 6, unread: 6, mentions: 2 }));
    one.reading(5);
    expect(one.now).toEqual({ mark: 5, unread: 1, mentions: 1 });
    one.reading(6);
    expect(one.now).toEqual({ mark: 6, unread: 0, mentions: 0 });
    one.settled();
    expect(one.now.unread).toBe(6);
  });

  it('does not guess below what it has seen', () => {
    const one = standing(500);
    one.post(501, false);
    one.take(state({ mark: 100, asOf: 500, unread: 100 }));
    one.reading(300);
    expect(one.now.unread).toBe(UNREAD_COUNT_MAX);
    one.reading(500);
    expect(one.now.unread).toBe(1);
  });

  it('holds against a naive count for any order of events', () => {
    let seed = 7;
    const throwOf = (sides: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 2 ** 32) * sides);
    };
    for (let life = 0; life < 300; life += 1) {
      const one = standing();
      const log: boolean[] = [];
      let [mark, version, seen] = [0, 1, 0];
      const states: Parameters<Standing['take']>[0][] = [];
      const tell = (): void => {
        const unread = log.slice(mark).filter((own) => !own).length;
        states.push(state({ mark, version, asOf: log.length, unread: Math.min(unread, UNREAD_COUNT_MAX) }));
      };
      tell();
      for (let step = 0; step < 40; step += 1) {
        const act = throwOf(4);
        if (act === 0) {
          const own = throwOf(4) === 0;
          log.push(own);
          if (own) [mark, version] = [log.length, version + 1];
        } else if (act === 1) {
          [mark, version] = [throwOf(log.length + 1), version + 1];
          tell();
        } else if (act === 2 && seen < log.length) {
          seen += 1;
          one.post(seen, log[seen - 1] ?? false);
        } else {
          const at = throwOf(states.length);
          for (const told of states.splice(at, 1)) one.take(told);
        }
      }
      tell();
      for (const told of states) one.take(told);
      while (seen < log.length) {
        seen += 1;
        one.post(seen, log[seen - 1] ?? false);
      }
      expect(one.now.unread).toBe(log.slice(mark).filter((own) => !own).length);
    }
  });
});
