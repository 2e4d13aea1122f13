#ifndef IDMAP_H
#define IDMAP_H
#include <sys/types.h>

/*
 * Writes the id maps of the user namespace of `pid`. A map is "INSIDE OUTSIDE COUNT" triples
 * separated by commas. `how`:
 *   direct  this process may write any map (root of the namespace above)
 *   helper  newuidmap and newgidmap check it against /etc/subuid and /etc/subgid
 *   single  one id, the caller's own; setgroups is switched off, as the kernel demands
 */
void write_id_maps(pid_t pid, const char *how, const char *uid_map, const char *gid_map);

/* Maps every id of this process's namespace to itself in the namespace of `pid`. */
void write_identity_maps(pid_t pid);

#endif
