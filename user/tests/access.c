/* access and faccessat: by the real user, for root and for others. */
#include "show.h"

static void as_user(void)
{
	CALL(setgid(1000));
	CALL(setuid(1000));
	CALL(access("file", R_OK));
	CALL(access("file", W_OK));
	CALL(access("file", X_OK));
	CALL(access("closed", F_OK));
	CALL(access("closed", R_OK));
	CALL(access("folder/inner", F_OK));
	CALL(access("open/inner", F_OK));
	CALL(open("closed", O_RDONLY));
	CALL(open("file", O_WRONLY));
	CALL(open("open/new", O_WRONLY | O_CREAT, 0644));
}

static void as_effective(void)
{
	/* The effective user differs from the real one. */
	CALL(seteuid(1000));
	CALL(access("closed", R_OK));
	CALL(faccessat(AT_FDCWD, "closed", R_OK, AT_EACCESS));
	CALL(open("closed", O_RDONLY));
}

int main(void)
{
	make_file("file", "x");
	make_file("closed", "x");
	chmod("closed", 0600);
	mkdir("folder", 0700);
	mkdir("open", 0755);
	make_file("folder/inner", "x");
	make_file("open/inner", "x");
	CALL(access("file", R_OK | W_OK));
	CALL(access("file", X_OK));
	CALL(access("folder", X_OK));
	chmod("file", 0);
	CALL(access("file", R_OK | W_OK));
	chmod("file", 0644);
	CALL(access("none", F_OK));
	CALL(access("file/x", F_OK));
	CALL(access("file", 8));
	CALL(access((char *)8, F_OK));
	int fd = open("open", O_RDONLY);
	CALL(faccessat(fd, "inner", R_OK, 0));
	CALL(faccessat(99, "inner", R_OK, 0));
	symlink("nowhere", "dangling");
	CALL(access("dangling", F_OK));
	CALL(syscall(439, AT_FDCWD, "dangling", F_OK, AT_SYMLINK_NOFOLLOW));
	CALL(syscall(439, AT_FDCWD, "file", F_OK, 0x4000));
	in_child("user", as_user);
	in_child("effective", as_effective);
	return 0;
}
