/** Codes by their names, as the protocol's table has them. */
import { CODES } from '../../src/protocol/generated';

export function codeNumber(name: string): number {
  const found = CODES.find((code) => code.name === name);
  if (!found) throw new Error(`no code is called ${name}`);
  return found.number;
}
