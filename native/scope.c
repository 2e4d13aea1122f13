#include "scope.h"
#include "fail.h"
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { nr_create_ruleset = 444, nr_restrict_self = 446 };
enum { ruleset_version = 1, scope_abi = 6, scope_abstract_unix_socket = 1 };

struct ruleset {
  uint64_t files, ports, scopes;
};

int can_scope_abstract_sockets(void) {
  return syscall(nr_create_ruleset, NULL, 0, ruleset_version) >= scope_abi;
}

void scope_abstract_sockets(void) {
  const struct ruleset ruleset = {.scopes = scope_abstract_unix_socket};
  if (!can_scope_abstract_sockets()) return;
  int fd = (int)syscall(nr_create_ruleset, &ruleset, sizeof ruleset, 0);
  if (fd < 0 || syscall(nr_restrict_self, fd, 0) < 0) fail("scope abstract sockets", "", "");
  close(fd);
}
