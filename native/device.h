#ifndef DEVICE_H
#define DEVICE_H
#include <sys/types.h>

/* A copy of the host's /dev/NAME, checked to be that character device; detached. */
int clone_device(const char *name);

/* A fresh /dev: the harmless devices, pts, shm, mqueue and the usual links; nothing of the image.
   `devpts`: the open root of the step's own terminals, if `terminal`. */
void add_dev(int root, int *devpts, int terminal);

/* The file system of its shm. */
dev_t shm_device(void);

#endif
