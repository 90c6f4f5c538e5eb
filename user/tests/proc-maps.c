/* /proc/self/maps: mappings that are added, merged, split and removed. */
#include "show.h"

static unsigned long from;

/* Prints the lines between two addresses, in pages from the first address. */
static void show(const char *what, char *place, int pages)
{
	static char text[65536];
	long length = 0, got;
	int fd = open("/proc/self/maps", O_RDONLY);
	while ((got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += got;
	text[length] = 0;
	close(fd);
	from = (unsigned long)place;
	say("%s:", what);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		unsigned long begin, end, offset;
		char rights[8], name[128] = "";
		if (sscanf(line, "%lx-%lx %7s %lx %*s %*s %127s", &begin, &end, rights, &offset, name) < 4)
			say("a bad line: %s", line);
		if (begin >= from && end <= from + pages * PAGE)
			say("  %ld to %ld %s offset %lx %s", (begin - from) / PAGE, (end - from) / PAGE, rights,
			    offset, name);
	}
}

static void find(const char *wanted)
{
	static char text[65536];
	int fd = open("/proc/self/maps", O_RDONLY);
	long length = 0, got;
	while ((got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += got;
	text[length] = 0;
	close(fd);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strstr(line, wanted))
			say("%s: %.4s", wanted, strchr(line, ' ') + 1);
}

int main(void)
{
	int both = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	/* An unused range, without neighbouring mappings. */
	char *place = mmap(NULL, 12 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(place, 12 * PAGE);
	place += PAGE;
	mmap(place, PAGE, both, flags, -1, 0);
	mmap(place + 2 * PAGE, PAGE, both, flags, -1, 0);
	show("two", place, 10);
	mmap(place + PAGE, PAGE, both, flags, -1, 0);
	show("joined", place, 10);
	mprotect(place + PAGE, PAGE, PROT_READ);
	show("split", place, 10);
	mprotect(place + PAGE, PAGE, both);
	show("joined again", place, 10);
	munmap(place + PAGE, PAGE);
	show("a hole", place, 10);
	make_file("file", "x");
	int fd = open("file", O_RDWR);
	ftruncate(fd, 4 * PAGE);
	mmap(place + 4 * PAGE, 2 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, PAGE);
	mmap(place + 6 * PAGE, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 3 * PAGE);
	show("a file", place, 10);
	unlink("file");
	show("removed", place, 10);
	mmap(place + 8 * PAGE, PAGE, both, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	show("shared", place, 10);
	sbrk(PAGE);
	find("[heap]");
	find("[stack]");
	find("[vdso]");
	find("/tests/proc-maps");
	return 0;
}
