/** The exec form: arguments that are, as a whole, a JSON array of strings. */
import { MpkitError } from '../../errors.ts';

/**
 * The elements, or `undefined` when the text is not a JSON array and so is the shell form. An
 * array with another element than a string throws `dockerfile-syntax`: no shell would want it.
 */
export function parseExecForm(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const elements = value as unknown[];
  const wrong = elements.findIndex((element) => typeof element !== 'string');
  if (wrong >= 0)
    throw new MpkitError(
      'dockerfile-syntax',
      `element ${wrong + 1} of the JSON array is ${nameType(elements[wrong])}: expected a string`,
      { hint: 'put every element in double quotes' },
    );
  return elements as string[];
}

function nameType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
