/** The name of a file as it is shown: what it ends with says what it is, so that is never cut off. */

/** What turns the direction of writing, and what no name has: `photo[RLO]gnp.exe` would look like a picture. */

const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
/** Longer, and it is no extension but a dot in a name. */
const EXTENSION = /(?<=.)\.[^.\s]{1,10}$/u;

/** Where there is no place for all of it, the end of `head` gives way. */
export function nameParts(name: string): { head: string; tail: string } {
  const shown = name.replace(UNSEEN, '');
  const tail = EXTENSION.exec(shown)?.[0] ?? '';
  return { head: shown.slice(0, shown.length - tail.length), tail };
}

/** At most so many characters of it, with its extension. */
export function shortName(name: string, max: number): string {
  const { head, tail } = nameParts(name);
  const characters = [...head];
  const place = max - [...tail].length;
  return characters.length <= place ? head + tail : `${characters.slice(0, place - 1).join('')}…${tail}`;
}
