/** What is new, where one has read to, what one wants of rooms: with two people, on two devices. */
import type { Locator } from '@playwright/test';
import type { Person } from './fixtures';
import { PASSWORD, expect, test } from './fixtures';
import { expectAccessible, expectNoSidewaysScroll, shoot } from './look';

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `line ${String(from + at)} of many`);

const inList = (who: Person, room: string): Locator =>
  who.page.getByRole('navigation').getByRole('link').filter({ hasText: room });
const badge = (who: Person, room: string): Locator => inList(who, room).locator('.count');
const divider = (who: Person): Locator => who.page.getByRole('separator', { name: '以下为新消息' });

/** Two members of a room, each at the list; the first has made it. */
async function pair(
  person: (name: string, options?: object) => Promise<Person>,
  options = {},
): Promise<{ me: Person; other: Person; room: string }> {
  const [me, other] = [await person('user1', options), await person('user2')];
  await me.register();
  await other.register();
  const room = await me.makeRoom('技术交流');
  await other.enterRoom(room);
  await me.open('/');
  await expect(inList(me, '技术交流')).toBeVisible();
  return { me, other, room };
}

/** The same person in another browser. */
async function secondDevice(
  person: (name: string, options?: object) => Promise<Person>,
  options = {},
): Promise<Person> {
  const again = await person('user1', options);
  await again.open('/login');
  await again.login(PASSWORD);
  return again;
}

test('what is new is counted, begins at a divider, and is read as it passes', async ({ person }, info) => {
  const { me, other, room } = await pair(person);
  await other.post(room, numbered(1, 80));
  await expect(badge(me, '技术交流')).toContainText('80');
  await expect(me.page).toHaveTitle('(80) Rill');
  await shoot(me.page, info, 'unread');

  await inList(me, '技术交流').click();
  await expect(divider(me)).toBeInViewport();
  await expect(me.message('line 1 of many')).toBeInViewport();
  await expect(me.message('line 80 of many')).not.toBeInViewport();
  // What has passed is read, and what has not is not.
  await expect(badge(me, '技术交流')).not.toContainText('80');
  await expect(badge(me, '技术交流')).toBeVisible();
  await expectAccessible(me.page);
  await shoot(me.page, info, 'divider');

  await me.page.getByRole('button', { name: /条新消息/ }).click();
  await expect(me.message('line 80 of many')).toBeInViewport();
  await expect(badge(me, '技术交流')).toHaveCount(0);
  await expect(me.page).toHaveTitle('技术交流 · Rill');
});

test('a mark is the same on every device, also when it goes back', async ({ person }) => {
  const { me, other, room } = await pair(person);
  const there = await secondDevice(person);
  await other.post(room, numbered(1, 3));
  await expect(badge(me, '技术交流')).toContainText('3');
  await expect(badge(there, '技术交流')).toContainText('3');
  await inList(me, '技术交流').click();
  await expect(badge(me, '技术交流')).toHaveCount(0);
  await expect(badge(there, '技术交流')).toHaveCount(0);

  const message = me.message('line 2 of many');
  await message.hover();
  await message.getByRole('button', { name: '这条消息的更多操作' }).click();
  await me.page.getByRole('menuitem', { name: '标为未读' }).click();
  await expect(badge(there, '技术交流')).toContainText('2');
  await expect(badge(me, '技术交流')).toContainText('2');
  await expect(divider(me)).toBeVisible();
  await there.page.reload();
  await expect(badge(there, '技术交流')).toContainText('2');
});

test('one’s own message is read by the other, unless they hide it', async ({ person }, info) => {
  const { me, other, room } = await pair(person);
  await me.open(`/rooms/${room}`);
  await me.say('have you seen this');
  const ticks = me.message('have you seen this');
  await expect(ticks.getByRole('img', { name: '已发送' })).toBeVisible();
  await other.open(`/rooms/${room}`);
  await expect(ticks.getByRole('img', { name: '已读' })).toBeVisible();

  // In a group by how many and by whom.
  const third = await person('user3');
  await third.register();
  await third.enterRoom(room);
  await me.say('have all of you');
  const shared = me.message('have all of you');
  await third.open(`/rooms/${room}`);
  await expect(shared.getByRole('button', { name: '已读 2' })).toBeVisible();
  await shared.getByRole('button', { name: '已读 2' }).click();
  const readers = me.page.getByRole('dialog', { name: '已读成员' });
  await expect(readers.getByRole('listitem')).toHaveText([/user2/, /user3/]);
  await shoot(me.page, info, 'readers');
  await me.page.keyboard.press('Escape');

  await third.page.getByRole('button', { name: '设置', exact: true }).click();
  await third.page.getByRole('switch', { name: '隐藏我的已读' }).check({ force: true });
  await third.page.keyboard.press('Escape');
  await me.say('and this');
  await expect(third.message('and this')).toBeInViewport();
  await expect(me.message('and this').getByRole('button', { name: '已读 1' })).toBeVisible();
});

test('a room is muted, pinned and archived by the keyboard, on every device', async ({ person }, info) => {
  const { me, other, room } = await pair(person);
  const there = await secondDevice(person);
  await me.makeRoom('读书会');
  await expect(inList(me, '读书会')).toBeVisible();
  const act = async (name: string): Promise<void> => {
    await inList(me, '技术交流').focus();
    await me.page.keyboard.press('Tab');
    await me.page.keyboard.press('Enter');
    const entry = me.page.getByRole('menu').getByText(name, { exact: true });
    await expect(entry).toBeVisible();
    for (let turn = 0; turn < 10; turn += 1) {
      if ((await me.page.locator('[role^=menuitem]:focus').textContent())?.trim() === name) break;
      await me.page.keyboard.press('ArrowDown');
    }
    await me.page.keyboard.press('Enter');
    await expect(me.page.getByRole('menu')).toHaveCount(0);
  };
  await act('免打扰');
  await act('置顶');
  for (const who of [me, there]) {
    await expect(inList(who, '技术交流').getByRole('img', { name: '免打扰' })).toBeVisible();
    await expect(who.page.getByRole('navigation').getByRole('link').first()).toContainText('技术交流');
  }
  await other.post(room, ['nobody hears of this']);
  await expect(badge(me, '技术交流')).toHaveClass(/muted/);
  await expect(me.page).toHaveTitle('Rill');
  await shoot(me.page, info, 'muted');
  await act('归档');
  for (const who of [me, there]) {
    await expect(inList(who, '读书会')).toBeVisible();
    await expect(inList(who, '技术交流')).toHaveCount(0);
    await who.page.getByRole('button', { name: '已归档' }).click();
    await expect(inList(who, '技术交流')).toBeVisible();
  }
});

test('a draft follows to a second device, and is gone with its message', async ({ person }) => {
  const { me, room } = await pair(person);
  const there = await secondDevice(person);
  await me.open(`/rooms/${room}`);
  await me.composer.pressSequentially('half a thought');
  await expect(inList(there, '技术交流')).toContainText('half a thought');
  await there.open(`/rooms/${room}`);
  await expect(there.composer).toHaveValue('half a thought');
  await there.composer.press('End');
  await there.composer.pressSequentially(', and the rest');
  await expect(me.composer).toHaveValue('half a thought, and the rest');
  await me.composer.press('Enter');
  await there.expectMessage('half a thought, and the rest');
  await expect(there.composer).toHaveValue('');
});

test('somebody is mentioned by completion, and finds it', async ({ person }, info) => {
  const { me, other, room } = await pair(person);
  await other.open(`/rooms/${room}`);
  await other.composer.pressSequentially('看看 @us');
  await expect(other.page.getByRole('option', { name: 'user1' })).toBeVisible();
  await expectAccessible(other.page);
  await shoot(other.page, info, 'completion');
  await other.composer.press('Enter');
  await expect(other.composer).toHaveValue('看看 @user1 ');
  await other.composer.pressSequentially('这里');
  await other.composer.press('Enter');
  await expect(inList(me, '技术交流').getByRole('img', { name: '有人提及你' })).toBeVisible();
  await me.page.getByRole('button', { name: /^提及我/ }).click();
  // The next room that calls, without a pointer.
  await me.page.keyboard.press('Alt+ArrowDown');
  await expect(me.message('看看 @user1').locator('mark.me')).toHaveText('@user1');
  await expect(inList(me, '技术交流').getByRole('img', { name: '有人提及你' })).toHaveCount(0);
  await shoot(me.page, info, 'mention');
});

test('on a phone', async ({ person }, info) => {
  const { me, other, room } = await pair(person, { viewport: { width: 390, height: 844 }, hasTouch: true });
  await other.post(room, [...numbered(1, 30), 'hello @user1']);
  await expect(badge(me, '技术交流')).toContainText('31');
  await expectNoSidewaysScroll(me.page);
  await expectAccessible(me.page);
  await shoot(me.page, info, 'phone-list');
  await inList(me, '技术交流').click();
  await expect(divider(me)).toBeInViewport();
  await shoot(me.page, info, 'phone-divider');
  const jump = me.page.getByRole('button', { name: /条新消息/ });
  expect((await jump.boundingBox())?.height).toBeGreaterThanOrEqual(44);
  await jump.click();
  await expect(me.message('hello @user1').locator('mark.me')).toBeInViewport();
});
