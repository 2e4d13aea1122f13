/**
 * The second layer of the Dockerfile front end: nodes to typed instructions, grouped by stage.
 */
import { MpkitError } from '../../errors.ts';
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
}

/**
 * Reads every stage, also those that no build will need. Throws `dockerfile-syntax` or, for what
 * the language has and mpkit does not yet, `not-supported`, always with the location.
 */
export function readStages(dockerfile: Dockerfile): Stages {
  const globalArgs: ArgInstruction[] = [];
  const stages: Stage[] = [];
  for (const node of dockerfile.nodes) {
    const instruction = readInstruction(dockerfile, node, stages.length > 0);
    const { location, original } = instruction;
    if (instruction.kind === 'from') stages.push(openStage(stages.length, instruction));
    else if (stages.length > 0) stages.at(-1)!.instructions.push(instruction);
    else if (instruction.kind === 'arg')
      globalArgs.push({ kind: 'arg', args: instruction.args, location, original });
  }
  if (stages.length === 0) {
    const location = locate(dockerfile, dockerfile.nodes.at(-1)!);
    throw syntaxError('file without a build stage: expected a `FROM`', { location });
  }
  return { globalArgs, stages };
}

function readInstruction(
  dockerfile: Dockerfile,
  node: DockerfileNode,
  insideStage: boolean,
): Instruction {
  const location = locate(dockerfile, node);
  try {
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
