/** Two people in one room, each at the page, and each seeing the other there. */
import type { BrowserContextOptions } from '@playwright/test';
import type { Person, Transport } from './fixtures';
import { expect } from './fixtures';

export interface Pair {
  one: Person;
  two: Person;
  room: string;
}

/** `options` are of the first one's browser. */
export async function pair(
  person: (name: string, options?: BrowserContextOptions) => Promise<Person>,
  { transport, ...options }: BrowserContextOptions & { transport?: Transport } = {},
): Promise<Pair> {
  const [one, two] = [await person('林泓宇', options), await person('方琳涵')];
  await one.register();
  await two.register();
  const room = await one.makeRoom('产品设计组');
  await two.enterRoom(room);
  for (const each of [one, two]) await each.open(`/rooms/${room}`, transport);
  for (const each of [one, two]) await expect(each.page.getByText('2 在线')).toBeVisible();
  return { one, two, room };
}
