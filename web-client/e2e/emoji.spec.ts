/** Emoji: chosen from the picker, typed by their names, found in both languages, and nobody else asked. */
import type { Person } from './fixtures';
import { expect, test } from './fixtures';
import { expectAccessible, expectNoSidewaysScroll, shoot } from './look';

async function alone(
  person: (name: string, options?: object) => Promise<Person>,
  options = {},
): Promise<Person> {
  const me = await person('林泓宇', options);
  await me.register();
  await me.open(`/rooms/${await me.makeRoom('产品设计组')}`);
  await expect(me.composer).toBeVisible();
  return me;
}

const picker = (of: Person): ReturnType<Person['page']['getByRole']> =>
  of.page.getByRole('dialog', { name: '选择表情' });
const open = (of: Person): Promise<void> =>
  of.page.getByRole('button', { name: '表情', exact: true }).click();

test('an emoji is found in either language and comes to the caret, by the keyboard alone', async ({
  person,
}) => {
  const me = await alone(person);
  const { page } = me;
  await me.composer.fill('前后');
  await me.composer.press('ArrowLeft');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: '表情', exact: true })).toBeFocused();
  await page.keyboard.press('Enter');
  const search = picker(me).getByRole('searchbox');
  await expect(search).toBeFocused();
  await search.fill('火箭');
  await expect(picker(me).getByRole('status')).toContainText('找到');
  await page.keyboard.press('Enter');
  await expect(me.composer).toBeFocused();
  await expect(me.composer).toHaveValue('前🚀后');

  await open(me);
  await search.fill('tada');
  await page.keyboard.press('ArrowDown');
  await expect(picker(me).getByRole('button', { name: '拉炮彩带' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(me.composer).toHaveValue('前🚀🎉后');
  await expect(me.composer).toBeFocused();
  await page.keyboard.press('Enter');
  await me.expectMessage('前🚀🎉后');

  // What was taken stands first now; Esc gives the focus back.
  await open(me);
  await expect(picker(me).getByRole('tab', { name: '最近使用' })).toHaveAttribute('aria-selected', 'true');
  await expect(picker(me).locator('.one')).toHaveText(['🎉', '🚀']);
  await page.keyboard.press('Escape');
  await expect(picker(me)).toHaveCount(0);
  await expect(me.composer).toBeFocused();

  // In a group the arrows go in both directions.
  await open(me);
  await picker(me).getByRole('tab', { name: '动物与自然' }).click();
  await page.keyboard.press('Tab');
  const first = await page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowUp');
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(first);
  await page.keyboard.press('ArrowUp');
  await expect(search).toBeFocused();
  // The button that opened it ends it as well.
  await open(me);
  await expect(picker(me)).toHaveCount(0);
});

test('a skin is kept over a reload, and nothing of it after the logout', async ({ person }) => {
  const me = await alone(person);
  await open(me);
  await picker(me).getByRole('radio', { name: '较深' }).check();
  await picker(me).getByRole('searchbox').fill('wave');
  await picker(me).locator('.one').first().click();
  await expect(me.composer).toHaveValue('👋🏾');
  await me.page.reload();
  await open(me);
  await expect(picker(me).locator('.one').first()).toHaveText('👋🏾');
  await me.page.keyboard.press('Escape');
  await me.page.getByRole('button', { name: '设置', exact: true }).click();
  await me.page
    .getByRole('dialog', { name: '设置', exact: true })
    .getByRole('button', { name: '退出登录' })
    .click();
  await expect(me.page.getByRole('heading', { name: '登录' })).toBeVisible();
  expect(
    await me.page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('emoji'))),
  ).toEqual([]);
});

test('a name behind a colon becomes an emoji', async ({ person }) => {
  const me = await alone(person);
  await me.composer.pressSequentially('好 :rocke');
  await expect(me.page.getByRole('option', { name: '火箭' })).toHaveAttribute('aria-selected', 'true');
  await expectAccessible(me.page);
  await me.page.keyboard.press('Enter');
  await expect(me.composer).toHaveValue('好 🚀 ');
  await me.composer.pressSequentially(':笑');
  await expect(me.page.getByRole('option')).toHaveCount(6);
  await me.page.keyboard.press('Escape');
  await expect(me.page.getByRole('option')).toHaveCount(0);
  await me.composer.press('Enter');
  await me.expectMessage('好 🚀 :笑');
});

/** Kibibytes of script and style that the first load may take, as they lie on the server. */
const FIRST_LOAD_KIB_MAX = 730;

test('the first load carries no emoji and no recorder, and nothing comes from anywhere else', async ({
  person,
  server,
}) => {
  const me = await person('林泓宇');
  await me.register();
  const room = await me.makeRoom('产品设计组');
  const asked: { url: string; bytes: number }[] = [];
  me.page.on('response', (response) => {
    const bytes = Number(response.headers()['content-length'] ?? 0);
    if (!response.url().startsWith('blob:')) asked.push({ url: response.url(), bytes });
  });
  await me.open(`/rooms/${room}`);
  await expect(me.chip).toContainText('ms');
  const assets = (): string[] => asked.map(({ url }) => url).filter((url) => url.includes('/assets/'));
  const first = assets();
  expect(first.length).toBeGreaterThan(1);
  expect(first.join()).not.toMatch(/emoji|Emoji|ComposerVoice/);
  const bytes = asked.filter(({ url }) => url.includes('/assets/')).reduce((sum, one) => sum + one.bytes, 0);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes / 1024).toBeLessThan(FIRST_LOAD_KIB_MAX);
  await open(me);
  await expect(picker(me).locator('.one').first()).toBeVisible();
  expect(assets().length).toBeGreaterThan(first.length);
  for (const { url } of asked) expect(new URL(url).host).toBe(new URL(server.url).host);
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1280, 390, 320]) {
    test(`the picker looks right, ${String(width)} px, ${colorScheme}`, async ({ person }, info) => {
      const phone = { viewport: { width, height: 700 }, hasTouch: true, isMobile: true };
      const me = await alone(person, { colorScheme, ...(width < 720 ? phone : {}) });
      await open(me);
      await expect(picker(me).locator('.one').first()).toBeVisible();
      await shoot(me.page, info, `emoji-${String(width)}-${colorScheme}`);
      await expectAccessible(me.page);
      await expectNoSidewaysScroll(me.page);
      await picker(me).getByRole('searchbox').fill('heart');
      await expect(picker(me).locator('.one').first()).toBeVisible();
      await shoot(me.page, info, `emoji-search-${String(width)}-${colorScheme}`);
      await expectAccessible(me.page);
      await expectNoSidewaysScroll(me.page);
    });
  }
}
