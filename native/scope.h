#ifndef SCOPE_H
#define SCOPE_H

/*
 * Abstract sockets belong to a network, not to a file system: in the host's network a step would
 * reach the caller's session bus. From here on this process and its children reach only abstract
 * sockets of their own (Landlock, Linux 6.12). Older kernels have no such scope; who shares the
 * host's network there was told so.
 */
void scope_abstract_sockets(void);

int can_scope_abstract_sockets(void);

#endif
