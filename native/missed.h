#ifndef MISSED_H
#define MISSED_H

/*
 * Whether a step that had a loopback only missed a network, as the kernel counts it for a network
 * namespace: what it sent had no route, or, as a question to a name server that is not there, no port.
 */

/* A descriptor of this network's counters, or -1; before anything else runs in it. */
int open_network_counters(void);
int missed_network(int counters);

#endif
