#ifndef TERMINAL_H
#define TERMINAL_H
#include <poll.h>
#include <termios.h>

/*
 * The caller's terminal in front of a pseudo-terminal of the step's own: the step never holds the
 * caller's terminal, so it cannot type into it.
 */
struct terminal {
  int master;
  int input_open;
  struct termios before;
};

/* Inside, in the step's own devpts: the slave; the master goes over `socket` to the outside. */
int terminal_make(int devpts, int socket);
/* Outside: takes the master, puts the caller's terminal into raw mode. */
void terminal_open(struct terminal *terminal, int socket);
void terminal_events(const struct terminal *terminal, struct pollfd events[2]);
void terminal_relay(struct terminal *terminal, const struct pollfd events[2]);
void terminal_resize(const struct terminal *terminal);
/* What the step still wrote is shown, then the terminal is as it was. */
void terminal_close(struct terminal *terminal);

#endif
