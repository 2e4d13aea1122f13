#ifndef LEND_H
#define LEND_H

/*
 * Root's builder lives in a subordinate id range, so it may not read what root may read. What it
 * needs is lent to it: a copy of the mount with its ids shifted (an id-mapped mount), attached at
 * the same path inside, so that no path changes its meaning.
 */
struct loan {
  const char *path;
  /* 'r' read-only and shifted, 'w' writable and shifted, 'p' as it is (the state folder) */
  char mode;
};

/* Outside: a detached mount for the loan; ids shifted as in `user_namespace` where possible. */
int open_loan(const struct loan *loan, int user_namespace);
/* Inside: attaches it at its path; folders on the way that cannot be entered are covered. */
void attach_loan(const struct loan *loan, int mount);

#endif
