/* /dev/null, zero, full, tty, and new device nodes. */
#include "show.h"

#include <sys/sysmacros.h>

int main(void)
{
	char text[64];
	memset(text, 'x', sizeof(text));
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR);
	CALL(read(null, text, sizeof(text)));
	CALL(write(null, text, sizeof(text)));
	CALL(syscall(SYS_write, null, 8, 16));
	CALL(read(zero, text, sizeof(text)));
	FACT(text[0] == 0 && text[63] == 0);
	CALL(write(zero, text, sizeof(text)));
	CALL(read(full, text, sizeof(text)));
	CALL(write(full, text, 1));
	CALL(write(full, text, 0));
	CALL(syscall(SYS_read, zero, 8, 16));
	CALL(ftruncate(null, 5));
	CALL(open("/dev/null", O_WRONLY | O_TRUNC | O_CREAT, 0644) >= 0);
	CALL(open("/dev/null", O_WRONLY | O_CREAT | O_EXCL, 0644));
	CALL(open("/dev/none", O_RDONLY));
	CALL(mknod("node", S_IFCHR | 0666, makedev(1, 5)));
	struct stat status;
	stat("node", &status);
	FACT(S_ISCHR(status.st_mode));
	SHOW(minor(status.st_rdev));
	CALL(mknod("unknown", S_IFCHR | 0666, makedev(250, 250)));
	CALL(open("unknown", O_RDONLY));
	CALL(open("/dev/tty", O_RDONLY));
	CALL(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, null, 0));
	setuid(1000);
	CALL(mknod("mine", S_IFCHR | 0666, makedev(1, 5)));
	return 0;
}
