/**
 * Storage that takes too long has failed: some browsers never open a damaged one, and a
 * tab of an old version may hold up the opening of a new one.
 */
const STORE_TIMEOUT_MS = 3_000;

/** What `work` gives, unless that takes too long. The work itself goes on. */
export async function timely<T>(work: () => Promise<T>, timeoutMs = STORE_TIMEOUT_MS): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error('the storage does not answer'));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
