/**
 * Starts a program that may be anybody's and ends with its time, whatever it leaves behind: a child
 * that keeps the output open would hold us for as long as it lives.
 */
import { spawn } from 'node:child_process';

export interface Bounded {
  /** 128 where a signal ended it. */
  exitCode: number;
  stdout: string;
  stderr: string;
  timedOut?: boolean;
}

export interface Bounds {
  /** Milliseconds. */
  timeout: number;
  /** Bytes of each stream; who writes more is ended. */
  maxBuffer: number;
}

/** In an empty environment, with no input, in a process group of its own that goes with it. */
export function runBounded(
  program: string,
  args: string[],
  { timeout, maxBuffer }: Bounds,
): Promise<Bounded> {
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const child = spawn(program, args, { env: {}, detached: true, stdio: [...stdio] });
    const streams = [child.stdout, child.stderr];
    const texts = streams.map(() => '');
    let timedOut = false;
    let leftover: NodeJS.Timeout | undefined;
    const end = () => endGroup(child.pid);
    const limit = setTimeout(() => {
      timedOut = true;
      end();
    }, timeout);
    streams.forEach((stream, at) => {
      stream.setEncoding('latin1').on('data', (text: string) => {
        texts[at] = `${texts[at]}${text}`.slice(0, maxBuffer);
        if (texts[at].length === maxBuffer) end();
      });
    });
    child.on('spawn', () => watch(child.pid!));
    child.on('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    child.on('exit', () => {
      clearTimeout(limit);
      // before its number can be somebody else's
      end();
      // one that left the group may keep the output open
      leftover = setTimeout(() => streams.forEach((stream) => void stream.destroy()), 500);
    });
    child.on('close', (exitCode) => {
      clearTimeout(leftover);
      unwatch(child.pid!);
      const [stdout, stderr] = texts.map((text) => Buffer.from(text, 'latin1').toString());
      resolve({ exitCode: exitCode ?? 128, stdout: stdout!, stderr: stderr!, timedOut });
    });
  });
}

const alive = new Set<number>();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A terminal's signal reaches our own group only. */
function watch(group: number): void {
  if (alive.size === 0) for (const each of signals) process.on(each, endAll);
  alive.add(group);
}

function unwatch(group: number): void {
  alive.delete(group);
  if (alive.size === 0) for (const each of signals) process.off(each, endAll);
}

function endAll(signal: NodeJS.Signals): void {
  for (const group of alive) endGroup(group);
  for (const each of signals) process.off(each, endAll);
  alive.clear();
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function endGroup(group: number | undefined): void {
  if (group === undefined) return;
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // nobody is left in it
  }
}
