/* stat, lstat, fstat and fstatat. */
#include "show.h"

#include <sys/sysmacros.h>

static struct stat status;

static void show(const char *name)
{
	say("%s: mode %o, %ld links, size %ld, blocks of %ld, owner %d:%d", name, status.st_mode,
	    (long)status.st_nlink, S_ISDIR(status.st_mode) ? 0L : (long)status.st_size,
	    (long)status.st_blksize, status.st_uid, status.st_gid);
}

int main(void)
{
	make_file("file", "12345");
	mkdir("folder", 0750);
	symlink("file", "link");
	symlink("none", "dangling");
	mkfifo("fifo", 0600);
	CALL(stat("file", &status));
	show("file");
	SHOW(status.st_blocks);
	CALL(stat("folder", &status));
	show("folder");
	CALL(mkdir("folder/inner", 0755));
	stat("folder", &status);
	SHOW(status.st_nlink);
	CALL(lstat("link", &status));
	show("link");
	CALL(stat("link", &status));
	show("through link");
	CALL(stat("dangling", &status));
	CALL(lstat("dangling", &status));
	CALL(stat("fifo", &status));
	show("fifo");
	CALL(stat("/dev/null", &status));
	FACT(S_ISCHR(status.st_mode));
	SHOW(major(status.st_rdev));
	SHOW(minor(status.st_rdev));
	stat("/dev/zero", &status);
	SHOW(minor(status.st_rdev));
	CALL(stat("none", &status));
	CALL(stat("file/x", &status));
	CALL(stat("", &status));
	CALL(syscall(SYS_stat, "file", 8));
	CALL(syscall(SYS_stat, 8, &status));
	CALL(fstat(99, &status));
	int fd = open("file", O_RDONLY), folder = open("folder", O_RDONLY);
	CALL(fstat(fd, &status));
	show("descriptor");
	CALL(fstatat(folder, "inner", &status, 0));
	CALL(fstatat(fd, "inner", &status, 0));
	CALL(fstatat(fd, "", &status, 0));
	CALL(fstatat(fd, "", &status, AT_EMPTY_PATH));
	CALL(fstatat(AT_FDCWD, "link", &status, AT_SYMLINK_NOFOLLOW));
	CALL(syscall(SYS_newfstatat, AT_FDCWD, "file", &status, 0x80000));
	CALL(fstatat(99, "file", &status, 0));
	CALL(fstatat(99, "/tmp", &status, 0));
	/* Both names of a file have the same numbers. */
	struct stat other;
	link("file", "second");
	stat("file", &status);
	stat("second", &other);
	FACT(status.st_ino == other.st_ino && status.st_dev == other.st_dev);
	SHOW(other.st_nlink);
	int ends[2];
	pipe(ends);
	fstat(ends[0], &status);
	say("pipe: mode %o", status.st_mode);
	return 0;
}
