#ifndef IDMAP_H
#define IDMAP_H
#include <stddef.h>
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

/* What a kernel takes: lines, and less than a page. */
enum { MAP_LINES = 340, MAP_BYTES = 4096 };

/* The parts of the above that only compute; -1 where something does not fit or is no map. */
int lines_of_map(const char *map, char *lines, size_t size);
int words_of_map(char *map, char **words, int most);
int identity_lines(const char *own, char *lines, size_t size);

#endif
