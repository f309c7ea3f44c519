/** The time from one connection to its end, as a promise and as a signal. */
export class Turn {
  readonly end: Promise<void>;
  private readonly controller = new AbortController();
  private resolveEnd: () => void = () => undefined;

  constructor() {
    this.end = new Promise((resolve) => {
      this.resolveEnd = resolve;
    });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get over(): boolean {
    return this.controller.signal.aborted;
  }

  close(): void {
    this.controller.abort();
    this.resolveEnd();
  }
}
