/** Which emoji this device has a picture of: an older system shows boxes for the newest. */

/** An emoji that came with each version, the newest first. */
const SAMPLES: [number, string][] = [
  [17, '\u{1FAEA}'],
  [16, '\u{1FAE9}'],
  [15.1, '\u{1F426}\u200D\u{1F525}'],
  [15, '\u{1FAE8}'],
  [14, '\u{1FAE0}'],
  [13.1, '\u{1F636}\u200D\u{1F32B}\uFE0F'],
  [13, '\u{1F972}'],
  [12.1, '\u{1F9D1}\u200D\u{1F9B0}'],
  [12, '\u{1F971}'],
  [11, '\u{1F970}'],
];
/** Every system of today has these. */
const OLDEST = 5;
const SIZE = 20;

/** The newest version that is drawn in colour, and as one picture. */
export function drawn(): number {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIZE;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) return SAMPLES[0]?.[0] ?? OLDEST;
  context.font = `${String(SIZE - 4)}px sans-serif, 'Apple Color Emoji', 'Segoe UI Emoji', 'Noto Color Emoji'`;
  context.textBaseline = 'top';
  const one = context.measureText('\u{1F600}').width;
  return SAMPLES.find(([, sample]) => coloured(context, sample, one))?.[0] ?? OLDEST;
}

/** Letters and boxes take the colour they are drawn with. Pictures that are not joined are wider than one. */
function coloured(context: CanvasRenderingContext2D, sample: string, one: number): boolean {
  if (context.measureText(sample).width > one * 1.5) return false;
  const draw = (colour: string): string => {
    context.clearRect(0, 0, SIZE, SIZE);
    context.fillStyle = colour;
    context.fillText(sample, 0, 2);
    return context.getImageData(0, 0, SIZE, SIZE).data.join();
  };
  const red = draw('#ff0000');
  return red === draw('#0000ff') && /[1-9]/.test(red);
}
