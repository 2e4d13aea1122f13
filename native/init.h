#ifndef INIT_H
#define INIT_H
#include <signal.h>
#include <sys/types.h>

/* Blocks the signals that are passed on, and SIGCHLD; the set is what `watch_child` reads. */
sigset_t block_signals(void);

/* This process is killed when its parent dies; `socket` tells whether that happened already. */
void die_with_parent(int socket);

/*
 * The step sees its init's words in /proc/1/cmdline, and they name folders of the host: from `first`
 * to `end`, as the kernel laid them in one piece, a name takes their place. A copy of the command.
 */
char **hide_words(char **command, char *first, const char *end);

/* What a step adds to starting its command. */
struct command_hooks {
  /* in the new process, last thing before exec */
  void (*before_exec)(void *data);
  /* in the init, once the command runs; a descriptor to poll for questions, or -1 */
  int (*after_start)(void *data);
  /* in the init, where there is a question */
  void (*on_question)(int questions);
  /* in the init, over and over; milliseconds until the next time at most, or -1 */
  int (*check)(void *data);
  /* in the init, with the wait status of the command that has ended */
  void (*ended)(void *data, int status);
  void *data;
};

/*
 * First process of a pid namespace: starts `program` with the words of the command, reaps, passes
 * signals on, and ends with the command's status; the kernel then kills whatever is left.
 */
_Noreturn void run_as_init(const char *program, char **command, const struct command_hooks *hooks);

/* 1 when the child has ended, its wait status then in *status; whatever else ended is reaped. */
int reap(pid_t child, int *status);
/* 128+n for signal n, as shells have it. */
int exit_status(int status);

#endif
