/** The words for how far a benchmark is. Pure. */
import { cleanName } from '../clean.ts';
import { type BenchCourse, courseRemaining } from '../state/bench-course.ts';
import { leftWord } from '../transfer-text.ts';

/** `measuring hash, arm64 QEMU 11.1.3: 23 of 180 samples, 40 s left`. */
export function courseText(course: BenchCourse, now: number): string {
  const { workload, target, at, of } = course;
  const remaining = courseRemaining(course, now);
  const left = remaining === undefined ? '' : `, ${leftWord(remaining)}`;
  return `measuring ${workload}, ${cleanName(target)}: ${at} of ${of} samples${left}`;
}
