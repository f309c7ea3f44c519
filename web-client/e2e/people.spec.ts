/** People: whether they are there, what they say, how one finds and blocks them; with two of them. */
import type { Locator } from '@playwright/test';
import type { Person } from './fixtures';
import { expect, test } from './fixtures';
import { expectAccessible, expectNoSidewaysScroll, shoot } from './look';

type Make = (name: string, options?: object) => Promise<Person>;

const WIDE = { viewport: { width: 1360, height: 860 } };
const details = ({ page }: Person): Locator => page.getByRole('complementary', { name: '会话详情' });
/** Somebody among the members of the room on the screen. */
const member = (one: Person, name: string): Locator =>
  details(one).getByRole('listitem').filter({ hasText: name });
const shapeOf = (row: Locator): Locator => row.locator('[data-shape]');
const typing = (one: Person): Locator => one.page.locator('.typing .line');

/** Two who look at the same room. */
async function pair(
  person: Make,
  options: object = WIDE,
): Promise<{ ann: Person; bob: Person; room: string }> {
  const [ann, bob] = [await person('ann', options), await person('bob', WIDE)];
  await ann.register();
  await bob.register();
  const room = await ann.makeRoom('技术交流');
  await bob.enterRoom(room);
  for (const one of [ann, bob]) {
    await one.open(`/rooms/${room}`);
    await expect(one.composer).toBeVisible();
  }
  return { ann, bob, room };
}

/** An entry of one's own status menu. */
async function choose(one: Person, entry: string): Promise<void> {
  await one.page.getByRole('button', { name: /^我的状态/ }).click();
  await one.page.getByRole('menu', { name: '我的状态' }).getByText(entry, { exact: true }).click();
}

/** The profile of a member. */
async function openProfile(one: Person, name: string): Promise<Locator> {
  await member(one, name).getByRole('button').first().click();
  const dialog = one.page.getByRole('dialog', { name: '个人资料' });
  await expect(dialog.getByRole('heading', { name, level: 3 })).toBeVisible();
  return dialog;
}

test('what somebody says of the moment is seen by the other at once, and is over in its time', async ({
  person,
}, info) => {
  const { ann, bob } = await pair(person);
  await expect(shapeOf(member(ann, 'bob'))).toHaveAttribute('data-shape', 'online');
  await choose(bob, '请勿打扰');
  await expect(shapeOf(member(ann, 'bob'))).toHaveAttribute('data-shape', 'busy');
  await expect(member(ann, 'bob')).toContainText('请勿打扰');
  await expect(bob.page.getByRole('button', { name: '我的状态：请勿打扰' })).toBeVisible();

  await choose(bob, '设置状态…');
  const dialog = bob.page.getByRole('dialog', { name: '我的状态' });
  await dialog.getByRole('button', { name: '为状态选择表情' }).click();
  const picker = bob.page.getByRole('dialog', { name: '选择表情' });
  await picker.locator('.one').first().click();
  await expect(picker).toBeHidden();
  await expect(dialog.getByRole('button', { name: '去掉表情' })).toBeVisible();
  await dialog.getByRole('button', { name: '开会中' }).click();
  await expectAccessible(bob.page);
  await shoot(bob.page, info, 'status-dialog');
  await dialog.getByRole('button', { name: '保存' }).click();
  await expect(dialog).toBeHidden();
  await expect(member(ann, 'bob')).toContainText('📅开会中');
  await expect(bob.page.locator('footer')).toContainText('开会中');
  await expectAccessible(ann.page);
  await shoot(ann.page, info, 'status-seen');
  const profile = await openProfile(ann, 'bob');
  await expect(profile).toContainText('@bob');
  await expect(profile).toContainText(/至 /);
  await expectAccessible(ann.page);
  await shoot(ann.page, info, 'profile');
  await ann.page.keyboard.press('Escape');

  await bob.page.getByRole('button', { name: /^我的状态/ }).click();
  await expect(bob.page.getByRole('menuitem', { name: '清除状态' })).toBeVisible();
  await shoot(bob.page, info, 'status-menu');
  await bob.page.getByRole('menuitem', { name: '清除状态' }).click();
  await expect(member(ann, 'bob')).not.toContainText('开会中');
  await choose(bob, '在线');
  await expect(shapeOf(member(ann, 'bob'))).toHaveAttribute('data-shape', 'online');

  await bob.page.close();
  await expect(shapeOf(member(ann, 'bob'))).toHaveAttribute('data-shape', 'offline');
  await expect(await openProfile(ann, 'bob')).toContainText('最后在线');
});

test('a status that is over by the clock is taken away without a word of the server', async ({ person }) => {
  const { ann, bob } = await pair(person);
  await ann.page.clock.install();
  await ann.page.reload();
  await choose(bob, '设置状态…');
  const dialog = bob.page.getByRole('dialog', { name: '我的状态' });
  await dialog.getByLabel('状态', { exact: true }).fill('马上回来');
  await dialog.getByLabel('清除时间').selectOption({ label: '30 分钟后' });
  await dialog.getByRole('button', { name: '保存' }).click();
  await expect(member(ann, 'bob')).toContainText('马上回来');
  await ann.page.clock.fastForward('31:00');
  await expect(member(ann, 'bob')).not.toContainText('马上回来');
});

test('whoever does nothing is away, until they are back', async ({ person }) => {
  const { ann, bob } = await pair(person);
  await bob.page.clock.install();
  await bob.page.reload();
  await expect(bob.composer).toBeVisible();
  await expect(shapeOf(member(ann, 'bob'))).toHaveAttribute('data-shape', 'online');
  await bob.page.clock.fastForward('06:00');
  await expect(shapeOf(member(ann, 'bob'))).toHaveAttribute('data-shape', 'idle');
  await expect(member(ann, 'bob')).toContainText('离开');
  await bob.page.mouse.move(200, 200);
  await expect(shapeOf(member(ann, 'bob'))).toHaveAttribute('data-shape', 'online');
});

test('who writes is seen, and is gone when they have sent or given up', async ({ person }, info) => {
  const { ann, bob } = await pair(person);
  const before = await ann.page.getByRole('log').boundingBox();
  await bob.composer.pressSequentially('你好');
  await expect(typing(ann)).toHaveText('bob 正在输入…');
  await expect(ann.page.getByRole('navigation').getByText('bob 正在输入…')).toBeVisible();
  await expect(ann.page.locator('.typing [role=status]')).toHaveText('bob 正在输入…');
  // It has had its place all along.
  expect(await ann.page.getByRole('log').boundingBox()).toEqual(before);
  await expectAccessible(ann.page);
  await shoot(ann.page, info, 'typing');
  await bob.composer.press('Enter');
  await ann.expectMessage('你好');
  await expect(typing(ann)).toBeHidden();
  await bob.composer.pressSequentially('再说');
  await expect(typing(ann)).toBeVisible();
  await bob.composer.fill('');
  await expect(typing(ann)).toBeHidden();
  // Whoever falls silent is not said to write for ever.
  await bob.composer.pressSequentially('嗯');
  await expect(typing(ann)).toBeVisible();
  await expect(typing(ann)).toBeHidden({ timeout: 15_000 });
  await expect(bob.composer).toHaveValue('嗯');
});

test('whom one blocks sees one as gone, until they are not blocked any more', async ({ person }, info) => {
  const { ann, bob } = await pair(person);
  await expect(shapeOf(member(bob, 'ann'))).toHaveAttribute('data-shape', 'online');
  const profile = await openProfile(ann, 'bob');
  await profile.getByRole('button', { name: '屏蔽' }).click();
  await expect(profile.getByText('屏蔽 bob？')).toBeVisible();
  await shoot(ann.page, info, 'block');
  await profile.getByRole('group').getByRole('button', { name: '屏蔽' }).click();
  await expect(profile.getByText('你已屏蔽此人。')).toBeVisible();
  await expect(shapeOf(member(bob, 'ann'))).toHaveAttribute('data-shape', 'offline');
  await ann.page.keyboard.press('Escape');
  await expect(profile).toBeHidden();
  await ann.composer.pressSequentially('不给看');
  await ann.composer.press('Enter');
  await bob.expectMessage('不给看');
  await expect(shapeOf(member(bob, 'ann'))).toHaveAttribute('data-shape', 'offline');

  const list = await ann.openSettings('已屏蔽的人');
  await expect(list.getByRole('listitem')).toHaveText([/bob/]);
  await expectAccessible(ann.page);
  await shoot(ann.page, info, 'blocked');
  await list.getByRole('button', { name: '取消屏蔽 bob' }).click();
  await expect(list.getByText('你没有屏蔽任何人。')).toBeVisible();
  await expect(shapeOf(member(bob, 'ann'))).toHaveAttribute('data-shape', 'online');
});

test('a chosen name is everywhere at once, and its owner is mentioned by their username', async ({
  person,
}, info) => {
  const { ann, bob } = await pair(person);
  await bob.say('我还没有名字');
  await expect(ann.message('我还没有名字').getByRole('button', { name: 'bob' })).toBeVisible();
  const dialog = await bob.openSettings('个人资料');
  await dialog.getByLabel('显示名称').fill('李明');
  await dialog.getByLabel('时区').selectOption('Asia/Tokyo');
  await dialog.getByLabel('语言').selectOption('zh-CN');
  await expectAccessible(bob.page);
  await shoot(bob.page, info, 'profile-settings');
  await dialog.getByRole('button', { name: '保存' }).click();
  await expect(dialog).toBeHidden();
  await expect(bob.page.locator('footer')).toContainText('李明');
  await expect(ann.message('我还没有名字').getByRole('button', { name: '李明' })).toBeVisible();
  await expect(member(ann, '李明')).toBeVisible();
  await expect(ann.page.getByRole('navigation')).toContainText('李明：我还没有名字');

  await ann.message('我还没有名字').getByRole('button', { name: '李明' }).click();
  const profile = ann.page.getByRole('dialog', { name: '个人资料' });
  await expect(profile).toContainText('@bob');
  await expect(profile).toContainText('Asia/Tokyo');
  await expect(profile).toContainText('中文（中国）');
  await shoot(ann.page, info, 'profile-named');
  await ann.page.keyboard.press('Escape');

  await ann.composer.pressSequentially('@李');
  await expect(ann.page.getByRole('option', { name: '李明' })).toBeVisible();
  await ann.composer.press('Enter');
  await expect(ann.composer).toHaveValue('@bob ');
  await ann.composer.pressSequentially('看一下');
  await ann.composer.press('Enter');
  await expect(bob.message('看一下').locator('mark.me')).toHaveText('@bob');
});

test('people are found by pinyin and by the keyboard, but for who does not want to be', async ({
  person,
}, info) => {
  const [ann, bob, carl] = [await person('ann'), await person('bob'), await person('carl')];
  for (const one of [ann, bob, carl]) {
    await one.register();
    await one.open();
  }
  const named = await bob.openSettings('个人资料');
  await named.getByLabel('显示名称').fill('李明');
  await named.getByRole('button', { name: '保存' }).click();
  await expect(named).toBeHidden();

  await ann.page.getByRole('button', { name: '查找成员' }).focus();
  await ann.page.keyboard.press('Enter');
  const dialog = ann.page.getByRole('dialog', { name: '查找成员' });
  await expect(dialog.getByRole('listitem')).toHaveCount(2);
  await shoot(ann.page, info, 'people');
  await expectAccessible(ann.page);
  await ann.page.keyboard.type('lm');
  await expect(dialog.getByRole('listitem')).toHaveCount(1);
  await expect(dialog.getByRole('listitem')).toContainText('@bob');
  await expect(shapeOf(dialog.getByRole('listitem'))).toHaveAttribute('data-shape', 'online');
  await shoot(ann.page, info, 'people-found');
  await ann.page.keyboard.press('ArrowDown');
  await ann.page.keyboard.press('Enter');
  const profile = ann.page.getByRole('dialog', { name: '个人资料' });
  await expect(profile.getByRole('heading', { name: '李明' })).toBeVisible();
  await ann.page.keyboard.press('Escape');
  await expect(profile).toBeHidden();
  await expect(dialog.getByRole('button', { name: /@bob/ })).toBeFocused();

  const hiding = await carl.openSettings('个人资料');
  await hiding.getByRole('switch', { name: '不出现在成员查找中' }).check({ force: true });
  await hiding.getByRole('button', { name: '保存' }).click();
  await expect(hiding).toBeHidden();
  await expect(async () => {
    await dialog.getByLabel('姓名或用户名').fill('');
    await dialog.getByLabel('姓名或用户名').fill('carl');
    await expect(dialog.getByText('没有找到这个名字的人。')).toBeVisible({ timeout: 2_000 });
  }).toPass();
});

test('a chat or a person is reached from anywhere by the keyboard', async ({ person }, info) => {
  const { ann, bob } = await pair(person);
  const other = await ann.makeRoom('读书会');
  await expect(ann.page.getByRole('navigation').getByRole('link', { name: '读书会' })).toBeVisible();
  await ann.page.keyboard.press('Control+k');
  const dialog = ann.page.getByRole('dialog', { name: '跳转到会话或成员' });
  await expect(dialog.getByRole('option')).toHaveText([/读书会/, /技术交流/]);
  await ann.page.keyboard.type('bo');
  await expect(dialog.getByRole('option')).toHaveText([/bob/]);
  await expectAccessible(ann.page);
  await shoot(ann.page, info, 'switcher');
  await ann.page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(ann.page.getByRole('heading', { name: 'bob', level: 2 })).toBeVisible();
  await ann.page.keyboard.press('Control+k');
  await ann.page.keyboard.type('读');
  await expect(dialog.getByRole('option')).toHaveCount(1);
  await ann.page.keyboard.press('Enter');
  await expect(ann.page).toHaveURL(new RegExp(other));
  await expect(ann.composer).toBeFocused();
  await expect(bob.composer).toBeVisible();
});

test('who has the role of admin may call everybody', async ({ person }) => {
  const { ann, bob, room } = await pair(person);
  await bob.composer.pressSequentially('@所有');
  await expect(bob.page.getByRole('option')).toHaveCount(0);
  await bob.composer.fill('');
  await member(ann, 'bob').getByRole('button', { name: '对 bob 的操作' }).click();
  const acts = details(ann).getByRole('group', { name: '对 bob 的操作' });
  await acts.getByRole('button', { name: '设为管理员' }).click();
  await acts.getByRole('group').getByRole('button', { name: '设为管理员' }).click();
  await expect(bob.notice('ann 将 bob 设为管理员')).toBeVisible();
  await bob.composer.pressSequentially('@所有');
  await bob.page.getByRole('option', { name: '所有人' }).click();
  await bob.composer.pressSequentially('开会');
  await bob.composer.press('Enter');
  await expect(ann.message('开会').locator('mark.me')).toHaveText('@所有人');
  expect(room).not.toBe('');
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [390, 320]) {
    test(`people on a phone, ${String(width)} px, ${colorScheme}`, async ({ person }, info) => {
      const phone = { hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
      const look = { colorScheme, viewport: { width, height: 720 }, ...phone };
      const { ann, bob } = await pair(person, look);
      const { page } = ann;
      const name = (what: string): string => `${what}-${String(width)}-${colorScheme}`;
      const check = async (what: string): Promise<void> => {
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
        await shoot(page, info, name(what));
      };
      await choose(bob, '设置状态…');
      const status = bob.page.getByRole('dialog', { name: '我的状态' });
      await status.getByRole('button', { name: '休假中' }).click();
      await status.getByRole('button', { name: '保存' }).click();
      await expect(status).toBeHidden();
      await bob.say('各位好');
      await bob.composer.pressSequentially('还有');
      await ann.expectMessage('各位好');
      await expect(typing(ann)).toBeVisible();
      await shoot(page, info, name('phone-typing'));
      await ann.message('各位好').getByRole('button', { name: 'bob' }).tap();
      const profile = page.getByRole('dialog', { name: '个人资料' });
      await expect(profile).toContainText('休假中');
      await check('phone-profile');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: '返回会话列表' }).tap();
      await page.getByRole('button', { name: /^我的状态/ }).tap();
      await expect(page.getByRole('menu')).toBeVisible();
      await expectNoSidewaysScroll(page);
      await shoot(page, info, name('phone-status-menu'));
      await page.getByRole('menuitem', { name: '设置状态…' }).tap();
      await expect(page.getByRole('dialog', { name: '我的状态' })).toBeVisible();
      await check('phone-status');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: '查找成员' }).tap();
      const people = page.getByRole('dialog', { name: '查找成员' });
      await expect(people.getByRole('listitem')).toHaveCount(1);
      await check('phone-people');
      await page.keyboard.press('Escape');
      const settings = await ann.openSettings('个人资料');
      await expect(settings).toBeVisible();
      await check('phone-profile-settings');
    });
  }
}
