import { describe, expect, it } from 'vitest';
import { FileOutcome } from '../protocol/generated';
import { byteProgress, byteSize, percent } from './bytes';
import { kindOf, pictureBox, playable } from './file_kind';
import { nameParts, shortName } from './file_name';

describe('amounts of bytes', () => {
  it('stand in the unit that fits, with what matters of it', () => {
    const shown = [0, 999, 1_000, 84_000, 999_960, 13_490_000, 186_400_000, 2_147_483_648];
    expect(shown.map((bytes) => byteSize(bytes, 'en'))).toEqual([
      '0 bytes',
      '999 bytes',
      '1 kB',
      '84 kB',
      '1 MB',
      '13.5 MB',
      '186 MB',
      '2.1 GB',
    ]);
  });

  it('of a part stand in the unit of the whole', () => {
    expect(byteProgress(840_000, 13_490_000, 'en')).toBe('0.8 / 13.5 MB');
  });

  it('are never called whole before they are', () => {
    expect(percent(999, 1_000)).toBe(99);
    expect(percent(1_000, 1_000)).toBe(100);
    expect(percent(0, 0)).toBe(100);
  });
});

describe('a file', () => {
  it('is known by what the server found rather than by its name', () => {
    expect(kindOf('a.png')).toBe('image');
    expect(kindOf('a.png', 'video/mp4')).toBe('video');
    expect(kindOf('report.XLSX')).toBe('sheet');
    expect(kindOf('no ending')).toBe('other');
  });

  it('is played only when it is whole', () => {
    const state = { outcome: FileOutcome.complete, code: 0, size: 1, mediaType: 'audio/mpeg', image: null };
    expect(playable(state)).toBe('audio');
    expect(playable({ ...state, outcome: FileOutcome.pending })).toBe(null);
    expect(playable({ ...state, mediaType: 'application/pdf' })).toBe(null);
  });

  it('as a picture has a box that keeps its shape and can be seen', () => {
    const max = { width: 320, height: 320 };
    expect(pictureBox(4_000, 3_000, max)).toEqual({ width: 320, height: 240 });
    expect(pictureBox(100, 50, max)).toEqual({ width: 100, height: 50 });
    expect(pictureBox(30_000, 10, max)).toEqual({ width: 320, height: 48 });
  });
});

describe('the name of a file', () => {
  it.each([
    ['report.pdf', 'report', '.pdf'],
    ['backup.tar.gz', 'backup.tar', '.gz'],
    ['设计走查.fig', '设计走查', '.fig'],
    ['no ending', 'no ending', ''],
    ['.hidden', '.hidden', ''],
    ['v1. What is new', 'v1. What is new', ''],
    // It would look like a picture.
    ['photo\u202egnp.exe', 'photognp', '.exe'],
    ['two\nlines.txt', 'twolines', '.txt'],
  ])('%j is cut before its extension', (name, head, tail) => {
    expect(nameParts(name)).toEqual({ head, tail });
  });

  it('is made short without its extension being lost', () => {
    expect(shortName('a-very-long-name-of-a-report.pdf', 16)).toBe('a-very-long….pdf');
    expect(shortName('report.pdf', 16)).toBe('report.pdf');
    expect(shortName('report.pdf', Infinity)).toBe('report.pdf');
    expect(shortName('👩‍🚀'.repeat(40), 16)).not.toMatch(/[\ud800-\udbff]…/u);
  });
});
