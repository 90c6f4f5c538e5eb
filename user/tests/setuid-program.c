/* Programs with S_ISUID and S_ISGID. */
#include "show.h"

#include <sys/auxv.h>

static void copy_to(const char *path)
{
	static char block[1 << 20];
	int from = open("/proc/self/exe", O_RDONLY), to = open(path, O_WRONLY | O_CREAT, 0755);
	long length = read(from, block, sizeof(block));
	if (write(to, block, length) != length)
		give_up(path);
	close(from);
	close(to);
}

static void run(const char *path)
{
	pid_t pid = fork();
	if (pid == 0) {
		setgid(100);
		setuid(1000);
		execl(path, path, "child", (char *)NULL);
		_exit(1);
	}
	finish(path, pid);
}

int main(int count, char **given)
{
	if (count > 1) {
		uid_t r, e, s;
		gid_t gr, ge, gs;
		getresuid(&r, &e, &s);
		getresgid(&gr, &ge, &gs);
		say("%s: user %d %d %d, group %d %d %d", given[0], r, e, s, gr, ge, gs);
		SHOW(getauxval(AT_SECURE));
		say("AT_UID %ld AT_EUID %ld AT_GID %ld AT_EGID %ld", getauxval(AT_UID), getauxval(AT_EUID),
		    getauxval(AT_GID), getauxval(AT_EGID));
		return 0;
	}
	copy_to("plain");
	copy_to("user");
	chown("user", 500, 600);
	chmod("user", 04755);
	copy_to("group");
	chown("group", 500, 600);
	chmod("group", 02755);
	copy_to("both");
	chown("both", 0, 0);
	chmod("both", 06755);
	/* Without the group's execute bit, S_ISGID has another meaning. */
	copy_to("locked");
	chown("locked", 500, 600);
	chmod("locked", 02745);
	chmod(".", 0755);
	run("./plain");
	run("./user");
	run("./group");
	run("./both");
	run("./locked");
	/* A write clears the bits. */
	chown("user", 1000, 100);
	chmod("user", 06777);
	pid_t pid = fork();
	if (pid == 0) {
		setuid(1000);
		int fd = open("user", O_WRONLY | O_APPEND);
		CALL(write(fd, "x", 1));
		_exit(0);
	}
	finish("writer", pid);
	struct stat status;
	stat("user", &status);
	say("mode is %o", status.st_mode);
	return 0;
}
