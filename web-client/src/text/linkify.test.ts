import { expect, it } from 'vitest';
import { linkify } from './linkify';

function check(text: string, links: string[]): void {
  const parts = linkify(text);
  expect(parts.map((part) => part.text).join('')).toBe(text);
  expect(parts.flatMap((part) => (part.href === undefined ? [] : [part.href]))).toEqual(links);
}

it('finds links and leaves the sentence’s punctuation outside', () => {
  check('see https://example.com/a?b=c#d.', ['https://example.com/a?b=c#d']);
  check('（见 https://example.com/文档）。', ['https://example.com/文档']);
  check('看https://example.com/路径，还有http://localhost:8080/', [
    'https://example.com/路径',
    'http://localhost:8080/',
  ]);
  check('(https://en.wikipedia.org/wiki/Rill_(stream)), yes', [
    'https://en.wikipedia.org/wiki/Rill_(stream)',
  ]);
  check('mailto:someone@example.com!', ['mailto:someone@example.com']);
});

it('never makes a link of anything else', () => {
  check('javascript:alert(1) data:text/html,x ftp://host file:///etc/passwd', []);
  check('https:// http://. mailto:', []);
  check('<a href="javascript:alert(1)">x</a>', []);
  check('', []);
});
