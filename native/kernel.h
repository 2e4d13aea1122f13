#ifndef KERNEL_H
#define KERNEL_H
#include <stdint.h>
#include <sys/types.h>

/*
 * The mount calls of Linux 5.2 to 5.12 and their constants, defined here because the C libraries
 * of supported distributions do not all know them. Every wrapper returns -1 and sets errno.
 */
#define MK_FSCONFIG_SET_FLAG 0
#define MK_FSCONFIG_SET_STRING 1
#define MK_FSCONFIG_CMD_CREATE 6
#define MK_ATTR_RDONLY 0x01
#define MK_ATTR_NOSUID 0x02
#define MK_ATTR_NODEV 0x04
#define MK_ATTR_NOEXEC 0x08
#define MK_ATTR_IDMAP 0x00100000
#define MK_PRIVATE 0x40000
#define MK_OPEN_TREE_CLONE 1
#define MK_RECURSIVE 0x8000
#define MK_RESOLVE_NO_MAGICLINKS 0x02
#define MK_RESOLVE_NO_SYMLINKS 0x04
#define MK_RESOLVE_IN_ROOT 0x10

/* A mounted-nowhere instance of a file system; `options` are pairs, ended by NULL; "" is a flag. */
int new_mount(const char *type, unsigned attributes, const char *const *options);
/* A mounted-nowhere copy of the tree at `dir`/`path`; path "" is `dir` itself. */
int clone_tree(int dir, const char *path, int recursive);
/* No mount below it comes from where it was cloned, and none goes there. */
int make_private(int mount);
int set_mount_attributes(int mount, uint64_t set, int user_namespace, int recursive);
/* Attaches `mount` onto the object that `target` (O_PATH) is open on: no path is walked again. */
int attach_mount(int mount, int target);
/* Opens `path` with `root` as "/"; `no_links` refuses symbolic links too. Close-on-exec. */
int open_in_root(int root, const char *path, int flags, unsigned mode, int no_links);
/* O_PATH descriptor of an absolute path on which no component is a link of any kind. */
int open_without_links(const char *path);
int close_from(unsigned first);
pid_t clone_process(uint64_t flags);

#endif
