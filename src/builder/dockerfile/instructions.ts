/**
 * The typed instructions. A field called "raw" still holds quotes, escapes and variables and goes
 * through `expandWord` before use; everything else is final.
 */
import type { SourceLocation } from '../../errors.ts';

export type Instruction = InstructionBody & Placed;
export type FromInstruction = From & Placed;
export type ArgInstruction = Arg & Placed;

export interface Placed {
  location: SourceLocation;
  /** The instruction on one line, for step names. */
  original: string;
}

export type InstructionBody =
  | From
  | Arg
  | Run
  | Copy
  | Env
  | Label
  | Workdir
  | User
  | StopSignal
  | Expose
  | Volume
  | Cmd
  | Entrypoint
  | Shell;

export type Command = { form: 'shell'; text: string } | { form: 'exec'; argv: string[] };

/** Key and value, both raw. */
export type RawPair = [key: string, value: string];

export interface From {
  kind: 'from';
  /** Raw. */
  image: string;
  /** Raw. */
  platform?: string;
  /** The stage's name in lower case. */
  as?: string;
}

export interface Arg {
  kind: 'arg';
  /** Names and defaults are raw; without a default an ARG takes what is given from outside. */
  args: { name: string; default?: string }[];
}

export interface Run {
  kind: 'run';
  command: Command;
  network?: 'default' | 'none' | 'host';
}

export interface Copy {
  kind: 'copy';
  /** Raw, at least one. */
  sources: string[];
  /** Raw. */
  destination: string;
  /** A stage's name or number, a named context or an image; never a variable. */
  from?: string;
  /** Raw. */
  chown?: string;
  /** Raw. */
  chmod?: string;
}

export interface Env {
  kind: 'env';
  pairs: RawPair[];
}

export interface Label {
  kind: 'label';
  pairs: RawPair[];
}

export interface Workdir {
  kind: 'workdir';
  /** Raw. */
  path: string;
}

export interface User {
  kind: 'user';
  /** Raw `user[:group]`. */
  user: string;
}

export interface StopSignal {
  kind: 'stopsignal';
  /** Raw. */
  signal: string;
}

export interface Expose {
  kind: 'expose';
  /** Raw; one may expand to several ports (`expandWords`). */
  ports: string[];
}

export interface Volume {
  kind: 'volume';
  /** Raw. */
  paths: string[];
}

export interface Cmd {
  kind: 'cmd';
  command: Command;
}

export interface Entrypoint {
  kind: 'entrypoint';
  command: Command;
}

export interface Shell {
  kind: 'shell';
  command: string[];
}
