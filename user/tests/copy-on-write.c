/* Copy on write: parent and child, private files, writes by the kernel. */
#include "show.h"

static char *page, *map;
static int ends[2];

static void child(void)
{
	/* A call writes to a page that is still shared. */
	CALL(read(ends[0], page, 4));
	say("child: %.4s", page);
	page[PAGE] = 'c';
	map[0] = 'C';
	say("child: %c%c", page[PAGE], map[0]);
}

static void grandchildren(void)
{
	page[0] = '1';
	pid_t pid = fork();
	if (pid == 0) {
		page[1] = '2';
		pid_t inner = fork();
		if (inner == 0) {
			page[2] = '3';
			say("inner: %.4s", page);
			_exit(0);
		}
		finish("inner", inner);
		say("middle: %.4s", page);
		_exit(0);
	}
	finish("middle", pid);
	say("outer: %.4s", page);
}

int main(void)
{
	pipe(ends);
	page = new_pages(2, PROT_READ | PROT_WRITE);
	memcpy(page, "base", 4);
	page[PAGE] = 'p';
	make_file("file", "file");
	int fd = open("file", O_RDWR);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	write(ends[1], "read", 4);
	in_child("child", child);
	say("parent: %.4s %c %c", page, page[PAGE], map[0]);
	map[1] = 'X';
	show_file("file");
	in_child("grandchildren", grandchildren);
	say("parent: %.4s", page);
	/* The zero page is read, then written. */
	char *zeroes = new_pages(4, PROT_READ | PROT_WRITE);
	SHOW(zeroes[0] + zeroes[PAGE]);
	zeroes[0] = 1;
	SHOW(zeroes[PAGE]);
	/* A read-only page isn't written, although nothing else has its frame: read(2) fails. */
	mprotect(zeroes, PAGE, PROT_READ);
	write(ends[1], "x", 1);
	CALL(read(ends[0], zeroes, 1));
	SHOW(zeroes[0]);
	return 0;
}
