#ifndef LEND_H
#define LEND_H
#include <sys/types.h>

/*
 * What the caller names, as the builder gets it. A loan's path is walked exactly once, without
 * following links, and what is found there must be the object that the caller checked; from then on
 * only descriptors are used. Each loan is attached at a numbered place of the builder's own, below
 * a tmpfs: no path of the host is covered, made, or walked again.
 *
 * Root's builder lives in a subordinate id range, so its loans are id-mapped mounts that are made
 * outside. An ordinary user is the owner of what is lent anyway: those mounts are made inside.
 */
enum loan_access {
  loan_read,  /* read-only, ids shifted */
  loan_write, /* ids shifted */
  loan_same,  /* as it is: the state folder, which belongs to the builder's own ids */
};

struct loan {
  enum loan_access access;
  /* what the caller found at `path` */
  dev_t device;
  ino_t inode;
  const char *path;
  /* folders below `path` that are made where they are missing; "" for none */
  const char *rest;
};

/* Takes the five words `ACCESS DEVICE INODE PATH REST`. */
struct loan parse_loan(char **words);
/* Walks the loan's path, once: an O_PATH descriptor of what is lent. */
int open_loan(const struct loan *loan);
/* A detached mount of it, ids shifted as in `user_namespace` (-1: not at all). */
int mount_loan(const struct loan *loan, int opened, int user_namespace);
/* The tmpfs for the places, attached at `folder`; a descriptor of its root. */
int make_places(const char *folder);
/* Attaches `mount` at `mpkit-loan-NUMBER` below it. */
void attach_loan(int places, int number, int mount);
/* No further place can be made. */
void close_places(int places);

#endif
