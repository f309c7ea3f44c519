import { newId } from '../protocol/id';

let serial = 0;

/** Another one each time, in rising order. */
export function testId(): string {
  serial += 1;
  return newId(1_600_000_000_000 + serial);
}
