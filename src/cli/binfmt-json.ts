/** Output for programs: what is not known is `null`, never left out. */
import { printedJson } from '../printed-json.ts';
export function formatJson(value: unknown): string {
  return `${printedJson(value, (_, each) => (each === undefined ? null : each), 2)}\n`;
}
