/* fsync and related calls, fadvise, readahead, statfs. */
#include "show.h"

#include <sys/statfs.h>
#include <sys/vfs.h>

int main(void)
{
	make_file("file", "x");
	int fd = open("file", O_RDWR), ends[2], path = open("file", O_PATH);
	pipe(ends);
	CALL(fsync(fd));
	CALL(fdatasync(fd));
	CALL(fsync(ends[0]));
	CALL(fsync(99));
	CALL(fsync(path));
	CALL(syncfs(fd));
	CALL(syncfs(99));
	CALL(syscall(SYS_sync));
	CALL(syscall(SYS_sync_file_range, fd, 0L, 0L, 2));
	CALL(syscall(SYS_sync_file_range, fd, 0L, 0L, 0x100));
	CALL(syscall(SYS_sync_file_range, fd, -1L, 0L, 2));
	CALL(syscall(SYS_fadvise64, fd, 0L, 0L, 2));
	CALL(syscall(SYS_fadvise64, fd, 0L, 0L, 99));
	CALL(syscall(SYS_fadvise64, ends[0], 0L, 0L, 2));
	CALL(syscall(SYS_readahead, fd, 0L, 10L));
	CALL(syscall(SYS_readahead, ends[0], 0L, 10L));
	struct statfs status;
	CALL(statfs("file", &status));
	say("type %lx, names of %ld", (unsigned long)status.f_type, (long)status.f_namelen);
	FACT(status.f_bsize == PAGE);
	FACT(status.f_bfree <= status.f_blocks);
	CALL(fstatfs(fd, &status));
	CALL(fstatfs(ends[0], &status));
	say("type %lx", (unsigned long)status.f_type);
	CALL(statfs("/proc", &status));
	say("type %lx", (unsigned long)status.f_type);
	CALL(statfs("/dev/pts", &status));
	say("type %lx", (unsigned long)status.f_type);
	CALL(statfs("none", &status));
	CALL(fstatfs(99, &status));
	CALL(syscall(SYS_statfs, "file", 8));
	return 0;
}
