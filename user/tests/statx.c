/* statx. */
#include "show.h"

struct time_stamp { int64_t seconds; uint32_t nanoseconds; int32_t pad; };
struct statx_result {
	uint32_t mask, blksize; uint64_t attributes; uint32_t nlink, uid, gid; uint16_t mode, pad;
	uint64_t ino, size, blocks, attributes_mask;
	struct time_stamp atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t rest[14];
};
#define BASIC 0x7ff
#define BTIME 0x800

static struct statx_result result;

static long get(int fd, const char *path, int flags, unsigned mask)
{
	return syscall(SYS_statx, fd, path, flags, mask, &result);
}

int main(void)
{
	make_file("file", "123");
	symlink("file", "link");
	CALL(get(AT_FDCWD, "file", 0, BASIC));
	FACT((result.mask & BASIC) == BASIC);
	SHOW(result.size);
	SHOW(result.nlink);
	say("mode is %o", result.mode);
	struct stat status;
	stat("file", &status);
	FACT(result.ino == status.st_ino);
	FACT(result.mtime.seconds == status.st_mtim.tv_sec);
	CALL(get(AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, BASIC));
	say("mode is %o", result.mode);
	CALL(get(AT_FDCWD, "/dev/null", 0, BASIC));
	SHOW(result.rdev_major);
	SHOW(result.rdev_minor);
	int fd = open("file", O_RDONLY);
	CALL(get(fd, "", AT_EMPTY_PATH, BASIC));
	SHOW(result.size);
	CALL(get(fd, "", 0, BASIC));
	CALL(get(AT_FDCWD, "none", 0, BASIC));
	CALL(get(AT_FDCWD, "file", 0x80000, BASIC));
	CALL(get(AT_FDCWD, "file", 0, 0x80000000));
	CALL(get(AT_FDCWD, "file", 0x6000, BASIC));
	CALL(get(AT_FDCWD, "file", 0, 0));
	CALL(syscall(SYS_statx, AT_FDCWD, "file", 0, BASIC, 8));
	CALL(syscall(SYS_statx, AT_FDCWD, 8, 0, BASIC, &result));
	return 0;
}
