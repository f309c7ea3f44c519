/** A page that believes that the server's UDP port is another one. */
import type { Person } from './fixtures';
import { expect } from './fixtures';
import type { Server } from './server';

/**
 * What the test hands on itself comes from nowhere for the browser, and a page from
 * nowhere needs leave to reach this machine.
 */
export const mayReachThisMachine = (one: Person): Promise<void> =>
  one.page.context().grantPermissions(['local-network-access']);

/** The page is told that the server's UDP port is this one, by the answer and by the policy. */
export async function tellPort(one: Person, server: Server, port: number): Promise<void> {
  const context = one.page.context();
  await mayReachThisMachine(one);
  await context.route('**/api/v1/server', async (route) => {
    const answer = await route.fetch();
    const about = (await answer.json()) as { webtransport: { port: number } };
    about.webtransport.port = port;
    await route.fulfill({ response: answer, json: about });
  });
  // The page and its worker have a policy each, and it names the port.
  await context.route(/\/(\?.*)?$|assets\/worker-.*\.js$/, async (route) => {
    const answer = await route.fetch();
    const headers = answer.headers();
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toContain(`:${String(server.quicPort)}`);
    headers['content-security-policy'] = policy.replaceAll(`:${String(server.quicPort)}`, `:${String(port)}`);
    await route.fulfill({ response: answer, headers });
  });
}
