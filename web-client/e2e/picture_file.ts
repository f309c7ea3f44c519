/** Pictures that a test makes for itself. */
import { deflateSync } from 'node:zlib';

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  let crc = 0xffffffff;
  for (const byte of body) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return Buffer.concat([length, body, sum]);
}

/** A landscape (PNG, RFC 2083): a sky that fades, a sun and two hills. */
export function pictureFile(width: number, height: number, hue = 0): Buffer {
  const rows: Buffer[] = [];
  for (let y = 0; y < height; y += 1) {
    const row = Buffer.alloc(1 + width * 3);
    for (let x = 0; x < width; x += 1) {
      const far = height * (0.55 + 0.2 * Math.sin((x / width) * 5 + hue));
      const near = height * (0.75 + 0.12 * Math.sin((x / width) * 7 + 2 + hue));
      const sun = Math.hypot(x - width * 0.72, y - height * 0.28) < height * 0.1;
      const sky = [150 + (y / height) * 60, 185 + (y / height) * 20, 235 - (y / height) * 30 + hue];
      const color = y > near ? [52, 84, 132] : y > far ? [126, 143, 178] : sun ? [240, 244, 250] : sky;
      color.forEach((value, at) => {
        row[1 + x * 3 + at] = value;
      });
    }
    rows.push(row);
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
