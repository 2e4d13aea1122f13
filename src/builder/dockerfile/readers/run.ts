import type { Run } from '../instructions.ts';
import type { DockerfileNode } from '../parse.ts';
import { didYouMean } from '../suggest.ts';
import { refuseHereDocuments, syntaxError, takeCommand, takeFlags } from './node.ts';

/** `RUN [--network=…] command`, in shell or exec form. */
export function readRun(node: DockerfileNode): Run {
  const flags = takeFlags(node, { known: ['network'], later: ['mount', 'security', 'device'] });
  refuseHereDocuments(node);
  const command = takeCommand(node);
  if (command.form === 'exec' && command.argv.length === 0)
    throw syntaxError('`RUN` needs a command: found an empty array');
  const network = flags.get('network');
  return network === undefined
    ? { kind: 'run', command }
    : { kind: 'run', command, network: checkNetwork(network) };
}

const networks = ['default', 'none', 'host'] as const;

function checkNetwork(value: string): (typeof networks)[number] {
  const network = networks.find((known) => known === value);
  if (network) return network;
  throw syntaxError(
    `invalid \`--network=${value}\`: expected one of \`default\`, \`none\`, \`host\``,
    { hint: didYouMean(value, networks) },
  );
}
