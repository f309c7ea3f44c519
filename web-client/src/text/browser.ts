/** Which browser on which system, from what a browser says of itself and for a person to read. */

export interface BrowserWords {
  browser: string;
  system: string;
}

/** The first that matches: browsers name those that they are built like. */
const BROWSERS: [RegExp, string][] = [
  [/Edg(?:A|iOS)?\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/SamsungBrowser\//, 'Samsung Internet'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrome\/|CriOS\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const SYSTEMS: [RegExp, string][] = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Macintosh/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux|X11/, 'Linux'],
];

const first = (known: [RegExp, string][], text: string, otherwise: string): string =>
  known.find(([pattern]) => pattern.test(text))?.[1] ?? otherwise;

export function describeBrowser(userAgent: string): BrowserWords {
  return { browser: first(BROWSERS, userAgent, 'browser'), system: first(SYSTEMS, userAgent, '?') };
}

/** The same words out of a client's name; null for a client that is not this page. */
export function browserOfClient(client: string): BrowserWords | null {
  const found = /^rill-web\/\S+ \(([^;()]+); ([^;()]+)\)$/.exec(client);
  return found?.[1] !== undefined && found[2] !== undefined ? { browser: found[1], system: found[2] } : null;
}
