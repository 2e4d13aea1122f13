#ifndef FAIL_H
#define FAIL_H

/*
 * A set-up step that fails is one JSON line on the report descriptor, never only text on stderr:
 *   {"error":{"step":"mount","path":"/proc","errno":1,"meaning":"…"}}
 * so that it can never be taken for the command's own failure. Exit status is then 125.
 */
#define EXIT_SETUP 125

/* Where reports go; -1: to stderr. Kept close-on-exec. */
extern int report_fd;

/* Reports with the current errno and ends the process. `path` and `meaning` may be NULL. */
_Noreturn void fail(const char *step, const char *path, const char *meaning);

/* The same with errno 0: the request itself is wrong. */
_Noreturn void refuse(const char *step, const char *path, const char *meaning);

/* One line {"NAME":NUMBER}. */
void report_number(const char *name, long number);

#endif
