/**
 * Finds the links in a message. The text stays text: what comes out are plain parts
 * that the page shows as text nodes and anchors, so no markup of a user's can live.
 */
export type Part = { text: string; href?: undefined } | { text: string; href: string };

/** A link ends at white space, at quotes and brackets, and at CJK punctuation. */
const CANDIDATE =
  /(?:https?:\/\/|mailto:)[^\s<>"'`{}|\\^\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65“”‘’…]+/giu;
const TRAILING = /[.,;:!?*_~]+$/u;
const SCHEMES = new Set(['http:', 'https:', 'mailto:']);

export function linkify(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    const link = trimmed(match[0]);
    if (!allowed(link)) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    parts.push({ text: link, href: link });
    end = match.index + link.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** Without the sentence's own punctuation; a bracket stays if it was opened in the link. */
function trimmed(candidate: string): string {
  let link = candidate;
  for (;;) {
    const shorter = link.replace(TRAILING, '');
    const unopened =
      (shorter.endsWith(')') && count(shorter, ')') > count(shorter, '(')) ||
      (shorter.endsWith(']') && count(shorter, ']') > count(shorter, '['));
    const next = unopened ? shorter.slice(0, -1) : shorter;
    if (next === link) return link;
    link = next;
  }
}

const count = (text: string, char: string): number => text.split(char).length - 1;

function allowed(link: string): boolean {
  try {
    const url = new URL(link);
    return (
      SCHEMES.has(url.protocol) && (url.protocol === 'mailto:' ? url.pathname !== '' : url.hostname !== '')
    );
  } catch {
    return false;
  }
}
