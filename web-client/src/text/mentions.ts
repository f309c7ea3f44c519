/**
 * `@name` in a text, by the server's rule (docs/protocol.md, "Read state"): no letter or digit
 * stands before the `@`; a name ends where its characters do, and where people write without
 * spaces a shorter one counts if the longer is nobody's.
 */
import { USERNAME_CHARS_MAX, USERNAME_CHARS_MIN } from '../protocol/generated';

export interface Mention {
  from: number;
  to: number;
  name: string;
}

/** What stands for everybody. */
export const EVERYBODY = ['all', '所有人'] as const;

const OF_NAME = /[\p{L}\p{N}._-]/u;
const MARK = /[._-]/u;
const ASCII = /^[\0-\x7f]$/;
const LAST_OF_NAME = /[\p{L}\p{N}._-]$/u;
/** The word behind an `@`, up to the caret. */
const TYPED = /(?:^|[^\p{L}\p{N}._-])@([\p{L}\p{N}._-]*)$/u;

/** Names are compared without case. */
export const comparedName = (name: string): string => name.normalize('NFKC').toLowerCase();

export function mentionsIn(text: string, isName: (compared: string) => boolean): Mention[] {
  const found: Mention[] = [];
  for (let from = text.indexOf('@'); from >= 0; from = text.indexOf('@', from + 1)) {
    if (LAST_OF_NAME.test(text.slice(Math.max(0, from - 2), from))) continue;
    const end = endsOf(text, from + 1).find((to) => isName(comparedName(text.slice(from + 1, to))));
    if (end !== undefined) found.push({ from, to: end, name: text.slice(from + 1, end) });
  }
  return found;
}

/** Where a name that begins at `start` may end, the farthest first. */
function endsOf(text: string, start: number): number[] {
  const chars = [...text.slice(start, start + 2 * USERNAME_CHARS_MAX + 2)];
  const ends: number[] = [];
  let to = start;
  for (const [at, char] of chars.entries()) {
    if (at === USERNAME_CHARS_MAX || !OF_NAME.test(char)) break;
    to += char.length;
    const next = chars[at + 1];
    const goesOn = next !== undefined && OF_NAME.test(next);
    const mayEnd = !MARK.test(char) && (!goesOn || MARK.test(next) || !ASCII.test(char) || !ASCII.test(next));
    if (mayEnd && at + 1 >= USERNAME_CHARS_MIN) ends.unshift(to);
  }
  return ends;
}

/** The name that is being typed in front of the caret. */
export function typedName(text: string, caret: number): { from: number; query: string } | null {
  const [, query] = TYPED.exec(text.slice(Math.max(0, caret - USERNAME_CHARS_MAX - 2), caret)) ?? [];
  return query === undefined ? null : { from: caret - query.length - 1, query };
}
