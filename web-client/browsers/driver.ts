/** What a test needs of a browser that Playwright does not drive. */
export interface Driver {
  /** As the browser calls itself. */
  readonly name: string;
  navigate(url: string): Promise<void>;
  /** Runs the body of a function in the page; what it returns is plain data. */
  execute(body: string, ...args: unknown[]): Promise<unknown>;
  quit(): Promise<void>;
}

/** Polls the page until the body returns something true. */
export async function until(
  driver: Driver,
  what: string,
  body: string,
  ...args: unknown[]
): Promise<unknown> {
  const untilMs = Date.now() + 30_000;
  while (Date.now() < untilMs) {
    const found = await driver.execute(body, ...args).catch(() => null);
    if (found) return found;
    await new Promise((wait) => setTimeout(wait, 100));
  }
  const shown = await driver.execute('return document.body.innerText').catch(String);
  throw new Error(`${what} did not happen; the page shows: ${String(shown)}`);
}
