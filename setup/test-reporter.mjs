import { writeSync } from 'node:fs';

/**
 * Ends a test run with every skipped title and one line that scripts can read: `N passed, N failed`
 * and, if there are any, `, N skipped`. A run in which nothing passed or failed is a failure too.
 */
export default class TestReporter {
  #passed = 0;
  #failed = 0;
  #skipped = [];
  #unsteady = [];
  #pattern = undefined;

  onInit(vitest) {
    this.#pattern = vitest.config.testNamePattern;
    // at exit, so that it is the last line whatever other reporters print
    process.on('exit', () => this.#finish());
  }

  onTestRunEnd(modules, unhandledErrors) {
    this.#failed += unhandledErrors.length;
    for (const module of modules) {
      this.#countBroken(module);
      for (const suite of module.children.allSuites()) this.#countBroken(suite);
      for (const test of module.children.allTests()) this.#count(test, module);
    }
  }

  /** A file or group that fails outside its tests (an import, a hook). */
  #countBroken(group) {
    if (group.errors().length > 0) this.#failed += 1;
  }

  #count(test, module) {
    const { state, note } = test.result();
    // tests that `-t` leaves out are no skips
    if (this.#pattern && !this.#pattern.test(test.fullName.replaceAll(' > ', ' '))) return;
    if (test.diagnostic()?.flaky)
      this.#unsteady.push(`${module.relativeModuleId} > ${test.fullName}`);
    if (state === 'passed') this.#passed += 1;
    else if (state === 'failed') this.#failed += 1;
    else
      this.#skipped.push(
        `${module.relativeModuleId} > ${test.fullName}${note ? ` (${note})` : ''}`,
      );
  }

  #finish() {
    if (this.#failed > 0 || this.#passed === 0) process.exitCode ||= 1;
    // CI tries once more (vitest.config.ts); what needed it is told, so that it can be mended
    for (const title of this.#unsteady) writeSync(1, `passed at the second try: ${title}\n`);
    const titles = this.#skipped.map((title) => `skipped: ${title}\n`);
    const skipped = titles.length > 0 ? `, ${titles.length} skipped` : '';
    writeSync(1, `${titles.join('')}${this.#passed} passed, ${this.#failed} failed${skipped}\n`);
  }
}
