/** Pictures of people and rooms, and the server's own emoji, as everybody sees them. */
import { expect, test } from './fixtures';
import type { Person } from './fixtures';
import { expectAccessible, expectNoSidewaysScroll, shoot } from './look';
import { pair } from './pair';
import { pictureFile as picture } from './picture_file';

/** The picture is there, and is one. */
const isShown = (image: ReturnType<Person['page']['locator']>): Promise<void> =>
  expect
    .poll(() => image.evaluate((element: HTMLImageElement) => element.complete && element.naturalWidth))
    .toBe(64);

test('one’s own picture is cut out, seen by everybody at once, and goes again', async ({ person }, info) => {
  const { one, two } = await pair(person);
  await one.say('新头像');
  await expect(two.message('新头像')).toBeVisible();
  const dialog = await one.openSettings('我的账号');
  await dialog.locator('input[type=file]').setInputFiles({
    ...{ name: '山.png', mimeType: 'image/png', buffer: picture(600, 400) },
  });
  const square = dialog.getByRole('application');
  await expect(square).toHaveAttribute('data-ready', 'true');
  await square.focus();
  await one.page.keyboard.press('ArrowRight');
  await dialog.getByRole('slider', { name: '缩放' }).fill('1.5');
  await shoot(one.page, info, 'crop');
  await expectAccessible(one.page);
  await dialog.getByRole('button', { name: '保存' }).click();
  await expect(dialog.getByRole('button', { name: '更换图片' })).toBeFocused();
  await expect(dialog.locator('.huge img')).toBeVisible();
  await shoot(one.page, info, 'account');
  await expectAccessible(one.page);
  await one.page.keyboard.press('Escape');
  await isShown(one.page.locator('footer .avatar img'));
  // The other has it beside the message and among the members, without a reload, and after one.
  await isShown(two.message('新头像').locator('.avatar img'));
  await isShown(two.page.locator('aside').getByRole('listitem').locator('.avatar img'));
  await shoot(two.page, info, 'avatars');
  await two.page.reload();
  await isShown(two.message('新头像').locator('.avatar img'));
  await one.openSettings('我的账号');
  await dialog.getByRole('button', { name: '移除' }).click();
  await dialog.getByRole('group').getByRole('button', { name: '移除' }).click();
  await expect(two.message('新头像').locator('.avatar')).toHaveText('宇');
  await expect(dialog.locator('.huge')).toHaveText('宇');
});

test('a room’s picture is changed by who made the room, and told in it', async ({ person }, info) => {
  // The first account is the administrator, who may change every room's.
  await (await person('管理员')).register();
  const { one, two } = await pair(person);
  const details = one.page.locator('aside');
  await expect(two.page.locator('aside').getByRole('button', { name: '选择图片' })).toHaveCount(0);
  await details.locator('input[type=file]').setInputFiles({
    ...{ name: '山.png', mimeType: 'image/png', buffer: picture(300, 300) },
  });
  await details.getByRole('button', { name: '保存' }).click();
  await expect(two.notice('林泓宇 更换了会话图片')).toBeVisible();
  await isShown(two.page.locator('header .avatar img'));
  await isShown(two.page.locator('nav .avatar img'));
  await expect(two.page.locator('aside .huge img')).toBeVisible();
  await shoot(one.page, info, 'room-picture');
  await expectAccessible(one.page);
  await two.page.reload();
  await isShown(two.page.locator('nav .avatar img'));
  await expect(two.notice('林泓宇 更换了会话图片')).toBeVisible();
});

test('what is no picture is refused in words', async ({ person }) => {
  const { one } = await pair(person);
  const dialog = await one.openSettings('我的账号');
  await dialog.locator('input[type=file]').setInputFiles({
    ...{ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('no picture') },
  });
  await expect(dialog.getByText('此浏览器无法显示')).toBeVisible();
  await dialog.getByRole('button', { name: '保存' }).click();
  await expect(dialog.getByRole('alert').filter({ hasText: '服务器无法读取这张图片' })).toBeVisible();
});

test('an emoji of the server is added, picked, typed, seen, and removed', async ({ person }, info) => {
  const { one, two } = await pair(person);
  const dialog = await one.openSettings('本服务器的表情');
  await dialog.locator('input[type=file]').setInputFiles({
    ...{ name: 'Mountain View.png', mimeType: 'image/png', buffer: picture(128, 96) },
  });
  await expect(dialog.getByLabel('名称')).toHaveValue('mountain_view');
  await dialog.getByLabel('名称').fill('大山');
  await dialog.getByRole('button', { name: '添加', exact: true }).click();
  await expect(dialog.getByText('名称为 2 到 32 个字符')).toBeVisible();
  await dialog.getByLabel('名称').fill('mountain');
  await dialog.getByRole('button', { name: '添加', exact: true }).click();
  await expect(dialog.getByRole('status')).toContainText(':mountain:');
  await expect(dialog.getByRole('listitem')).toHaveCount(1);
  await shoot(one.page, info, 'emoji-of-server');
  await expectAccessible(one.page);
  await expectNoSidewaysScroll(one.page);
  await one.page.keyboard.press('Escape');

  // The other's picker has it without a reload.
  await two.page.getByRole('button', { name: '表情', exact: true }).click();
  const picker = two.page.getByRole('dialog', { name: '选择表情' });
  await picker.getByRole('tab', { name: '本服务器' }).click();
  await picker.getByRole('button', { name: 'mountain' }).click();
  await expect(two.composer).toHaveValue(':mountain:');
  await two.composer.pressSequentially(' 和 :moun');
  await expect(two.page.getByRole('option').first()).toContainText('mountain');
  await two.page.keyboard.press('Enter');
  await two.page.keyboard.press('Enter');
  const seen = one.page.getByRole('log').getByRole('img', { name: ':mountain:' });
  await expect(seen).toHaveCount(2);
  await shoot(one.page, info, 'emoji-in-message');

  await one.openSettings('本服务器的表情');
  await dialog.getByRole('button', { name: '删除 mountain' }).click();
  await dialog.getByRole('group').getByRole('button', { name: '删除' }).click();
  await expect(dialog.getByRole('listitem')).toHaveCount(0);
  // What is left is what was written.
  await expect(two.message(':mountain: 和 :mountain:')).toBeVisible();
  await expect(two.page.getByRole('log').getByRole('img', { name: ':mountain:' })).toHaveCount(0);
});
