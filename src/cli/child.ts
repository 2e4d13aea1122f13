/** Runs `mpkit` itself as a child, for the interface. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { packageRoot, sandboxProgram } from '../paths.ts';
import type { JobListener, RunningJob } from '../tui/port.ts';

/** Characters of stdout that are kept: data for a screen. */
const most = 16 * 1024 * 1024;

export function start(command: readonly string[], listener: JobListener): RunningJob {
  const child = spawn(sandboxProgram(), following(command), { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  const lines = (stream: 'stdout' | 'stderr') => {
    const splitter = splitLines((line) => listener.line(stream, line));
    child[stream].on('data', splitter.add);
    child[stream].on('end', splitter.end);
  };
  lines('stdout');
  lines('stderr');
  child.stdout.on('data', (bytes: Buffer) => {
    if (stdout.length < most) stdout += bytes.toString('latin1');
  });
  const text = () => Buffer.from(stdout, 'latin1').toString('utf8');
  child.once('error', (error) => {
    listener.line('stderr', error.message);
    listener.end(127, '');
  });
  child.once('close', (code, signal) => {
    if (child.pid !== undefined) listener.end(code ?? (signal === 'SIGKILL' ? 137 : 143), text());
  });
  return { stop: () => void child.kill('SIGTERM') };
}

let lent = false;

/** Whether a command has the terminal: Ctrl-C is meant for it. */
export function isTerminalLent(): boolean {
  return lent;
}

export function interactive(command: readonly string[]): Promise<number> {
  const child: ChildProcess = spawn(sandboxProgram(), following(command), { stdio: 'inherit' });
  lent = true;
  return new Promise((resolve) => {
    const end = (code: number) => {
      lent = false;
      resolve(code);
    };
    child.once('error', () => end(127));
    child.once('close', (code) => end(code ?? 143));
  });
}

/** An interface that is killed takes with it what it runs. */
function following(command: readonly string[]): string[] {
  const program = join(packageRoot(), 'bin/mpkit');
  return ['follow', '--parent', `${process.pid}`, '--', program, ...command];
}

function splitLines(take: (line: string) => void) {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    add: (bytes: Buffer) => {
      const parts = (rest + decoder.write(bytes)).split('\n');
      rest = parts.pop() ?? '';
      parts.forEach(take);
    },
    end: () => {
      if (rest !== '') take(rest);
    },
  };
}
