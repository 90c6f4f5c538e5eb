/* /proc/swaps without swap space, and /proc/diskstats. */
#include "show.h"

static void print(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, text, sizeof text - 1);
	text[len < 0 ? 0 : len] = 0;
	say("%s: %s", path, text);
	CALL(open(path, O_WRONLY | O_TRUNC));
	struct stat about;
	stat(path, &about);
	FACT(about.st_mode == (S_IFREG | 0444));
}

int main(void)
{
	print("/proc/swaps");
	setuid(1000);
	print("/proc/swaps");
	FACT(access("/proc/diskstats", R_OK) == 0);
	FACT(access("/proc/diskstats", W_OK) == 0);
	return 0;
}
