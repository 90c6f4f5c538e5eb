/* devpts: no program, not even root's, can make files in it or change names. */
#include "show.h"

#include <sys/sysmacros.h>

int main(void)
{
	CALL(open("/dev/pts/file", O_RDWR | O_CREAT, 0600));
	CALL(open("/dev/pts/file", O_RDWR));
	CALL(mkdir("/dev/pts/directory", 0700));
	CALL(mkdir("/dev/pts/ptmx", 0700));
	CALL(mknod("/dev/pts/regular", S_IFREG | 0600, 0));
	CALL(mknod("/dev/pts/fifo", S_IFIFO | 0600, 0));
	CALL(mknod("/dev/pts/null", S_IFCHR | 0600, makedev(1, 3)));
	CALL(mknod("/dev/pts/9", S_IFCHR | 0600, makedev(136, 9)));
	CALL(symlink("ptmx", "/dev/pts/link"));
	CALL(open("/dev/pts", O_RDWR | O_TMPFILE, 0600));
	CALL(link("/dev/null", "/dev/pts/null"));
	CALL(link("/dev/pts/ptmx", "/dev/pts/other"));
	CALL(rename("/dev/pts/ptmx", "/dev/pts/other"));
	CALL(rename("/dev/pts/none", "/dev/pts/other"));
	CALL(unlink("/dev/pts/ptmx"));
	CALL(unlink("/dev/pts/none"));
	CALL(rmdir("/dev/pts/ptmx"));
	CALL(chmod("/dev/pts/ptmx", 0600));
	CALL(chmod("/dev/pts/ptmx", 0));
	CALL(open("/proc/file", O_RDWR | O_CREAT, 0600));
	CALL(mknod("/proc/fifo", S_IFIFO | 0600, 0));
	CALL(symlink("stat", "/proc/link"));
	CALL(link("/proc/stat", "/proc/other"));
	CALL(open("/proc", O_RDWR | O_TMPFILE, 0600));
	CALL(setuid(1000));
	CALL(open("/dev/pts/file", O_RDWR | O_CREAT, 0600));
	CALL(mkdir("/dev/pts/directory", 0700));
	CALL(symlink("ptmx", "/dev/pts/link"));
	return 0;
}
