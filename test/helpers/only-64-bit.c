/* Installs a filter that kills whoever makes an i386 system call, and executes the command. A kernel
 * without 32-bit emulation refuses such a program when it is executed; here it dies at its first
 * call. Nothing else is forbidden, so emulators, which are 64-bit programs, run it all the same.
 * Without no_new_privs, which would take newuidmap its rights: so it takes root. */
#define _GNU_SOURCE
#include <errno.h>
#include <libgen.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void remove_own_folder(void);

int main(int count, char **words)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(*code), code };

	remove_own_folder();
	if (count < 2) {
		fprintf(stderr, "usage: only-64-bit COMMAND...\n");
		return 2;
	}
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
		fprintf(stderr, "only-64-bit: %s; run it as root\n", strerror(errno));
		return 1;
	}
	execvp(words[1], words + 1);
	fprintf(stderr, "only-64-bit: %s: %s\n", words[1], strerror(errno));
	return 127;
}

static void remove_own_folder(void)
{
	char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (length < 0)
		return;
	path[length] = 0;
	unlink(path);
	rmdir(dirname(path));
}
