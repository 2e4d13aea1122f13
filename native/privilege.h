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
/* The init of a step needs only to signal its command. */
void keep_only_kill(void);
/* No core files; at most `processes` for each user; the limits on open files stay as they are. */
void limit_resources(long processes);

#endif
