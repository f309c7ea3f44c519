/** What is done by a slip, and the moment in which it is taken back. */
import type { BrowserContextOptions, Locator } from '@playwright/test';
import type { Person } from './fixtures';
import { expect, test } from './fixtures';
import { expectAccessible, expectNoSidewaysScroll, shoot } from './look';
import { pair } from './pair';

const WIDE = { viewport: { width: 1360, height: 860 } };
const undo = ({ page }: Person): Locator => page.getByRole('region', { name: '刚才的操作' });
const inList = ({ page }: Person): Locator =>
  page.getByRole('navigation', { name: '我的会话' }).getByRole('link', { name: '产品设计组' });

test('a chat is left by a slip, come back to, and left for good by a page that goes', async ({
  person,
}, info) => {
  const { one, two, room } = await pair(person, WIDE);
  await two.page.setViewportSize(WIDE.viewport);
  const leave = (): Promise<void> => two.page.getByRole('button', { name: '离开会话' }).click();
  await leave();
  await expect(inList(two)).toHaveCount(0);
  await expect(two.page.getByText('选择一个会话')).toBeVisible();
  await expect(undo(two).getByText('已离开“产品设计组”。').last()).toBeVisible();
  await expectAccessible(two.page);
  await shoot(two.page, info, 'undo-left');
  await undo(two).getByRole('button', { name: '撤销' }).click();
  await expect(two.composer).toBeFocused();
  await expect(inList(two)).toHaveCount(1);
  await two.say('还在');
  await one.expectMessage('还在');

  // Once more, by the keys: whoever has lost their place with the chat goes on at the way back.
  await two.page.getByRole('button', { name: '离开会话' }).focus();
  await two.page.keyboard.press('Enter');
  await expect(undo(two).getByRole('button', { name: '撤销' })).toBeFocused();
  await two.page.keyboard.press('Enter');
  await expect(two.composer).toBeFocused();

  // And the page goes before the moment is over.
  await leave();
  await expect(undo(two).getByRole('button', { name: '撤销' })).toBeVisible();
  await two.page.reload();
  await expect(two.page.getByText('还没有会话')).toBeVisible();
  await expect(one.notice('方琳涵 离开了会话')).toBeVisible();
  const messages = new URL(`/api/v1/rooms/${room}/messages`, two.page.url()).href;
  expect((await two.page.request.get(messages)).ok()).toBe(false);
});

test('what a page could not say before it was closed is said by the next', async ({ person }) => {
  const { one, two, room } = await pair(person);
  await two.say('不该说的');
  await one.expectMessage('不该说的');
  const message = two.message('不该说的');
  await message.hover();
  await message.getByRole('button', { name: '这条消息的更多操作' }).click();
  await two.page.getByRole('menuitem', { name: '删除', exact: true }).click();
  await expect(undo(two).getByRole('button', { name: '撤销' })).toBeVisible();
  const next = await two.page.context().newPage();
  await two.page.close();
  await next.goto(new URL(`/#/rooms/${room}`, one.page.url()).href);
  await expect(next.getByText('此消息已删除').first()).toBeVisible();
  await expect(one.message('此消息已删除')).toHaveCount(1);
  await next.close();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`undoing on a phone, 320 px, ${colorScheme}`, async ({ person }, info) => {
    const phone = { hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
    const look: BrowserContextOptions = { colorScheme, viewport: { width: 320, height: 720 }, ...phone };
    const { one, two } = await pairOnPhone(person, look);
    const check = async (what: string): Promise<void> => {
      await expectNoSidewaysScroll(one.page);
      await expectAccessible(one.page);
      await shoot(one.page, info, `${what}-${colorScheme}`);
    };
    // Over the details, which nothing outside of them is reached through.
    await one.page.getByRole('button', { name: '显示会话详情' }).tap();
    const details = one.page.getByRole('dialog', { name: '会话详情' });
    await details.getByRole('button', { name: '对 方琳涵 的操作' }).tap();
    await details.getByRole('button', { name: '移出', exact: true }).tap();
    await expect(details.getByRole('button', { name: '对 方琳涵 的操作' })).toHaveCount(0);
    await check('phone-undo-details');
    const back = undo(one).getByRole('button', { name: '撤销' });
    const box = await back.boundingBox();
    expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44);
    await back.tap();
    await expect(details.getByRole('button', { name: '对 方琳涵 的操作' })).toHaveCount(1);
    await expect(back).toHaveCount(0);
    await expect(two.composer).toBeVisible();
    await one.page.keyboard.press('Escape');
    await expect(details).toBeHidden();
    await expect(one.composer).toBeVisible();
  });
}

async function pairOnPhone(
  person: (name: string, options?: BrowserContextOptions) => Promise<Person>,
  look: BrowserContextOptions,
): Promise<{ one: Person; two: Person }> {
  const one = await person('林泓宇', look);
  const two = await person('方琳涵');
  await one.register();
  await two.register();
  const room = await one.makeRoom('产品设计组');
  await two.enterRoom(room);
  for (const each of [one, two]) await each.open(`/rooms/${room}`);
  await expect(two.page.getByText('2 在线')).toBeVisible();
  return { one, two };
}
