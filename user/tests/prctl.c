/* prctl and arch_prctl. */
#include "show.h"

#include <sys/prctl.h>

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004

int main(void)
{
	char name[17] = "";
	CALL(prctl(PR_GET_NAME, name));
	TEXT(name);
	CALL(prctl(PR_SET_NAME, "a name that is too long"));
	prctl(PR_GET_NAME, name);
	TEXT(name);
	show_file("/proc/self/comm");
	CALL(prctl(PR_SET_NAME, 8));
	CALL(prctl(PR_GET_DUMPABLE));
	CALL(prctl(PR_SET_DUMPABLE, 0));
	CALL(prctl(PR_GET_DUMPABLE));
	CALL(prctl(PR_SET_DUMPABLE, 9));
	CALL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	CALL(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CALL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	CALL(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	CALL(prctl(PR_GET_KEEPCAPS));
	CALL(prctl(99999));
	CALL(prctl(PR_GET_TIMERSLACK) > 0);

	long base = 0, value = 0x1234;
	CALL(syscall(SYS_arch_prctl, ARCH_GET_FS, &base));
	FACT(base != 0);
	CALL(syscall(SYS_arch_prctl, ARCH_GET_GS, &base));
	SHOW(base);
	CALL(syscall(SYS_arch_prctl, ARCH_SET_GS, &value));
	long read_back;
	__asm__ volatile("mov %%gs:0, %0" : "=r"(read_back));
	SHOW(read_back == value);
	CALL(syscall(SYS_arch_prctl, ARCH_SET_GS, 0xffff800000000000));
	CALL(syscall(SYS_arch_prctl, ARCH_SET_GS, 0x800000000000));
	CALL(syscall(SYS_arch_prctl, ARCH_SET_FS, 0xffff800000000000));
	CALL(syscall(SYS_arch_prctl, ARCH_GET_GS, 8));
	CALL(syscall(SYS_arch_prctl, 0x9999, 0));
	/* A child inherits the value, and switches preserve it. */
	pid_t pid = fork();
	if (pid == 0) {
		__asm__ volatile("mov %%gs:0, %0" : "=r"(read_back));
		_exit(read_back == value ? 0 : 1);
	}
	finish("child", pid);
	__asm__ volatile("mov %%gs:0, %0" : "=r"(read_back));
	SHOW(read_back == value);
	return 0;
}
