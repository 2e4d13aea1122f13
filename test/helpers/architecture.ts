/** Reads import statements and judges their direction; pure, so that the judge can be judged. */
import { dirname, join } from 'node:path/posix';

export interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

/** All imports and re-exports of one file; paths like `src/cli/main.ts`, packages by their name. */
export function importsOf(path: string, source: string): Import[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const found: [name: string, typeOnly: boolean][] = [];
  for (const [, typeWord, name] of code.matchAll(
    /^(?:import|export)\b(\s+type\b)?[^;'"`]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  ))
    found.push([name as string, typeWord !== undefined]);
  for (const [, name] of code.matchAll(/^import\s*['"]([^'"]+)['"]/gm))
    found.push([name as string, false]);
  for (const [, name] of code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g))
    found.push([name as string, isTypePosition(code, name as string)]);
  return found.map(([name, typeOnly]) => ({
    from: path,
    to: name.startsWith('.') ? join(dirname(path), name) : name,
    typeOnly,
  }));
}

/** One line per import that goes the wrong way, written `a → b`. */
export function wrongDirections(imports: Import[], files: string[]): string[] {
  const wrong = imports.filter((each) => reasonAgainst(each, files) !== undefined);
  return wrong.map((each) => `${each.from} → ${each.to}: ${reasonAgainst(each, files)}`);
}

/** The cycles of a graph, each once, as `a → b → a`. */
export function cycles(edges: [from: string, to: string][]): string[] {
  const found = new Map<string, string>();
  const done = new Set<string>();
  const visit = (node: string, path: string[]) => {
    const start = path.indexOf(node);
    if (start >= 0) {
      const cycle = path.slice(start);
      found.set([...cycle].sort().join(), [...cycle, node].join(' → '));
    }
    if (start >= 0 || done.has(node)) return;
    for (const [from, to] of edges) if (from === node) visit(to, [...path, node]);
    done.add(node);
  };
  for (const [from] of edges) visit(from, []);
  return [...found.values()];
}

/** What may not form cycles: a domain, a stage of the builder, or a file beside them. */
export function unitOf(path: string): string {
  if (domainOf(path) === 'builder') return stageOf(path) ? `builder/${stageOf(path)}` : path;
  return domainOf(path) ?? path;
}

/** What each domain may import, leaves aside. */
const domains = new Map([
  ['cli', ['tui', 'builder', 'bench', 'doctor', 'emulator', 'binfmt']],
  ['tui', []],
  ['builder', ['emulator', 'binfmt']],
  ['bench', ['emulator', 'binfmt']],
  ['doctor', ['emulator', 'binfmt']],
  ['emulator', ['binfmt']],
  ['binfmt', []],
]);

/** What each stage of the builder may import of the others; files beside them may import all. */
const stages = new Map([
  ['dockerfile', []],
  ['context', []],
  ['image', []],
  ['snapshot', []],
  ['plan', ['dockerfile']],
  ['registry', ['image']],
  ['export', ['image', 'registry']],
  ['executor', ['snapshot']],
  ['solve', ['plan', 'context', 'executor', 'snapshot', 'image']],
] as [string, string[]][]);

const ownedPackages = new Map([
  ['execa', 'src/process.ts'],
  ['koffi', 'src/libc.ts'],
]);

function reasonAgainst({ from, to, typeOnly }: Import, files: string[]): string | undefined {
  if (!to.startsWith('src/')) return reasonAgainstPackage(from, to);
  if (from === 'src/index.ts') return undefined;
  const [source, target] = [domainOf(from), domainOf(to)];
  if (target === undefined) return undefined;
  if (source === undefined) return 'a leaf imports leaves only';
  if (source === target) return source === 'builder' ? betweenStages(from, to) : undefined;
  const eventsForTui = source === 'tui' && typeOnly && target !== 'cli';
  if (!eventsForTui && !domains.get(source)?.includes(target))
    return `\`${source}\` may not import \`${target}\``;
  const door = `src/${target}/index.ts`;
  if (to !== door && to !== 'src/builder/events.ts' && files.includes(door))
    return `from outside, import \`${door}\``;
  return undefined;
}

function reasonAgainstPackage(from: string, to: string): string | undefined {
  const owner = ownedPackages.get(to);
  if (owner !== undefined && owner !== from) return `only \`${owner}\` imports \`${to}\``;
  return undefined;
}

function betweenStages(from: string, to: string): string | undefined {
  const [source, target] = [stageOf(from), stageOf(to)];
  if (source === undefined || source === target || to === 'src/builder/events.ts') return undefined;
  if (target === undefined) return 'a stage of the builder may import `events.ts` only';
  const allowed = stages.get(source);
  if (allowed === undefined) return `\`${source}\` is missing in the table of stages`;
  return allowed.includes(target) ? undefined : `\`${source}\` may not import \`${target}\``;
}

function domainOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

function stageOf(path: string): string | undefined {
  return /^src\/builder\/([^/]+)\//.exec(path)?.[1];
}

/** `typeof import('x')` and `import('x').Type` load nothing. */
function isTypePosition(code: string, name: string): boolean {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`typeof import\\(\\s*['"]${escaped}['"]`).test(code);
}
