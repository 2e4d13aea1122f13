#ifndef ROOT_H
#define ROOT_H
#include "step.h"

/*
 * Makes the step's root the root of this mount namespace: attaches the overlay, adds /proc, /dev,
 * /sys, the private files and binds, masks what tells of the host, pivots, and lets go of the
 * old tree. Runs as root of the step's own user namespace. `devpts`: see `terminal_make`.
 */
void make_root(const struct step_options *step, int *devpts);

/* The target inside `root`, made if missing; symbolic links on the way are refused. */
int open_folder(int root, const char *path);

#endif
