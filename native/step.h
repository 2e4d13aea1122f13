#ifndef STEP_H
#define STEP_H
#include "privilege.h"

#define MAX_FILES 16
#define MAX_BINDS 128
#define MAX_HANDLERS 16

/* A small file that exists only while the step runs. */
struct private_file {
  const char *target, *content;
};

struct bind {
  const char *source, *target;
  int read_only;
};

/* Everything that one step is; filled by the command line, read-only afterwards. */
struct step_options {
  int root_fd;
  /* `program`: what is executed where argv[0] shall read differently */
  const char *attach, *hostname, *directory, *program;
  int own_network, terminal, answer_syncs, linux32, own_output, ready_fd;
  /* 0 for none; `memory`: bytes for all processes together */
  long time_limit, processes, memory;
  struct identity identity;
  struct private_file files[MAX_FILES];
  int file_count;
  struct bind binds[MAX_BINDS];
  int bind_count;
  /* copies of the sources, mounted nowhere yet */
  int bind_fds[MAX_BINDS];
  /* lines for binfmt_misc; their interpreters are descriptors that the caller passed */
  const char *handlers[MAX_HANDLERS];
  int handler_count;
  char **command;
  /* the whole command line of this program, as the kernel shows it */
  char *first_word, *words_end;
};

/* Reads the words after `step`; ends the process with a report where they are wrong. */
void parse_step(struct step_options *step, int count, char **words);

#endif
