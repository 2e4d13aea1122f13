/** Parser directives: `# name=value` comments before everything else in a Dockerfile. */
import { MpkitError, type SourceLocation } from '../../errors.ts';

export type Escape = '\\' | '`';

/**
 * Reads the directives at the top. `syntax` is accepted and never followed, because the language
 * is built in; `check` belongs to the linter. Throws `dockerfile-syntax` for a directive given
 * twice and for another escape character than a backslash or a backquote.
 */
export function readDirectives(
  lines: string[],
  locate: (line: number) => SourceLocation,
): { escapeChar: Escape } {
  const seen = new Set<string>();
  let escapeChar: Escape = '\\';
  for (const [index, line] of lines.entries()) {
    const directive = parseDirective(line);
    if (directive === undefined) break;
    const { name, value } = directive;
    const location = locate(index + 1);
    if (seen.has(name))
      throw new MpkitError('dockerfile-syntax', `parser directive \`${name}\` is given twice`, {
        location,
      });
    seen.add(name);
    if (name === 'escape') escapeChar = parseEscape(value, location);
  }
  return { escapeChar };
}

const known = new Set(['escape', 'syntax', 'check']);

function parseDirective(line: string): { name: string; value: string } | undefined {
  const comment = line.trim();
  const equals = comment.indexOf('=');
  if (!comment.startsWith('#') || equals < 0) return undefined;
  const name = comment.slice(1, equals).trim().toLowerCase();
  return known.has(name) ? { name, value: comment.slice(equals + 1).trim() } : undefined;
}

function parseEscape(value: string, location: SourceLocation): Escape {
  if (value === '\\' || value === '`') return value;
  throw new MpkitError(
    'dockerfile-syntax',
    `invalid escape character \`${value}\`: expected a backslash or a backquote`,
    { location },
  );
}
