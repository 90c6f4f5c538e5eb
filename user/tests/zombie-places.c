/* A process that has ended doesn't keep its directories in use, even before its parent waits for it. */
#include "show.h"

#include <sched.h>
#include <sys/mount.h>

static void enter(void)
{
	if (chdir("mounted/inner") < 0)
		give_up("chdir");
}

static void enter_root(void)
{
	if (chroot("mounted") < 0)
		give_up("chroot");
}

/* The child shares its directories with this one, which ends after it. */
static void share(void)
{
	enter();
	pid_t pid = syscall(SYS_clone, CLONE_FS | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		_exit(0);
	until_state(pid, 'Z');
}

static void try(const char *name, void (*body)(void))
{
	char path[40], target[100];
	say("%s", name);
	mkdir("mounted", 0755);
	CALL(mount("none", "mounted", "tmpfs", 0, NULL));
	mkdir("mounted/inner", 0755);
	pid_t pid = start(body);
	until_state(pid, 'Z');
	sprintf(path, "/proc/%d/cwd", pid);
	CALL(readlink(path, target, sizeof(target)));
	sprintf(path, "/proc/%d/root", pid);
	CALL(readlink(path, target, sizeof(target)));
	CALL(umount("mounted"));
	finish("child", pid);
	umount("mounted");
}

int main(void)
{
	try("directory", enter);
	try("root", enter_root);
	try("shared directory", share);
	return 0;
}
