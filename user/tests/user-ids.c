/* The users and groups of a process, and the rules for changing them. */
#include "show.h"

#include <sys/fsuid.h>

static void show(const char *what)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;
	getresuid(&r, &e, &s);
	getresgid(&gr, &ge, &gs);
	say("%s: user %d %d %d, group %d %d %d", what, r, e, s, gr, ge, gs);
}

static void set_uid(void)
{
	CALL(setgid(100));
	CALL(setuid(1000));
	show("setuid");
	CALL(setuid(0));
	CALL(setuid(1000));
	CALL(setuid(1001));
	CALL(setgid(0));
	CALL(setgroups(0, NULL));
}

static void set_effective(void)
{
	CALL(seteuid(1000));
	show("seteuid");
	CALL(setuid(1001));
	CALL(seteuid(0));
	show("back");
	CALL(setegid(50));
	show("setegid");
}

static void set_reuid(void)
{
	CALL(setreuid(1000, 1001));
	show("setreuid");
	CALL(setreuid(1001, 1000));
	show("swapped");
	CALL(setreuid(-1, 0));
	CALL(setreuid(0, -1));
}

static void set_reuid_saved(void)
{
	CALL(setreuid(-1, 1000));
	show("effective only");
	CALL(setreuid(0, 0));
	show("all");
}

static void set_resuid(void)
{
	CALL(setresuid(1000, 1001, 1002));
	show("setresuid");
	CALL(setresuid(1002, 1000, 1001));
	show("turned");
	CALL(setresuid(0, -1, -1));
	CALL(setresuid(-1, -1, -1));
	CALL(setresuid(1001, 1001, 1001));
	show("one");
	CALL(setresuid(1002, -1, -1));
}

static void file_system_id(void)
{
	SHOW(setfsuid(1000));
	SHOW(setfsuid(-1));
	SHOW(setfsgid(100));
	SHOW(setfsgid(-1));
	make_file("by-fsuid", "");
	struct stat status;
	stat("by-fsuid", &status);
	say("owner %d:%d", status.st_uid, status.st_gid);
}

static void supplementary(void)
{
	gid_t groups[4] = { 10, 20, 30 };
	CALL(getgroups(0, NULL));
	CALL(setgroups(3, groups));
	CALL(getgroups(4, groups));
	CALL(getgroups(2, groups));
	CALL(getgroups(-1, groups));
	CALL(setgroups(70000, groups));
	CALL(syscall(SYS_setgroups, 2, 8));
	make_file("group-20", "x");
	chown("group-20", 0, 20);
	chmod("group-20", 0040);
	make_file("group-40", "x");
	chown("group-40", 0, 40);
	chmod("group-40", 0040);
	setuid(1000);
	CALL(open("group-20", O_RDONLY) >= 0);
	CALL(open("group-40", O_RDONLY));
}

int main(void)
{
	chmod(".", 0777);
	show("start");
	in_child("setuid", set_uid);
	in_child("seteuid", set_effective);
	in_child("setreuid", set_reuid);
	in_child("setreuid with saved", set_reuid_saved);
	in_child("setresuid", set_resuid);
	in_child("setfsuid", file_system_id);
	in_child("groups", supplementary);
	CALL(syscall(SYS_setuid, -1));
	CALL(syscall(SYS_getresuid, 8, 8, 8));
	return 0;
}
