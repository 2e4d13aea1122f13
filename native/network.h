#ifndef NETWORK_H
#define NETWORK_H

/* A new network namespace has a loopback that is down; programs expect 127.0.0.1 to answer. */
void start_loopback(void);

#endif
