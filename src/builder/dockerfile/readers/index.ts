/**
 * One reader per instruction. An instruction that mpkit learns gets a file of its own and takes
 * the place of its `later` entry here.
 */
import type { InstructionBody } from '../instructions.ts';
import type { DockerfileNode } from '../parse.ts';
import { readArg } from './arg.ts';
import { readCmd, readEntrypoint, readShell } from './command.ts';
import { readCopy } from './copy.ts';
import { readFrom } from './from.ts';
import { unsupported } from './node.ts';
import { readEnv, readLabel } from './pairs.ts';
import { readRun } from './run.ts';
import { readExpose, readStopSignal, readUser, readVolume, readWorkdir } from './setting.ts';

/** Throws `MpkitError` without a location; the caller knows it. */
export type InstructionReader = (node: DockerfileNode) => InstructionBody;

/** By keyword in lower case. */
export const instructionReaders: ReadonlyMap<string, InstructionReader> = new Map<
  string,
  InstructionReader
>([
  ['add', later('ADD', 'use `COPY` for files of the build context')],
  ['arg', readArg],
  ['cmd', readCmd],
  ['copy', readCopy],
  ['entrypoint', readEntrypoint],
  ['env', readEnv],
  ['expose', readExpose],
  ['from', readFrom],
  ['healthcheck', later('HEALTHCHECK')],
  ['label', readLabel],
  ['maintainer', later('MAINTAINER', 'use `LABEL org.opencontainers.image.authors="..."`')],
  ['onbuild', later('ONBUILD')],
  ['run', readRun],
  ['shell', readShell],
  ['stopsignal', readStopSignal],
  ['user', readUser],
  ['volume', readVolume],
  ['workdir', readWorkdir],
]);

function later(keyword: string, hint?: string): InstructionReader {
  return () => {
    throw unsupported(`\`${keyword}\``, hint);
  };
}
