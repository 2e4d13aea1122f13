/**
 * What a step prints, read from a pipe: programs open `/dev/stderr` by its name, which the sockets
 * that Node makes for its children refuse.
 */
import { Socket } from 'node:net';
import { openPipe } from '../libc.ts';

export interface StepOutput {
  /** What the step writes to; to be closed here as soon as the step has it. */
  writer: number;
  /** Stops waiting for more at once: the step has ended. */
  hurry: () => void;
  /** Everything that was written has been passed on. */
  finished: Promise<void>;
}

/** Bytes that a step may be ahead, so that it goes on while this process draws or compresses. */
const pipeSize = 1024 * 1024;
/** Bytes that are read at once. */
const bufferSize = 65536;
/** A shell prints line by line: where less than this has come, more is waited for. */
const manyBytes = 16384;
/** Milliseconds; a pipe that has filled meanwhile is then read at once. */
const pause = 8;

export function collectOutput(sink: (chunk: Buffer) => void): StepOutput {
  const { reader, writer } = openPipe(pipeSize);
  let hurried = false;
  const onread = {
    buffer: Buffer.allocUnsafe(bufferSize),
    callback: (size: number, buffer: Uint8Array) => {
      sink(Buffer.from(buffer.subarray(0, size)));
      if (hurried || size >= manyBytes) return true;
      setTimeout(() => socket.resume(), pause);
      return false;
    },
  };
  const options = { fd: reader, readable: true, writable: false, onread };
  const socket = new Socket(options);
  const finished = new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => resolve());
  });
  return {
    writer,
    hurry: () => {
      hurried = true;
      socket.resume();
    },
    finished,
  };
}
