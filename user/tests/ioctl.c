/* ioctl for all kinds of files: FIONREAD, FIOCLEX, FIONBIO. */
#include "show.h"

#include <sys/ioctl.h>

static int waiting;

int main(void)
{
	int ends[2];
	pipe(ends);
	CALL(ioctl(ends[0], FIONREAD, &waiting));
	SHOW(waiting);
	write(ends[1], "12345", 5);
	CALL(ioctl(ends[0], FIONREAD, &waiting));
	SHOW(waiting);
	static char page[5000];
	write(ends[1], page, sizeof page);
	read(ends[0], page, 3);
	CALL(ioctl(ends[1], FIONREAD, &waiting));
	SHOW(waiting);
	CALL(ioctl(ends[0], FIONREAD, 8));
	CALL(ioctl(ends[0], TCGETS, page));
	CALL(ioctl(ends[0], 0x1234, page));

	CALL(ioctl(ends[0], FIOCLEX));
	SHOW(fcntl(ends[0], F_GETFD));
	CALL(ioctl(ends[0], FIOCLEX, 8));
	CALL(ioctl(ends[0], FIONCLEX));
	SHOW(fcntl(ends[0], F_GETFD));
	int on = 1;
	CALL(ioctl(ends[0], FIONBIO, &on));
	FACT(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	while (read(ends[0], page, sizeof page) > 0)
		;
	SHOW(errno == EAGAIN);
	on = 0;
	CALL(ioctl(ends[0], FIONBIO, &on));
	FACT(fcntl(ends[0], F_GETFL) & O_NONBLOCK);
	CALL(ioctl(ends[0], FIONBIO, 8));

	make_file("file", "0123456789");
	int fd = open("file", O_RDWR);
	CALL(ioctl(fd, FIONREAD, &waiting));
	SHOW(waiting);
	lseek(fd, 4, SEEK_SET);
	CALL(ioctl(fd, FIONREAD, &waiting));
	SHOW(waiting);
	lseek(fd, 100, SEEK_SET);
	CALL(ioctl(fd, FIONREAD, &waiting));
	SHOW(waiting);
	CALL(ioctl(fd, FIONREAD, 8));
	CALL(ioctl(fd, TIOCGWINSZ, page));
	CALL(ioctl(open("file", O_WRONLY), FIONREAD, &waiting));
	int dir = open(".", O_RDONLY), place = open("file", O_PATH), null = open("/dev/null", O_RDWR);
	CALL(ioctl(dir, FIONREAD, &waiting));
	CALL(ioctl(dir, FIOCLEX));
	SHOW(fcntl(dir, F_GETFD));
	CALL(ioctl(place, FIOCLEX));
	CALL(ioctl(place, FIONREAD, &waiting));
	CALL(ioctl(null, FIONREAD, &waiting));
	CALL(ioctl(99, FIONREAD, &waiting));
	mkfifo("fifo", 0600);
	int fifo = open("fifo", O_RDWR);
	write(fifo, "abc", 3);
	CALL(ioctl(fifo, FIONREAD, &waiting));
	SHOW(waiting);
	return 0;
}
