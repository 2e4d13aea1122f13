import { expect, it } from 'vitest';
import { startCourse } from '../../src/bench/course.ts';
import { programs, steps, type Workload } from '../../src/bench/workloads.ts';

const [program] = programs as [Workload];
const [step] = steps as [Workload];

it('a course counts samples and ends with the whole', () => {
  const workloads = [program, step];
  const course = startCourse(workloads, { lanes: 2, samples: 3 });
  const shares: number[] = [];
  for (const workload of workloads) {
    for (let lane = 0; lane < 2; lane++) shares.push(course.calibrated(workload).share);
    for (let sample = 0; sample < 6; sample++) shares.push(course.sampled(workload).share);
  }
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(shares.at(-1)).toBe(1);
  expect(shares[7]).toBeCloseTo(1 / 4);
  expect(course.calibrated(program)).toMatchObject({ at: 12, of: 12 });
});
