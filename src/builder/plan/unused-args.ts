/** Build arguments that no ARG asks for: mostly typing errors, so they are told and no more. */
import { hostPlatform } from '../../platform.ts';
import { type Dockerfile, didYouMean, readStages } from '../dockerfile/index.ts';
import { automaticArgs, proxyNames } from './scope.ts';

/** A message for each. Stages that are not built count too: their arguments are no mistake. */
export function unusedArgs(dockerfile: Dockerfile, buildArgs: ReadonlyMap<string, string>) {
  const { globalArgs, stages } = readStages(dockerfile);
  const instructions = [...globalArgs, ...stages.flatMap((stage) => stage.instructions)];
  const declared = new Set(
    instructions.flatMap((each) => (each.kind === 'arg' ? each.args.map(({ name }) => name) : [])),
  );
  const bases = stages.map(({ from }) => `${from.image} ${from.platform ?? ''}`).join(' ');
  return [...buildArgs.keys()]
    .filter((name) => !declared.has(name) && !isPredefined(name) && !isNamedIn(bases, name))
    .map((name) => {
      const hint = didYouMean(name, declared);
      return `warning: build argument \`${name}\` is used by no ARG${hint ? `: ${hint}` : ''}`;
    });
}

/** What has a meaning without an ARG; BuildKit's own arguments are accepted by all builders. */
function isPredefined(name: string): boolean {
  return (
    proxyNames.includes(name) ||
    name.startsWith('BUILDKIT_') ||
    name === 'SOURCE_DATE_EPOCH' ||
    automaticArgs(hostPlatform(), hostPlatform(), '').has(name)
  );
}

/** FROM sees build arguments also where no ARG stands before it. */
function isNamedIn(text: string, name: string): boolean {
  return [...text.matchAll(/\$\{?(\w+)/g)].some(([, found]) => found === name);
}
