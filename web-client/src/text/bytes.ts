/** Amounts of bytes as people read them: in the unit that fits, with what matters of it. */
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

function unitOf(bytes: number): number {
  let unit = 0;
  // 999.95 would be shown as 1,000 of the smaller one.
  for (let left = bytes; left >= 999.95 && unit < UNITS.length - 1; left /= 1_000) unit += 1;
  return unit;
}

function inUnit(bytes: number, unit: number, language: string, words: boolean): string {
  const value = bytes / 1_000 ** unit;
  const name = UNITS[unit] ?? 'byte';
  return new Intl.NumberFormat(language, {
    maximumFractionDigits: unit < 2 || value >= 100 ? 0 : 1,
    ...(words ? { style: 'unit', unit: name, unitDisplay: unit === 0 ? 'long' : 'short' } : {}),
  }).format(value);
}

export function byteSize(bytes: number, language: string): string {
  return inUnit(bytes, unitOf(bytes), language, true);
}

/** "8.4 / 13.5 MB": both in the unit of the whole. */
export function byteProgress(bytes: number, size: number, language: string): string {
  const unit = unitOf(size);
  return `${inUnit(bytes, unit, language, false)} / ${inUnit(size, unit, language, true)}`;
}

export function byteRate(bytesPerSecond: number, language: string): string {
  return `${byteSize(bytesPerSecond, language)}/s`;
}

export function percent(bytes: number, size: number): number {
  return size === 0 ? 100 : Math.floor((bytes / size) * 100);
}
