/* uname, sethostname, and sysinfo. */
#include "show.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>

static void not_root(void)
{
	setuid(1000);
	CALL(sethostname("x", 1));
}

int main(void)
{
	struct utsname name;
	struct sysinfo info;
	CALL(uname(&name));
	TEXT(name.machine);
	FACT(strlen(name.sysname) > 0 && strlen(name.release) > 0 && strlen(name.version) > 0);
	/* glibc refuses kernels that are too old. */
	FACT(atoi(name.release) >= 4);
	CALL(syscall(SYS_uname, 8));
	CALL(sethostname("farjump-test", 12));
	uname(&name);
	TEXT(name.nodename);
	char long_name[65] = "";
	CALL(sethostname(long_name, 65));
	CALL(sethostname("x", -1));
	CALL(syscall(SYS_sethostname, 8, 5));
	in_child("not root", not_root);
	CALL(sysinfo(&info));
	FACT(info.totalram * info.mem_unit > 64UL << 20);
	FACT(info.freeram <= info.totalram);
	FACT(info.procs > 0);
	CALL(syscall(SYS_sysinfo, 8));
	return 0;
}
