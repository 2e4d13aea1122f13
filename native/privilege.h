#ifndef PRIVILEGE_H
#define PRIVILEGE_H
#include <sys/types.h>

#define MAX_GROUPS 256

struct identity {
  uid_t user;
  gid_t group;
  gid_t groups[MAX_GROUPS];
  int group_count;
};

/* Caps the bounding set at Docker's 14 capabilities; call while still privileged. */
void limit_capabilities(void);
/* Takes on the identity; user 0 keeps the 14, anybody else none; the other sets are empty. */
void become(const struct identity *identity);
/* The init of a step signals its command, and makes sockets that the command asks for. */
void keep_for_init(void);
/* For one socket: what `pid` has of the right to make raw ones; 1 where it has it. */
int lend_raw_sockets(pid_t pid);
void return_raw_sockets(void);
/* No core files; at most `processes` for each user; the limits on open files stay as they are. */
void limit_resources(long processes);

#endif
