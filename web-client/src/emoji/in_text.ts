/** A server's own emoji in what somebody wrote: names between colons that are known. */

export type TextPart = { text: string; name?: undefined } | { text: string; name: string };

const NAME = /:([a-z0-9_-]{2,32})(?=:)/g;

/** Everything else stays the text that it is. */
export function customInText(text: string, isKnown: (name: string) => boolean): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const { 1: name = '', index } of text.matchAll(NAME)) {
    // Its first colon may be the last of the one before it.
    if (index < end || !isKnown(name)) continue;
    if (index > end) parts.push({ text: text.slice(end, index) });
    end = index + name.length + 2;
    parts.push({ text: text.slice(index, end), name });
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}
