/* readv, writev, preadv and pwritev. */
#include "show.h"

#include <sys/uio.h>

int main(void)
{
	char a[4] = "", b[4] = "", c[16] = "";
	struct iovec out[] = { { "one", 3 }, { NULL, 0 }, { "three", 5 } };
	struct iovec in[] = { { a, 2 }, { b, 3 }, { c, sizeof(c) } };
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	CALL(writev(fd, out, 3));
	show_file("file");
	lseek(fd, 0, SEEK_SET);
	CALL(readv(fd, in, 3));
	say("\"%.2s\" \"%.3s\" \"%.3s\"", a, b, c);
	CALL(preadv(fd, in, 2, 4));
	say("\"%.2s\" \"%.3s\"", a, b);
	CALL(pwritev(fd, out, 3, 6));
	show_file("file");
	CALL(lseek(fd, 0, SEEK_CUR));
	CALL(writev(fd, out, 0));
	CALL(writev(fd, out, -1));
	static struct iovec many[1025];
	CALL(writev(fd, many, 1024));
	CALL(writev(fd, many, 1025));
	CALL(writev(fd, NULL, 1));
	struct iovec bad[] = { { "x", 1 }, { (void *)8, 1 } };
	CALL(writev(fd, &bad[1], 1));
	struct iovec huge[] = { { a, 2 }, { b, (size_t)1 << 63 } };
	CALL(readv(fd, huge, 2));
	CALL(preadv(fd, in, 1, -1));
	CALL(readv(99, in, 1));
	int ends[2];
	pipe(ends);
	CALL(writev(ends[1], out, 3));
	CALL(readv(ends[0], in, 3));
	CALL(preadv(ends[0], in, 1, 0));
	/* Unknown flags. */
	CALL(syscall(SYS_preadv2, fd, in, 1, 0L, 0L, 0x4000));
	CALL(syscall(SYS_preadv2, fd, in, 1, 0L, 0L, 0));
	CALL(syscall(SYS_pwritev2, fd, out, 1, 0L, 0L, 0x10));
	show_file("file");
	return 0;
}
