#ifndef NETWORK_H
#define NETWORK_H
#include <sys/types.h>

/*
 * A new network namespace has a loopback that is down; programs expect 127.0.0.1 to answer. As in
 * docker, ports below 1024 and pings are anybody's there.
 */
void start_loopback(void);

/*
 * A folder with a /dev/net/tun that `owner` may open, mounted nowhere yet: for root's builder, where
 * the host's own device is for root alone. -1 where it is not needed or cannot be made.
 */
int own_tun(uid_t owner, gid_t group);

/* Puts that folder in the place of /dev/net, in this mount namespace only. */
void attach_tun(int folder);

#endif
