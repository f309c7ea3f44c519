/** Private chats: one of each pair, how far a message has come, and what a block does to it. */
import type { BrowserContextOptions, Locator } from '@playwright/test';
import type { Person } from './fixtures';
import { expect, test } from './fixtures';
import { expectAccessible, expectNoSidewaysScroll, shoot } from './look';

type Make = (name: string, options?: BrowserContextOptions) => Promise<Person>;

const WIDE = { viewport: { width: 1360, height: 860 } };
const details = ({ page }: Person): Locator => page.getByRole('complementary', { name: '会话详情' });
const list = ({ page }: Person): Locator => page.getByRole('navigation', { name: '我的会话' });
/** The chat in the list of rooms. */
const entry = (one: Person, name: string): Locator => list(one).getByRole('link').filter({ hasText: name });
const tick = (one: Person, text: string): Locator => one.message(text).locator('.tick');
const header = ({ page }: Person): Locator => page.locator('.pane .header');

async function two(
  person: Make,
  options: BrowserContextOptions = WIDE,
): Promise<{ ann: Person; bob: Person }> {
  const [ann, bob] = [await person('ann', options), await person('bob', WIDE)];
  for (const one of [ann, bob]) {
    await one.register();
    await one.open();
    await expect(one.page.getByText('还没有会话')).toBeVisible();
  }
  return { ann, bob };
}

/** From the list of people, by the button beside the name. */
async function write(one: Person, to: string): Promise<void> {
  const { page } = one;
  const people = page.getByRole('dialog', { name: '查找成员' });
  await people.getByRole('button', { name: `给 ${to} 发消息` }).click();
  await expect(people).toBeHidden();
  await expect(one.composer).toBeVisible();
}

async function findPeople({ page }: Person): Promise<void> {
  await page.getByRole('button', { name: '查找成员' }).click();
  await expect(page.getByRole('dialog', { name: '查找成员' }).getByRole('listitem')).toHaveCount(1);
}

/** Ann has opened the chat, and Bob has it in his list. */
async function chat(person: Make, options?: BrowserContextOptions): Promise<{ ann: Person; bob: Person }> {
  const both = await two(person, options);
  await findPeople(both.ann);
  await write(both.ann, 'bob');
  await expect(entry(both.bob, 'ann')).toBeVisible();
  return both;
}

test('a chat that both open in the same moment is one', async ({ person }, info) => {
  const { ann, bob } = await two(person);
  await findPeople(ann);
  await findPeople(bob);
  await expectAccessible(ann.page);
  await shoot(ann.page, info, 'private-people');
  await Promise.all([write(ann, 'bob'), write(bob, 'ann')]);
  await expect(ann.composer).toBeFocused();
  await expect(list(ann).getByRole('link')).toHaveCount(1);
  await expect(list(bob).getByRole('link')).toHaveCount(1);
  expect(new URL(ann.page.url()).hash).toBe(new URL(bob.page.url()).hash);
  await expect(header(ann).getByRole('heading')).toHaveText('bob');
  await expect(header(bob).getByRole('heading')).toHaveText('ann');
  await ann.say('你好');
  await bob.expectMessage('你好');
  // Nobody made it, and nobody came in.
  await expect(ann.page.getByRole('log')).not.toContainText('加入');
  await expect(ann.page.getByRole('log')).not.toContainText('创建');
  // Opened again it is the same.
  const profile = ann.page.getByRole('dialog', { name: '个人资料' });
  await bob.say('在');
  await ann.message('在').getByRole('button', { name: 'bob' }).click();
  await profile.getByRole('button', { name: '发消息' }).click();
  await expect(profile).toBeHidden();
  await expect(list(ann).getByRole('link')).toHaveCount(1);
});

test('a message is sent, then has arrived, then is read, and the list says so', async ({ person }, info) => {
  const { ann, bob } = await chat(person);
  await bob.page.context().setOffline(true);
  await bob.page.close();
  await ann.say('在吗');
  await expect(tick(ann, '在吗')).toHaveAttribute('aria-label', '已发送');
  await expect(entry(ann, 'bob').locator('.tick')).toHaveAttribute('aria-label', '已发送');
  await shoot(ann.page, info, 'private-sent');

  // Bob is there again, and looks at nothing yet.
  const page = await bob.page.context().newPage();
  await page.context().setOffline(false);
  await page.goto(ann.page.url().replace(/#.*/, '#/'));
  await expect(tick(ann, '在吗')).toHaveAttribute('aria-label', '已送达');
  await expect(entry(ann, 'bob').locator('.tick')).toHaveAttribute('aria-label', '已送达');
  await expectAccessible(ann.page);
  await shoot(ann.page, info, 'private-delivered');

  await page.getByRole('navigation').getByRole('link').filter({ hasText: 'ann' }).click();
  await expect(tick(ann, '在吗')).toHaveAttribute('aria-label', '已读');
  await expect(ann.message('在吗')).toContainText('已读');
  await expect(entry(ann, 'bob').locator('.tick')).toHaveAttribute('aria-label', '已读');
  await expectAccessible(ann.page);
  await shoot(ann.page, info, 'private-read');
  // It is known after another login, too, where nobody looks at the chat.
  await ann.open();
  await ann.page.reload();
  await expect(entry(ann, 'bob').locator('.tick')).toHaveAttribute('aria-label', '已读');
});

test('a chat is called as the other is, and shows whether they are there', async ({ person }, info) => {
  const { ann, bob } = await chat(person);
  const shape = entry(ann, 'bob').locator('[data-shape]');
  await expect(shape).toHaveAttribute('data-shape', 'online');
  await expect(header(ann)).toContainText('在线');
  await expect(details(ann)).toContainText('@bob');
  for (const what of ['会话设置', '邀请他人', '离开会话']) {
    await expect(details(ann).getByRole('button', { name: what })).toHaveCount(0);
  }
  const dialog = await bob.openSettings('个人资料');
  await dialog.getByLabel('显示名称').fill('李明');
  await dialog.getByRole('button', { name: '保存' }).click();
  await expect(dialog).toBeHidden();
  await expect(entry(ann, '李明')).toBeVisible();
  await expect(header(ann).getByRole('heading')).toHaveText('李明');
  await expect(details(ann).getByRole('heading', { name: '李明' })).toBeVisible();
  await expect(ann.page).toHaveTitle(/李明/);

  await details(ann).getByText('置顶').click();
  await expect(details(ann).getByRole('switch', { name: '置顶' })).toBeChecked();
  await ann.page.getByRole('button', { name: '群聊', exact: true }).click();
  await expect(list(ann).getByRole('link')).toHaveCount(0);
  await ann.page.getByRole('button', { name: '私聊', exact: true }).press('Enter');
  await expect(list(ann).getByRole('link')).toHaveCount(1);
  await expectAccessible(ann.page);
  await shoot(ann.page, info, 'private-details');
  await bob.page.close();
  await expect(entry(ann, '李明').locator('[data-shape]')).toHaveAttribute('data-shape', 'offline');
  await expect(header(ann)).toContainText('最后在线');
});

test('a chat is begun, and gone to, by the keyboard alone', async ({ person }, info) => {
  const { ann, bob } = await two(person);
  const { page } = ann;
  const dialog = page.getByRole('dialog', { name: '跳转到会话或成员' });
  const room = await ann.makeRoom('产品设计组');
  await ann.open(`/rooms/${room}`);
  await expect(ann.composer).toBeFocused();
  await page.keyboard.press('Control+k');
  await expect(dialog.getByRole('option')).toHaveText([/产品设计组/]);
  await page.keyboard.type('bo');
  await expect(dialog.getByRole('option')).toContainText('@bob · 在线');
  await expectAccessible(page);
  await shoot(page, info, 'switcher-person');
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(header(ann).getByRole('heading')).toHaveText('bob');
  await expect(ann.composer).toBeFocused();
  await expect(entry(bob, 'ann')).toBeVisible();
  await page.keyboard.press('Control+k');
  await expect(dialog.getByRole('option')).toHaveCount(2);
  await page.keyboard.press('ArrowDown');
  await shoot(page, info, 'switcher-rooms');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await page.getByRole('button', { name: /^跳转到会话或成员/ }).click();
  await page.keyboard.type('设计');
  await expect(dialog.getByRole('option')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(header(ann).getByRole('heading')).toHaveText('产品设计组');
  await expect(ann.composer).toBeFocused();
});

test('a block closes the chat for both at once, and its end opens it', async ({ person }, info) => {
  const { ann, bob } = await chat(person);
  await entry(bob, 'ann').click();
  await expect(bob.composer).toBeVisible();
  await bob.composer.fill('写了一半');
  await details(ann).getByRole('button', { name: '屏蔽' }).click();
  await details(ann).getByRole('group').getByRole('button', { name: '屏蔽' }).click();
  await expect(ann.page.getByText('你已屏蔽 bob，取消屏蔽后才能继续聊天。')).toBeVisible();
  await expect(ann.composer).toBeHidden();
  await expect(bob.composer).toBeHidden();
  // By whom and why nobody says.
  await expect(bob.page.getByText('目前无法在此发送消息。')).toBeVisible();
  await expect(bob.page.locator('.pane').getByRole('button', { name: '取消屏蔽' })).toHaveCount(0);
  await expectAccessible(ann.page);
  await shoot(ann.page, info, 'private-closed-by-me');
  await expectAccessible(bob.page);
  await shoot(bob.page, info, 'private-closed');

  await ann.page.locator('.pane').getByRole('button', { name: '取消屏蔽' }).click();
  await expect(ann.composer).toBeVisible();
  await expect(bob.composer).toHaveValue('写了一半');
  await bob.composer.press('Enter');
  await ann.expectMessage('写了一半');
});

test('to whom one blocks there is no new chat, and it is said why nothing happens', async ({ person }) => {
  const { ann, bob } = await two(person);
  await findPeople(bob);
  const people = ann.page.getByRole('dialog', { name: '查找成员' });
  await findPeople(ann);
  await people.getByRole('button', { name: 'bob @bob' }).click();
  const profile = ann.page.getByRole('dialog', { name: '个人资料' });
  await profile.getByRole('button', { name: '屏蔽' }).click();
  await profile.getByRole('group').getByRole('button', { name: '屏蔽' }).click();
  await expect(profile.getByText('你已屏蔽此人。')).toBeVisible();
  await profile.getByRole('button', { name: '发消息' }).click();
  await expect(profile.getByRole('alert')).toHaveText('目前无法与对方聊天。');
  const others = bob.page.getByRole('dialog', { name: '查找成员' });
  await others.getByRole('button', { name: '给 ann 发消息' }).click();
  await expect(others.getByRole('alert')).toHaveText('目前无法与对方聊天。');
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [390, 320]) {
    test(`a private chat on a phone, ${String(width)} px, ${colorScheme}`, async ({ person }, info) => {
      const phone = { hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
      const look = { colorScheme, viewport: { width, height: 720 }, ...phone };
      const { ann, bob } = await chat(person, look);
      const { page } = ann;
      const check = async (what: string): Promise<void> => {
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
        await shoot(page, info, `${what}-${String(width)}-${colorScheme}`);
      };
      await ann.say('明天见');
      await entry(bob, 'ann').click();
      await bob.say('好的');
      await ann.expectMessage('好的');
      await ann.say('晚安');
      await expect(tick(ann, '晚安')).toHaveAttribute('aria-label', '已读');
      await check('phone-private');
      await page.getByRole('button', { name: '显示会话详情' }).tap();
      await expect(page.getByRole('dialog', { name: '会话详情' })).toContainText('@bob');
      await check('phone-private-details');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: '返回会话列表' }).tap();
      await expect(entry(ann, 'bob').locator('.tick')).toHaveAttribute('aria-label', '已读');
      await page.getByRole('button', { name: '私聊', exact: true }).tap();
      await check('phone-private-list');
    });
  }
}
