/* eventfd. */
#include "show.h"

#include <sys/eventfd.h>

static int fd;

static void reader(void)
{
	uint64_t value = 0;
	CALL(read(fd, &value, 8));
	SHOW(value);
}

int main(void)
{
	uint64_t value = 0;
	fd = CALL(eventfd(5, EFD_NONBLOCK | EFD_CLOEXEC));
	CALL(fcntl(fd, F_GETFD));
	CALL(read(fd, &value, 8));
	SHOW(value);
	CALL(read(fd, &value, 8));
	value = 3;
	CALL(write(fd, &value, 8));
	CALL(write(fd, &value, 8));
	CALL(read(fd, &value, 8));
	SHOW(value);
	CALL(read(fd, &value, 4));
	CALL(write(fd, &value, 4));
	value = UINT64_MAX;
	CALL(write(fd, &value, 8));
	value = UINT64_MAX - 1;
	CALL(write(fd, &value, 8));
	value = 1;
	CALL(write(fd, &value, 8));
	struct pollfd one = { fd, POLLIN | POLLOUT, 0 };
	CALL(poll(&one, 1, 0));
	FACT(one.revents == POLLIN);
	read(fd, &value, 8);
	CALL(poll(&one, 1, 0));
	FACT(one.revents == POLLOUT);

	fd = eventfd(0, EFD_SEMAPHORE);
	value = 2;
	write(fd, &value, 8);
	read(fd, &value, 8);
	SHOW(value);
	read(fd, &value, 8);
	SHOW(value);
	pid_t pid = start(reader);
	until_state(pid, 'S');
	value = 9;
	write(fd, &value, 8);
	finish("reader", pid);
	CALL(syscall(SYS_eventfd2, 0, 0x100));
	CALL(lseek(fd, 0, SEEK_SET));
	CALL(pread(fd, &value, 8, 0));
	return 0;
}
