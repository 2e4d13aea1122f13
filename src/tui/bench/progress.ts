/** What a benchmark does, on stderr. */
import type { BenchEvent } from '../../bench/index.ts';
import { advanceCourse, type BenchCourse } from '../state/bench-course.ts';
import { openStatusLine, type StatusStream } from '../status-line.ts';
import { courseText } from './course-text.ts';

export function benchProgress(stream: StatusStream): {
  emit: (event: BenchEvent) => void;
  close: () => void;
} {
  const line = openStatusLine(stream, '=> ');
  let course: BenchCourse | undefined;
  const emit = (event: BenchEvent) => {
    switch (event.type) {
      case 'notice':
        return line.say(event.text);
      case 'target':
        return line.say(`measures ${event.target}`);
      case 'failed':
        return line.say(`${event.target}: ${event.message}`);
      case 'calibrated':
      case 'sample':
        course = advanceCourse(course, event);
        return line.show(courseText(course, event.time));
      case 'transfer':
        return line.transfer(event);
    }
  };
  return { emit, close: line.clear };
}
