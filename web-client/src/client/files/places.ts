/** Work of which only so much goes on at once; the rest waits in line, in the order in which it came. */
export class Places {
  private readonly line: (() => void)[] = [];

  constructor(private free: number) {}

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else
      await new Promise<void>((resolve) => {
        this.line.push(resolve);
      });
    try {
      return await work();
    } finally {
      // The place goes to the next, without being free in between.
      const next = this.line.shift();
      if (next) next();
      else this.free += 1;
    }
  }
}
