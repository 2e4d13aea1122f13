import { writeFileSync, writeSync } from 'node:fs';

/**
 * Ends a test run with every skipped title and one line that scripts can read: `N passed, N failed`
 * and, if there are any, `, N skipped`. A run in which nothing passed or failed is a failure too.
 * Each result counts when it comes, so that an interrupted run tells what it did.
 */
export default class TestReporter {
  #passed = 0;
  #failed = 0;
  #skipped = [];
  #unsteady = [];
  #pattern = undefined;
  #counted = new Set();

  onInit(vitest) {
    this.#pattern = vitest.config.testNamePattern;
    // at exit, so that it is the last line whatever other reporters print
    process.on('exit', () => this.#finish());
  }

  onTestCaseResult(test) {
    this.#count(test, test.module);
  }

  onTestModuleEnd(module) {
    this.#countBroken(module);
    for (const suite of module.children.allSuites()) this.#countBroken(suite);
    for (const test of module.children.allTests()) this.#count(test, module);
  }

  onTestRunEnd(modules, unhandledErrors) {
    this.#failed += unhandledErrors.length;
    for (const module of modules) this.onTestModuleEnd(module);
  }

  #isNew({ id }) {
    const before = this.#counted.size;
    return this.#counted.add(id).size > before;
  }

  /** A file or group that fails outside its tests (an import, a hook). */
  #countBroken(group) {
    if (group.errors().length > 0 && this.#isNew(group)) this.#failed += 1;
  }

  #count(test, module) {
    const { state, note } = test.result();
    // tests that `-t` leaves out are no skips
    if (this.#pattern && !this.#pattern.test(test.fullName.replaceAll(' > ', ' '))) return;
    if (state === 'pending' || !this.#isNew(test)) return;
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
    // the last line of all is written by who started us, after it has cleaned up
    const file = process.env.MPKIT_TEST_SUMMARY;
    const write = (text) => (file ? writeFileSync(file, text, { flag: 'a' }) : writeSync(1, text));
    // CI tries once more (vitest.config.ts); what needed it is told, so that it can be mended
    for (const title of this.#unsteady) write(`passed at the second try: ${title}\n`);
    const titles = this.#skipped.map((title) => `skipped: ${title}\n`);
    const skipped = titles.length > 0 ? `, ${titles.length} skipped` : '';
    write(`${titles.join('')}${this.#passed} passed, ${this.#failed} failed${skipped}\n`);
  }
}
