#ifndef STREAMS_H
#define STREAMS_H
#include "relay.h"
#include <sys/types.h>

/*
 * A file of the caller's as stdin, stdout or stderr could be opened anew through /proc/self/fd:
 * stdin for writing, stdout to read or cut what was there before. So the step gets pipes in their
 * place. Terminals, pipes, sockets and devices stay: they are opened anew as what they are, or not.
 */
struct streams {
  /* for descriptor 0, 1 and 2: the step's end of a pipe, or -1; 1 and 2 of one file share one */
  int step[3];
  /* ours */
  int outside[3];
  /* where the caller's file was when the step began; -1 where it has no places */
  off_t input_start;
};

/* Before the step is made. With a terminal of its own it has none of the caller's streams. */
void open_streams(struct streams *streams, int has_terminal);
/* In the step: puts the pipes into place. */
void use_streams(const struct streams *streams);
/* Outside: relays them. */
void relay_streams(struct streams *streams, struct relay *relay);
/* What the step left unread of the caller's file is unread again. */
void return_input(const struct streams *streams, const struct relay *relay);

#endif
