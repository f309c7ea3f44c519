/** Compared as a whole: a test's list of every byte that differs would take minutes. */
export async function sameBytes(file: Blob | null, bytes: Uint8Array | undefined): Promise<boolean> {
  if (!file || file.size !== bytes?.length) return false;
  const found = new Uint8Array(await file.arrayBuffer());
  return found.every((byte, at) => byte === bytes[at]);
}
