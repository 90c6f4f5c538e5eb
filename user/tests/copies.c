/* sendfile, splice, tee and copy_file_range. */
#include "show.h"

#include <sys/sendfile.h>

int main(void)
{
	char text[64] = "";
	make_file("from", "0123456789");
	int from = open("from", O_RDONLY), to = open("to", O_RDWR | O_CREAT, 0644), ends[2], other[2];
	off_t offset = 2;
	pipe(ends);
	pipe(other);
	CALL(sendfile(to, from, &offset, 5));
	SHOW(offset);
	CALL(lseek(from, 0, SEEK_CUR));
	show_file("to");
	CALL(sendfile(ends[1], from, NULL, 100));
	CALL(lseek(from, 0, SEEK_CUR));
	CALL(sendfile(ends[1], from, NULL, 100));
	CALL(read(ends[0], text, sizeof(text)));
	CALL(sendfile(to, ends[0], NULL, 5));
	CALL(sendfile(from, to, NULL, 5));
	CALL(sendfile(99, from, NULL, 5));
	CALL(sendfile(to, 99, NULL, 5));
	offset = -1;
	CALL(sendfile(to, from, &offset, 5));
	CALL(syscall(SYS_sendfile, to, from, 8, 5));

	lseek(from, 0, SEEK_SET);
	CALL(splice(from, NULL, ends[1], NULL, 4, 0));
	CALL(tee(ends[0], other[1], 100, 0));
	CALL(read(other[0], text, sizeof(text)));
	off_t place = 10;
	CALL(splice(ends[0], NULL, to, &place, 100, 0));
	SHOW(place);
	CALL(splice(ends[0], NULL, other[1], NULL, 4, SPLICE_F_NONBLOCK));
	CALL(splice(from, NULL, to, NULL, 4, 0));
	CALL(splice(ends[0], &place, to, NULL, 4, 0));
	CALL(splice(from, NULL, ends[1], NULL, 4, 0x100));
	CALL(splice(99, NULL, ends[1], NULL, 4, 0));
	CALL(tee(from, ends[1], 4, 0));
	CALL(splice(from, NULL, ends[1], NULL, 0, 0));

	off_t in = 1, out = 0;
	ftruncate(to, 0);
	CALL(copy_file_range(from, &in, to, &out, 5, 0));
	say("%ld %ld", (long)in, (long)out);
	show_file("to");
	CALL(copy_file_range(from, &in, to, &out, 100, 0));
	CALL(copy_file_range(from, &in, to, &out, 100, 0));
	CALL(copy_file_range(from, NULL, to, NULL, 1, 1));
	CALL(copy_file_range(to, NULL, from, NULL, 1, 0));
	int both = open("to", O_RDWR);
	in = 0;
	out = 2;
	CALL(copy_file_range(both, &in, both, &out, 5, 0));
	int append = open("to", O_RDWR | O_APPEND);
	CALL(copy_file_range(from, NULL, append, NULL, 1, 0));
	CALL(copy_file_range(ends[0], NULL, to, NULL, 1, 0));
	int folder = open(".", O_RDONLY);
	CALL(copy_file_range(folder, NULL, to, NULL, 1, 0));
	return 0;
}
