/* Extended attributes, which a tmpfs doesn't have, and the checks before that error. */
#include "show.h"

#include <sys/xattr.h>

static char buffer[0x10001];

static void as_user(void)
{
	CALL(setgid(1000));
	CALL(setuid(1000));
	CALL(getxattr("closed", "user.x", buffer, 10));
	CALL(setxattr("closed", "user.x", "v", 1, 0));
	CALL(getxattr("file", "user.x", buffer, 10));
	CALL(setxattr("file", "user.x", "v", 1, 0));
	CALL(removexattr("file", "user.x"));
	CALL(getxattr("file", "trusted.x", buffer, 10));
	CALL(setxattr("file", "trusted.x", "v", 1, 0));
	CALL(removexattr("file", "trusted.x"));
	CALL(setxattr("sticky", "user.x", "v", 1, 0));
	CALL(getxattr("sticky", "user.x", buffer, 10));
	CALL(listxattr("closed", buffer, 10));
	CALL(getxattr("folder/inner", "user.x", buffer, 10));
}

int main(void)
{
	make_file("file", "x");
	make_file("closed", "x");
	chmod("closed", 0600);
	mkdir("folder", 0700);
	mkdir("sticky", 0777);
	chmod("sticky", 01777);
	mkfifo("fifo", 0666);
	symlink("file", "link");
	symlink("nowhere", "dangling");
	CALL(setxattr("file", "user.x", "v", 1, 0));
	CALL(setxattr("file", "user.x", "v", 1, XATTR_REPLACE));
	CALL(setxattr("file", "other.x", "v", 1, XATTR_CREATE));
	CALL(setxattr("file", "user.x", NULL, 0, 0));
	CALL(setxattr("file", "user.x", "v", 1, 4));
	CALL(setxattr("file", "user.x", (char *)8, 1, 0));
	CALL(setxattr("file", "user.x", buffer, 0x10000, 0));
	CALL(setxattr("file", "user.x", buffer, 0x10001, 0));
	CALL(setxattr("file", "", "v", 1, 0));
	CALL(setxattr("file", (char *)8, "v", 1, 0));
	CALL(setxattr("none", "", "v", 1, 4));
	CALL(getxattr("file", "user.x", buffer, 10));
	CALL(getxattr("file", "nothing", buffer, 10));
	CALL(getxattr("file", "", buffer, 10));
	CALL(getxattr("none", "user.x", buffer, 10));
	CALL(getxattr("dangling", "user.x", buffer, 10));
	CALL(lgetxattr("dangling", "user.x", buffer, 10));
	CALL(lsetxattr("dangling", "user.x", "v", 1, 0));
	CALL(lremovexattr("dangling", "user.x"));
	CALL(getxattr("link", "user.x", buffer, 10));
	CALL(getxattr("fifo", "user.x", buffer, 10));
	CALL(setxattr("fifo", "user.x", "v", 1, 0));
	CALL(removexattr("file", "user.x"));
	CALL(removexattr("none", "user.x"));
	char name[257];
	memset(name, 'n', sizeof name);
	memcpy(name, "user.", 5);
	name[255] = 0;
	CALL(getxattr("file", name, buffer, 10));
	name[255] = 'n';
	name[256] = 0;
	CALL(getxattr("file", name, buffer, 10));
	CALL(setxattr("file", name, "v", 1, 0));
	CALL(removexattr("file", name));
	CALL(listxattr("file", buffer, 10));
	CALL(listxattr("file", NULL, 0));
	CALL(listxattr("none", buffer, 10));
	CALL(listxattr("dangling", buffer, 10));
	CALL(llistxattr("dangling", buffer, 10));
	int fd = open("file", O_RDONLY), place = open("file", O_PATH), pipes[2];
	CALL(fsetxattr(fd, "user.x", "v", 1, 0));
	CALL(fgetxattr(fd, "user.x", buffer, 10));
	CALL(fremovexattr(fd, "user.x"));
	CALL(flistxattr(fd, buffer, 10));
	CALL(fgetxattr(place, "user.x", buffer, 10));
	CALL(fsetxattr(place, "user.x", "v", 1, 4));
	CALL(flistxattr(place, buffer, 10));
	CALL(fgetxattr(99, "", buffer, 10));
	pipe(pipes);
	CALL(fgetxattr(pipes[0], "user.x", buffer, 10));
	CALL(fsetxattr(pipes[0], "user.x", "v", 1, 0));
	CALL(fgetxattr(pipes[0], "other.x", buffer, 10));
	CALL(flistxattr(pipes[0], buffer, 10));
	CALL(getxattr("/proc/self/stat", "user.x", buffer, 10));
	CALL(listxattr("/proc/self/stat", buffer, 10));
	in_child("user", as_user);
	return 0;
}
