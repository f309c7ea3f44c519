/** The letters and the colour by which a person or a room is told at a glance. */
export const AVATAR_COLOURS = 8;

const CJK = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}/u;

/** A person: the last CJK character, else the initials of the first and last word; `user7` is U7. */
export function personInitials(name: string): string {
  const chars = [...name.trim()];
  if (chars.some((char) => CJK.test(char))) return chars.filter((char) => CJK.test(char)).at(-1) ?? '';
  const words = name.split(/[\s._-]+|(?<=\p{L})(?=\d+$)/u).filter(Boolean);
  const first = [...(words[0] ?? '?')];
  const last = words.length > 1 ? [...(words.at(-1) ?? '')] : [];
  return ((first[0] ?? '?') + (last[0] ?? first[1] ?? '')).toUpperCase();
}

/** A room: its first letter. */
export function roomInitial(name: string): string {
  return ([...name.trim()][0] ?? '?').toUpperCase();
}

/** The same id has the same colour on every device (FNV-1a). */
export function colourOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < id.length; at += 1) {
    hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0) % AVATAR_COLOURS;
}
