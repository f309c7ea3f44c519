/** Two people and a native client talk, and the server dies under them. */
import { spawn } from 'node:child_process';
import type { Transport } from './fixtures';
import { PASSWORD, expect, test } from './fixtures';
import { CHAT_BINARY } from './server';
import type { Server } from './server';

const MIXES: { name: string; of: [Transport, Transport] }[] = [
  { name: 'WebTransport', of: ['webtransport', 'webtransport'] },
  { name: 'WebSocket', of: ['websocket', 'websocket'] },
  { name: 'WebTransport and WebSocket', of: ['webtransport', 'websocket'] },
];
const SHOWN = { webtransport: 'WebTransport', websocket: 'WebSocket' };

/** A native client that reads along over raw QUIC; answers the texts that it has read. */
function readAlong(server: Server, user: string): { texts: () => string[]; stop: () => void } {
  const child = spawn(
    CHAT_BINARY,
    ['--server', server.url, '--user', user, '--read-only', '--json', '--room', '技术交流'],
    { env: { ...process.env, RILL_PASSWORD: PASSWORD }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
  });
  return {
    texts: () =>
      output
        .split('\n')
        .filter(Boolean)
        .flatMap((line) => {
          const { text } = JSON.parse(line) as { text?: string };
          return text?.startsWith('say ') ? [text] : [];
        }),
    stop: () => child.kill(),
  };
}

for (const { name, of } of MIXES) {
  test(`two people talk over ${name} and the server is killed`, async ({ server, person }) => {
    const [first, second] = [await person('user1'), await person('user2')];
    await first.register();
    await first.open('/', of[0]);
    await expect(first.chip).toContainText(SHOWN[of[0]]);
    await first.createRoom('技术交流');

    await second.register();
    await second.open('/', of[1]);
    await expect(second.chip).toContainText(SHOWN[of[1]]);
    await second.joinRoom('技术交流');
    await expect(first.notice('user2 加入了会话')).toBeVisible();
    await expect(first.page.getByText('2 在线')).toBeVisible();

    const third = await person('user3');
    await third.register();
    const reader = readAlong(server, 'user3');
    await expect(first.notice('user3 加入了会话')).toBeVisible();

    const said: string[] = [];
    const say = async (who: typeof first, text: string): Promise<void> => {
      said.push(text);
      await who.say(text);
    };
    for (let turn = 1; turn <= 5; turn += 1) {
      await say(first, `say ${String(turn)} 你好`);
      await second.expectMessage(`say ${String(turn)} 你好`);
      await say(second, `say ${String(turn)} hello`);
      await first.expectMessage(`say ${String(turn)} hello`);
    }

    await server.kill();
    // Written while nobody is there to take it.
    for (const who of [first, second]) {
      await say(who, `say offline ${who.name} 1`);
      await say(who, `say offline ${who.name} 2`);
      await expect(who.message(`say offline ${who.name} 2`)).toHaveAttribute('data-state', 'waiting');
    }
    await server.start();

    await first.expectMessage('say offline user2 2');
    await second.expectMessage('say offline user1 2');
    await say(first, 'say afterwards 你好');
    await second.expectMessage('say afterwards 你好');
    await say(second, 'say afterwards hello');
    await first.expectMessage('say afterwards hello');
    await expect(first.page.locator('[data-state=waiting]')).toHaveCount(0);
    await expect(first.chip).toContainText(SHOWN[of[0]]);
    await expect(second.chip).toContainText(SHOWN[of[1]]);

    const seen = await first.allMessages();
    expect(seen.map(({ text }) => text).sort()).toEqual([...said].sort());
    expect(await second.allMessages()).toEqual(seen);
    // Raw QUIC learns of the death by silence: up to the time after which a peer is dead.
    await expect.poll(() => reader.texts(), { timeout: 60_000 }).toEqual(seen.map(({ text }) => text));
    reader.stop();
  });
}

test('the race takes WebTransport where it can', async ({ person }) => {
  // A busy machine may start QUIC more slowly than the race allows; not three times.
  const names = ['user1', 'user2', 'user3'];
  const chips: (string | null)[] = [];
  for (const name of names) {
    const one = await person(name);
    await one.register();
    await one.open();
    await expect(one.chip).toContainText(/ · \d+ ms/);
    chips.push(await one.chip.textContent());
    if (chips.at(-1)?.includes('WebTransport')) break;
  }
  expect(chips.at(-1)).toContain('WebTransport');
});
