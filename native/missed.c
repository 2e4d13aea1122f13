#include "missed.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int open_network_counters(void) {
  return open("/proc/net/snmp", O_RDONLY | O_CLOEXEC);
}

/* Two lines of a protocol, such as `Ip: `, hold names and values. */
static long counter_of(const char *text, const char *protocol, const char *name) {
  const char *names = strstr(text, protocol), *values = names ? strchr(names, '\n') : NULL;
  const char *at = names ? strstr(names, name) : NULL;
  if (!values || !at || at > values) return 0;
  for (const char *blank = names; values && (blank = strchr(blank, ' ')) && blank <= at; blank++)
    values = strchr(values + 1, ' ');
  return values ? strtol(values, NULL, 10) : 0;
}

int missed_network(int counters) {
  char text[8192];
  ssize_t size = counters < 0 ? -1 : pread(counters, text, sizeof text - 1, 0);
  if (size <= 0) return 0;
  text[size] = 0;
  return counter_of(text, "Ip: ", " OutNoRoutes ") > 0 || counter_of(text, "Udp: ", " NoPorts ") > 0;
}
