#ifndef WATCH_H
#define WATCH_H
#include "relay.h"
#include "terminal.h"
#include <signal.h>
#include <sys/types.h>

/* What the process outside does besides waiting; both may be absent. */
struct beside {
  struct relay *relay;
  const struct terminal *terminal;
};

/*
 * Outside: passes signals on to `child` until it ends and what it wrote is where the caller wants
 * it; its exit status, 128+n for signal n. After `limit` seconds (0: none) it is killed:
 * {"timeout":SECONDS} is reported, the result 124. Once the child was told to end, or has run out
 * of time, nobody is waited for who does not take what it wrote: {"untaken":1}.
 */
int watch_child(pid_t child, const sigset_t *forwarded, long limit, const struct beside *beside);

#endif
