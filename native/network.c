#include "network.h"
#include "fail.h"
#include "kernel.h"
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* /proc/sys/net is that of the reader's network; where it may not be written, root still can both. */
static int set_sysctl(const char *path, const char *value) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t written = write(fd, value, strlen(value));
  close(fd);
  return written < 0 ? -1 : 0;
}

/* A local socket reaches the same ioctl and exists also where the kernel has no IPv4. */
void start_loopback(void) {
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0) fail("start loopback", "lo", "");
  close(fd);
  set_sysctl("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
  /* both ends must be groups of this namespace */
  const char *ping = "/proc/sys/net/ipv4/ping_group_range";
  if (set_sysctl(ping, "0 65535") < 0) set_sysctl(ping, "0 0");
}

int own_tun(uid_t owner, gid_t group) {
  const char *const options[] = {"mode", "0755", NULL};
  const mode_t everybody = S_IROTH | S_IWOTH;
  struct stat is;
  if (geteuid() != 0 || owner == 0) return -1;
  if (stat("/dev/net/tun", &is) < 0 || !S_ISCHR(is.st_mode)) return -1;
  if ((is.st_mode & everybody) == everybody) return -1;
  int folder = new_mount("tmpfs", MK_ATTR_NOSUID | MK_ATTR_NOEXEC, options);
  if (folder < 0) return -1;
  if (mknodat(folder, "tun", S_IFCHR | S_IRUSR | S_IWUSR, is.st_rdev) == 0 &&
      fchownat(folder, "tun", owner, group, AT_SYMLINK_NOFOLLOW) == 0)
    return folder;
  close(folder);
  return -1;
}

void attach_tun(int folder) {
  int target = open("/dev/net", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (target < 0) return;
  /* without it pasta says why it cannot start */
  attach_mount(folder, target);
  close(target);
}
