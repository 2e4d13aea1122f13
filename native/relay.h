#ifndef RELAY_H
#define RELAY_H
#include <poll.h>
#include <stddef.h>

/*
 * Bytes between what the caller gave (descriptors 0 to 2) and what the step has instead. Each way
 * has one bounded buffer, and nothing here ever waits: whoever is slow holds up only what is sent
 * to it, never the other way, a signal or the time limit.
 */
#define RELAY_FLOWS 3
#define RELAY_EVENTS (2 * RELAY_FLOWS)
#define FLOW_BYTES 65536

struct flow {
  /* -1 once there is no more to read, or nobody left to write to */
  int from, to;
  /* what was read and not yet written: from `start` to `end` */
  size_t start, end;
  char bytes[FLOW_BYTES];
};

struct relay {
  struct flow flows[RELAY_FLOWS];
  int count;
};

/* Descriptors above 2 become the relay's: non-blocking, and closed when their way has ended. */
void relay_add(struct relay *relay, int from, int to);
void relay_events(const struct relay *relay, struct pollfd events[RELAY_EVENTS]);
/* Reads and writes once what poll(2) found ready; 1 where a byte was moved. */
int relay_move(struct relay *relay, const struct pollfd events[RELAY_EVENTS]);
/* 1 while what the step wrote is not all where the caller wants it. */
int relay_holds_output(const struct relay *relay);

#endif
