/* The times of files: which operations change which times, and utimensat. */
#include "show.h"

static struct stat before, after;

static int later(struct timespec a, struct timespec b)
{
	return b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec > a.tv_nsec);
}

static void begin(const char *path)
{
	struct timespec pause = { 0, 20000000 };
	struct timespec old[2] = { { 1000, 0 }, { 2000, 0 } };
	utimensat(AT_FDCWD, path, old, AT_SYMLINK_NOFOLLOW);
	lstat(path, &before);
	/* A pause longer than a tick of the file system's clock. */
	nanosleep(&pause, NULL);
}

static void show(const char *what, const char *path)
{
	lstat(path, &after);
	say("%s:%s%s%s", what, later(before.st_atim, after.st_atim) ? " atime" : "",
	    later(before.st_mtim, after.st_mtim) ? " mtime" : "",
	    later(before.st_ctim, after.st_ctim) ? " ctime" : "");
}

int main(void)
{
	struct timespec set[2] = { { 5, 6 }, { 7, 8 } };
	make_file("file", "x");
	mkdir("folder", 0755);
	int fd = open("file", O_RDWR);
	begin("file"); write(fd, "y", 1); show("write", "file");
	begin("file"); write(fd, "y", 0); show("write of nothing", "file");
	begin("file"); chmod("file", 0600); show("chmod", "file");
	begin("file"); link("file", "second"); show("link", "file");
	begin("file"); rename("second", "third"); show("rename", "file");
	begin("file"); unlink("third"); show("unlink", "file");
	begin("file"); ftruncate(fd, 0); show("ftruncate", "file");
	begin("file"); ftruncate(fd, 0); show("ftruncate to the same size", "file");
	begin("file"); truncate("file", 0); show("truncate to the same size", "file");
	begin("folder"); make_file("folder/new", ""); show("new file", "folder");
	begin("folder"); unlink("folder/new"); show("removed file", "folder");
	CALL(utimensat(AT_FDCWD, "file", set, 0));
	stat("file", &after);
	say("%ld.%09ld %ld.%09ld", (long)after.st_atim.tv_sec, after.st_atim.tv_nsec,
	    (long)after.st_mtim.tv_sec, after.st_mtim.tv_nsec);
	set[0].tv_nsec = UTIME_OMIT;
	set[1].tv_sec = 99;
	CALL(utimensat(AT_FDCWD, "file", set, 0));
	stat("file", &after);
	say("%ld %ld", (long)after.st_atim.tv_sec, (long)after.st_mtim.tv_sec);
	set[0].tv_nsec = UTIME_NOW;
	CALL(utimensat(AT_FDCWD, "file", set, 0));
	stat("file", &after);
	FACT(after.st_atim.tv_sec > 1000000);
	set[0].tv_nsec = 1000000000;
	CALL(utimensat(AT_FDCWD, "file", set, 0));
	CALL(utimensat(AT_FDCWD, "file", NULL, 0));
	CALL(utimensat(AT_FDCWD, "none", NULL, 0));
	CALL(utimensat(AT_FDCWD, "file", NULL, 0x4000));
	CALL(syscall(SYS_utimensat, AT_FDCWD, "file", 8, 0));
	set[0] = (struct timespec){ 1, 0 };
	CALL(futimens(fd, set));
	CALL(futimens(99, set));
	symlink("file", "link");
	CALL(utimensat(AT_FDCWD, "link", set, AT_SYMLINK_NOFOLLOW));
	lstat("link", &after);
	SHOW(after.st_mtim.tv_sec);
	return 0;
}
