/** A server, people with a browser each, and what they do again and again. */
import { randomUUID } from 'node:crypto';
import { test as base, expect } from '@playwright/test';
import type { Browser, BrowserContextOptions, Locator, Page } from '@playwright/test';
import { Server } from './server';

export const PASSWORD = 'correct horse battery';

export type Transport = 'webtransport' | 'websocket';

export interface SeenMessage {
  seq: number;
  text: string;
}

/** One person in a browser of their own. */
export class Person {
  constructor(
    readonly page: Page,
    readonly name: string,
    private readonly server: Server,
  ) {}

  /** An account and a session, without the form. */
  async register(): Promise<void> {
    const answer = await this.page.request.post(`${this.server.url}/api/v1/register`, {
      data: { username: this.name, password: PASSWORD },
    });
    expect(answer.status()).toBe(201);
  }

  /** The form's way in, where the page stands at it. */
  async login(password = PASSWORD): Promise<void> {
    await this.page.getByLabel('用户名').fill(this.name);
    await this.page.getByLabel('密码', { exact: true }).fill(password);
    await this.page.getByRole('button', { name: '登录', exact: true }).click();
  }

  /** What stands behind the gear. */
  async openSettings(name: string): Promise<Locator> {
    await this.page.getByRole('button', { name: '设置', exact: true }).click();
    await this.page.getByRole('dialog', { name: '设置', exact: true }).getByRole('button', { name }).click();
    return this.page.getByRole('dialog', { name });
  }

  async open(path = '/', transport?: Transport): Promise<void> {
    await this.page.goto(`${this.server.url}/${transport ? `?transport=${transport}` : ''}#${path}`);
  }

  async createRoom(name: string): Promise<void> {
    await this.page.getByRole('button', { name: '新建会话' }).first().click();
    await this.page.getByLabel('房间名称').fill(name);
    await this.page.getByRole('button', { name: '创建', exact: true }).click();
    await expect(this.page.getByRole('heading', { name, level: 2 })).toBeVisible();
  }

  async joinRoom(name: string): Promise<void> {
    await this.page.getByRole('button', { name: '新建会话' }).first().click();
    await this.page.getByRole('button', { name: `加入 ${name}` }).click();
    await expect(this.page.getByRole('heading', { name, level: 2 })).toBeVisible();
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: '发送到' });
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  message(text: string): Locator {
    return this.page.getByRole('log').locator('article').filter({ hasText: text });
  }

  notice(text: string): Locator {
    return this.page.getByRole('log').locator('p').filter({ hasText: text });
  }

  async expectMessage(text: string): Promise<void> {
    await expect(this.message(text)).toHaveCount(1);
  }

  get chip(): Locator {
    return this.page.locator('footer .chip');
  }

  /** Over the API, as quickly as the server takes them. */
  async post(room: string, texts: string[]): Promise<void> {
    for (const text of texts) {
      const answer = await this.page.request.post(`${this.server.url}/api/v1/rooms/${room}/messages`, {
        data: { text },
        headers: { 'idempotency-key': randomUUID() },
      });
      expect(answer.status()).toBe(201);
    }
  }

  /** Every message of a room as the server has it: the list that all views are held against. */
  async stored(room: string): Promise<SeenMessage[]> {
    const seen: SeenMessage[] = [];
    for (let after = 0; ;) {
      const path = `${this.server.url}/api/v1/rooms/${room}/messages?after=${String(after)}`;
      const page = (await (await this.page.request.get(path)).json()) as {
        messages: { seq: number; kind: string; text: string }[];
      };
      for (const { seq, kind, text } of page.messages) if (kind === 'text') seen.push({ seq, text });
      const last = page.messages.at(-1);
      if (!last) return seen;
      after = last.seq;
    }
  }

  async makeRoom(name: string): Promise<string> {
    const answer = await this.page.request.post(`${this.server.url}/api/v1/rooms`, {
      data: { name },
      headers: { 'idempotency-key': randomUUID() },
    });
    expect(answer.status()).toBe(201);
    return ((await answer.json()) as { room: { id: string } }).room.id;
  }

  async enterRoom(room: string): Promise<void> {
    const answer = await this.page.request.post(`${this.server.url}/api/v1/rooms/${room}/join`, {
      headers: { 'idempotency-key': randomUUID() },
    });
    expect(answer.status()).toBe(200);
  }

  /** Every message of the conversation, from the first to the last, as it is shown. */
  async allMessages(): Promise<SeenMessage[]> {
    const log = this.page.getByRole('log');
    const seen: SeenMessage[] = [];
    const keys = new Set<string>();
    const look = async (): Promise<void> => {
      const shown = await log.locator('article').evaluateAll((rows) =>
        rows.map((row) => ({
          seq: Number((row as HTMLElement).dataset.seq),
          text: row.querySelector('.bubble')?.textContent ?? '',
        })),
      );
      // The same row twice on one screen is a double, however it came about.
      expect(new Set(shown.map(({ seq }) => seq)).size).toBe(shown.length);
      for (const message of shown) {
        if (!keys.has(`${String(message.seq)} ${message.text}`)) seen.push(message);
        keys.add(`${String(message.seq)} ${message.text}`);
      }
    };
    await expect(async () => {
      await log.evaluate((box) => {
        box.scrollTop = 0;
      });
      await expect(this.page.getByText('会话从这里开始')).toBeInViewport({ timeout: 500 });
    }).toPass();
    for (;;) {
      await look();
      const end = await log.evaluate((box) => {
        const before = box.scrollTop;
        box.scrollTop += box.clientHeight / 2;
        return box.scrollTop === before;
      });
      await this.page.waitForTimeout(60);
      if (end) break;
    }
    await look();
    return seen.sort((a, b) => a.seq - b.seq);
  }
}

interface Fixtures {
  /** Keys of the server's configuration. */
  settings: readonly string[];
  server: Server;
  /** A person with an account, at the page; the name is made unique by the server's own data. */
  person: (name: string, options?: BrowserContextOptions) => Promise<Person>;
}

export const test = base.extend<Fixtures>({
  settings: [[], { option: true }],
  server: async ({ settings }, use) => {
    const server = await Server.start(settings);
    await use(server);
    await server.stop();
  },
  person: async ({ browser, server }: { browser: Browser; server: Server }, use) => {
    const pages: Page[] = [];
    const problems: string[] = [];
    await use(async (name, options = {}) => {
      const context = await browser.newContext({
        locale: 'zh-CN',
        viewport: { width: 1280, height: 800 },
        ...options,
      });
      const page = await context.newPage();
      page.on('pageerror', (error) => problems.push(`${name}: ${error.message}`));
      page.on('console', (message) => {
        // What the page's own policy forbids must never be tried.
        if (/Content Security Policy/i.test(message.text())) problems.push(`${name}: ${message.text()}`);
      });
      pages.push(page);
      return new Person(page, name, server);
    });
    for (const page of pages) await page.context().close();
    expect(problems).toEqual([]);
  },
});

export { expect };
