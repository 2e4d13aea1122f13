/** Ink judges stdout once, when it is loaded, and knows nothing of NO_COLOR: it is told. */
export async function withColours<T>(
  stream: Pick<NodeJS.WriteStream, 'isTTY'>,
  load: () => Promise<T>,
): Promise<T> {
  const { FORCE_COLOR, NO_COLOR } = process.env;
  process.env.FORCE_COLOR = NO_COLOR || !stream.isTTY ? '0' : (FORCE_COLOR ?? '1');
  try {
    return await load();
  } finally {
    if (FORCE_COLOR === undefined) delete process.env.FORCE_COLOR;
    else process.env.FORCE_COLOR = FORCE_COLOR;
  }
}
