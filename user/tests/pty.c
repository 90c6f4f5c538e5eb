/* Pseudo-terminals: numbers, locks, names, and data between the two ends. */
#include "show.h"

#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

int main(void)
{
	char name[32], text[16];
	struct stat status;
	int first = open("/dev/ptmx", O_RDWR | O_NOCTTY), number = -1, locked = -1;
	CALL(ioctl(first, TIOCGPTN, &number));
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	CALL(ioctl(first, TIOCGPTLCK, &locked));
	SHOW(locked);
	CALL(open(name, O_RDWR | O_NOCTTY));
	locked = 0;
	CALL(ioctl(first, TIOCSPTLCK, &locked));
	int slave = open(name, O_RDWR | O_NOCTTY);
	FACT(slave >= 0);
	CALL(stat(name, &status));
	say("mode is %o", status.st_mode);
	SHOW(major(status.st_rdev));
	FACT((int)minor(status.st_rdev) == number);
	fstat(first, &status);
	say("master is %d, %d", major(status.st_rdev), minor(status.st_rdev));
	CALL(ioctl(slave, TIOCGPTN, &number));
	int second = open("/dev/ptmx", O_RDWR | O_NOCTTY), other = -1;
	ioctl(second, TIOCGPTN, &other);
	FACT(other != number);
	FACT(ttyname(slave) && strcmp(ttyname(slave), name) == 0);
	CALL(write(slave, "x\n", 2));
	CALL(read(first, text, sizeof(text)) >= 1);
	close(slave);
	close(first);
	CALL(access(name, F_OK));
	/* The number of a closed master is free again. */
	int third = open("/dev/ptmx", O_RDWR | O_NOCTTY), again = -1;
	ioctl(third, TIOCGPTN, &again);
	FACT(again == number);
	CALL(open("/dev/pts/4711", O_RDWR));
	CALL(lseek(third, 0, SEEK_SET));
	CALL(ftruncate(third, 0));
	return 0;
}
