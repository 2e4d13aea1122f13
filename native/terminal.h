#ifndef TERMINAL_H
#define TERMINAL_H
#include "relay.h"
#include <termios.h>

/*
 * The caller's terminal in front of a pseudo-terminal of the step's own: the step never holds the
 * caller's terminal, so it cannot type into it.
 */
struct terminal {
  /* for its size; the relay has copies of its own */
  int master;
  struct termios before;
};

/* Inside, in the step's own devpts: the slave; the master goes over `socket` to the outside. */
int terminal_make(int devpts, int socket);
/* Outside: takes the master, puts the caller's terminal into raw mode, relays both ways. */
void terminal_open(struct terminal *terminal, int socket, struct relay *relay);
void terminal_resize(const struct terminal *terminal);
/* The caller's terminal is as it was. */
void terminal_close(const struct terminal *terminal);

#endif
