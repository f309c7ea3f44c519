/** Pictures that were shown are kept for a while: not too many, and not too much of them. */
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it, vi } from 'vitest';
import { FileVariant } from '../protocol/generated';
import { useChat } from './chat';
import { useMedia } from './media';

const MIB = 1024 * 1024;
const key = (seq: number): { room: string; seq: number; variant: FileVariant } => ({
  ...{ room: 'room', seq, variant: FileVariant.original },
});
const settled = (): Promise<void> => new Promise((soon) => setTimeout(soon));
let asked: number[];

beforeEach(() => {
  setActivePinia(createPinia());
  asked = [];
  vi.restoreAllMocks();
});

/** Every file has so many bytes. */
function filesOf(bytes: number): ReturnType<typeof useMedia> {
  vi.spyOn(useChat(), 'ask').mockImplementation((_name, what) => {
    asked.push((what as { seq: number }).seq);
    return Promise.resolve({ size: bytes } as never);
  });
  vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:x');
  vi.spyOn(URL, 'revokeObjectURL').mockReturnValue();
  return useMedia();
}

async function look(media: ReturnType<typeof useMedia>, seq: number): Promise<void> {
  await media.take(key(seq));
  await settled();
  media.giveBack(key(seq));
}

it('what was looked at last is not fetched again', async () => {
  const media = filesOf(1 * MIB);
  for (let seq = 1; seq <= 10; seq += 1) await look(media, seq);
  for (let seq = 1; seq <= 10; seq += 1) await look(media, seq);
  expect(asked).toHaveLength(10);
});

it('what nobody looks at holds a bounded number of bytes', async () => {
  const media = filesOf(30 * MIB);
  for (let seq = 1; seq <= 3; seq += 1) await look(media, seq);
  await look(media, 3);
  await look(media, 2);
  expect(asked).toEqual([1, 2, 3]);
  await look(media, 1);
  expect(asked).toEqual([1, 2, 3, 1]);
  expect(URL.revokeObjectURL).toHaveBeenCalledTimes(2);
});

it('what is looked at is never let go of, and what came too late is counted', async () => {
  const media = filesOf(40 * MIB);
  await media.take(key(1));
  // Given back before it was there.
  const [two, three] = [media.take(key(2)), media.take(key(3))];
  media.giveBack(key(2));
  media.giveBack(key(3));
  await Promise.all([two, three]);
  await settled();
  await look(media, 1);
  expect(asked).toEqual([1, 2, 3]);
  expect(URL.revokeObjectURL).toHaveBeenCalledTimes(1);
});
