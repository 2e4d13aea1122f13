/**
 * The second layer of the Dockerfile front end: nodes to typed instructions, grouped by stage.
 */
import { MpkitError } from '../../errors.ts';
import { findHereDocuments } from './heredoc.ts';
import type {
  ArgInstruction,
  FromInstruction,
  Instruction,
  InstructionBody,
} from './instructions.ts';
import { type Dockerfile, type DockerfileNode, locate } from './parse.ts';
import { type InstructionReader, instructionReaders } from './readers/index.ts';
import { syntaxError } from './readers/node.ts';
import { didYouMean } from './suggest.ts';

export interface Stage {
  /** From 0, unnamed stages included. */
  index: number;
  /** Lower case. A later stage of the same name hides this one. */
  name?: string;
  from: FromInstruction;
  /** What follows FROM. */
  instructions: Instruction[];
}

export interface Stages {
  /** ARG before the first FROM, for FROM lines only. */
  globalArgs: ArgInstruction[];
  stages: Stage[];
  faults: Fault[];
}

export interface Fault {
  error: MpkitError;
  /** What nobody can judge after it: values, or also which stages there are. */
  hides?: 'variables' | 'stages' | undefined;
}

/**
 * Reads every stage, also those that no build will need. What is wrong is left out and told in
 * `faults`: `dockerfile-syntax` or, for what the language has and mpkit does not yet, `not-supported`,
 * always with the location.
 */
export function readStages(dockerfile: Dockerfile): Stages {
  const globalArgs: ArgInstruction[] = [];
  const stages: Stage[] = [];
  const faults: Fault[] = [];
  // after a bad FROM, or without one, what follows is not wrong once more
  let insideStage = false;
  for (const node of dockerfile.nodes) {
    const instruction = tryReading(dockerfile, node, { insideStage, faults });
    const isArg = node.keyword.toLowerCase() === 'arg';
    insideStage ||= !isArg;
    if (!instruction) continue;
    const { location, original } = instruction;
    if (instruction.kind === 'from') stages.push(openStage(stages.length, instruction));
    else if (stages.length > 0) stages.at(-1)!.instructions.push(instruction);
    else if (instruction.kind === 'arg')
      globalArgs.push({ kind: 'arg', args: instruction.args, location, original });
  }
  if (stages.length === 0 && faults.length === 0) {
    const location = locate(dockerfile, dockerfile.nodes.at(-1)!);
    const error = syntaxError('file without a build stage: expected a `FROM`', { location });
    faults.push({ error, hides: 'stages' });
  }
  return { globalArgs, stages, faults };
}

function tryReading(
  dockerfile: Dockerfile,
  node: DockerfileNode,
  { insideStage, faults }: { insideStage: boolean; faults: Fault[] },
): Instruction | undefined {
  try {
    return readInstruction(dockerfile, node, insideStage);
  } catch (error) {
    if (!(error instanceof MpkitError)) throw error;
    faults.push({ error, hides: hiddenBy(node) });
    return undefined;
  }
}

function hiddenBy({ keyword, original, fault }: DockerfileNode): Fault['hides'] {
  const known = keyword.toLowerCase();
  if (known === 'arg' || known === 'env') return 'variables';
  // a word that is no instruction was meant to be any of them
  if (known === 'from' || !instructionReaders.has(known)) return 'stages';
  // a here-document without an end takes the rest of the file
  return fault && findHereDocuments(original).length > 0 ? 'stages' : undefined;
}

function readInstruction(
  dockerfile: Dockerfile,
  node: DockerfileNode,
  insideStage: boolean,
): Instruction {
  const location = locate(dockerfile, node);
  try {
    if (node.fault) throw node.fault;
    const read = findReader(node);
    const keyword = node.keyword.toLowerCase();
    if (!insideStage && keyword !== 'from' && keyword !== 'arg')
      throw syntaxError(
        `no build stage for \`${keyword.toUpperCase()}\`: expected a \`FROM\` before it`,
      );
    const body: InstructionBody = read(node);
    return { ...body, location, original: node.original };
  } catch (error) {
    if (error instanceof MpkitError) error.location ??= location;
    throw error;
  }
}

function findReader({ keyword }: DockerfileNode): InstructionReader {
  const reader = instructionReaders.get(keyword.toLowerCase());
  if (reader) return reader;
  const names = [...instructionReaders.keys()].map((name) => name.toUpperCase());
  throw syntaxError(`unknown instruction \`${keyword}\``, {
    hint: didYouMean(keyword.toUpperCase(), names),
  });
}

function openStage(index: number, from: FromInstruction): Stage {
  const stage: Stage = { index, from, instructions: [] };
  if (from.as !== undefined) stage.name = from.as;
  return stage;
}
