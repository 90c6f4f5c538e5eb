/*
 * farjump: the commands of the kernel's prompt, from a shell.
 *
 *   farjump COMMAND [ARGUMENT...]   runs one command
 *   farjump                         reads commands until `exit`, `continue` or the end of the input
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char device[] = "/dev/farjump";

/* Runs a command line and prints its output; returns the exit status of the program. */
static int run(int fd, const char *line)
{
	char output[4096];
	ssize_t length;
	if (write(fd, line, strlen(line)) < 0) {
		fprintf(stderr, "farjump: %s\n", strerror(errno));
		return 1;
	}
	while ((length = read(fd, output, sizeof(output))) > 0)
		if (fwrite(output, 1, length, stdout) != (size_t)length)
			return 1;
	if (length < 0) {
		fprintf(stderr, "farjump: %s\n", strerror(errno));
		return 1;
	}
	return fflush(stdout) ? 1 : 0;
}

static int interact(int fd)
{
	char line[4096];
	for (;;) {
		if (isatty(STDIN_FILENO)) {
			fputs("farjump> ", stdout);
			fflush(stdout);
		}
		if (!fgets(line, sizeof(line), stdin))
			return 0;
		line[strcspn(line, "\n")] = 0;
		if (!strcasecmp(line, "exit") || !strcasecmp(line, "continue"))
			return 0;
		if (run(fd, line))
			return 1;
	}
}

int main(int count, char **words)
{
	char line[4096];
	size_t used = 0;
	int fd = open(device, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "farjump: %s: %s\n", device, strerror(errno));
		return 1;
	}
	if (count < 2)
		return interact(fd);
	for (int i = 1; i < count; i++) {
		size_t length = strlen(words[i]);
		if (used + length + 2 > sizeof(line)) {
			fprintf(stderr, "farjump: the command is too long\n");
			return 2;
		}
		memcpy(line + used, words[i], length);
		used += length;
		line[used++] = ' ';
	}
	line[used - 1] = 0;
	return run(fd, line);
}
