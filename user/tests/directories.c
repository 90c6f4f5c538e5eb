/* mkdir and rmdir. */
#include "show.h"

int main(void)
{
	struct stat status;
	CALL(mkdir("a", 0755));
	CALL(mkdir("a", 0755));
	CALL(mkdir("a/b/c", 0755));
	CALL(mkdir("a/b/", 0755));
	CALL(mkdir("", 0755));
	CALL(mkdir("/", 0755));
	CALL(mkdir(".", 0755));
	CALL(mkdir("a/b/.", 0755));
	CALL(mkdir("a/c/..", 0755));
	make_file("file", "");
	CALL(mkdir("file", 0755));
	CALL(mkdir("file/x", 0755));
	symlink("nowhere", "dangling");
	CALL(mkdir("dangling", 0755));
	CALL(mkdir("sticky", 01777));
	stat("sticky", &status);
	say("mode is %o", status.st_mode);
	CALL(mkdir("all", 07777));
	stat("all", &status);
	say("mode is %o", status.st_mode);
	CALL(rmdir("a"));
	CALL(rmdir("a/b/."));
	CALL(rmdir("a/b/.."));
	CALL(rmdir("a/b/"));
	CALL(rmdir("a"));
	CALL(rmdir("a"));
	CALL(rmdir("file"));
	CALL(rmdir("dangling"));
	CALL(rmdir("/"));
	CALL(rmdir("/tmp"));
	/* A removed directory that is still open. */
	mkdir("open", 0755);
	int fd = open("open", O_RDONLY);
	CALL(rmdir("open"));
	fstat(fd, &status);
	SHOW(status.st_nlink);
	CALL(openat(fd, "x", O_CREAT | O_WRONLY, 0644));
	CALL(mkdirat(fd, "x", 0755));
	CALL(fchdir(fd));
	CALL(chdir("/tmp/directories"));
	CALL(mkdirat(AT_FDCWD, "a", 0700));
	/* A path that is too long. */
	static char path[5000];
	memset(path, 'x', sizeof(path) - 1);
	for (size_t i = 100; i < sizeof(path); i += 100)
		path[i] = '/';
	CALL(mkdir(path, 0755));
	path[4095] = 0;
	CALL(mkdir(path, 0755));
	return 0;
}
