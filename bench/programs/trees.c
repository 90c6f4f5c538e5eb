/*
 * busybox at work: a shell script of 200 commands, and find, tar, gzip and rm over a tree of 2,000
 * files. An operation is a whole program, from fork to the end. The tree has the same names, bytes
 * and times on each machine; what depends on the order of a directory's entries isn't checked.
 */
#include "measure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSYBOX "/bin/busybox"
#define COMMANDS 200
#define OUTER 5
#define INNER 8
#define FILES 50
/* The time of all files, in seconds since 1970. */
#define MTIME_S 1700000000
#define WORDS_MAX 8

/* Runs busybox with these arguments, the last one NULL; its output goes to the file `output`.
 * Returns its status. */
static long busybox(const char *output, const char *const *words)
{
	long pid = call0(SYS_fork);
	if (pid == 0) {
		char *environment[] = { "PATH=/bin", NULL };
		int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, STDOUT_FILENO);
		close(fd);
		execve(BUSYBOX, (char *const *)words, environment);
		end(127);
	}
	return pid < 0 ? pid : reap(pid);
}

/* Runs busybox with these words; ends the process if the command fails. */
#define BUSYBOX_RUN(output, ...)                                                                   \
	need(busybox(output, (const char *const[]){ "busybox", __VA_ARGS__, NULL }), #__VA_ARGS__)

static void need(long status, const char *what)
{
	if (status) {
		say("status %ld of busybox %s", status, what);
		end(1);
	}
}

static void need_busybox(const char *name)
{
	if (access(BUSYBOX, X_OK) < 0)
		skip(name, -errno);
}

/* The parts of a file that are hashed. Their order doesn't matter. */
enum parts { WHOLE, LINES, TAR_BLOCKS };

/* Returns the sum of the FNV-1a hashes of the parts of a file. */
static uint64_t hash_file(const char *file, enum parts parts)
{
	static unsigned char buffer[65536];
	const uint64_t start = 0xcbf29ce484222325;
	uint64_t hash = start, sum = 0, position = 0;
	long length;
	int fd = open(file, O_RDONLY);
	while ((length = read(fd, buffer, sizeof(buffer))) > 0)
		for (long i = 0; i < length; i++) {
			hash = (hash ^ buffer[i]) * 0x100000001b3;
			position++;
			if ((parts == LINES && buffer[i] == '\n')
			    || (parts == TAR_BLOCKS && position % 512 == 0)) {
				sum += hash;
				hash = start;
			}
		}
	close(fd);
	return sum + hash;
}

/* Writes the lines of the script, each of which executes a program. */
static void write_script(const char *script)
{
	FILE *file = fopen(script, "w");
	fprintf(file, "cd %s/work\n", base);
	for (int i = 0; i < COMMANDS / 8; i++) {
		fprintf(file, "%s mkdir d%d\n", BUSYBOX, i);
		fprintf(file, "%s echo line %d of the script >d%d/one\n", BUSYBOX, i, i);
		fprintf(file, "%s cp d%d/one d%d/two\n", BUSYBOX, i, i);
		fprintf(file, "%s cat d%d/one d%d/two\n", BUSYBOX, i, i);
		fprintf(file, "%s wc d%d/two\n", BUSYBOX, i);
		fprintf(file, "%s expr %d + %d\n", BUSYBOX, i, 2 * i);
		fprintf(file, "%s true\n", BUSYBOX);
		fprintf(file, "%s rm -r d%d\n", BUSYBOX, i);
	}
	fclose(file);
}

static void shell_200(const char *name)
{
	need_busybox(name);
	const char *script = path("script.sh"), *output = path("script.out"), *work = path("work");
	mkdir(work, 0755);
	write_script(script);
	MEASURE(name, FEW, 1, BUSYBOX_RUN(output, "sh", script));
	check(name, hash_file(output, WHOLE));
	unlink(script);
	unlink(output);
	rmdir(work);
}

static void set_time(const char *file)
{
	struct timespec times[2] = { { MTIME_S, 0 }, { MTIME_S, 0 } };
	utimensat(AT_FDCWD, file, times, 0);
}

/* Writes up to 1,023 bytes, words that are different in each file. */
static void write_file(const char *file, uint32_t number)
{
	static const char *const words[] = { "frame ", "page ", "thread ", "inode ", "queue ",
					     "signal ", "socket ", "timer\n" };
	char text[1024];
	uint32_t random = number * 2654435761u + 1;
	size_t length = random >> 22, at = 0;
	while (at < length) {
		random = random * 1664525 + 1013904223;
		const char *word = words[random >> 29];
		while (*word && at < length)
			text[at++] = *word++;
	}
	int fd = open(file, O_WRONLY | O_CREAT, 0644);
	if (write(fd, text, length) != (long)length)
		end(1);
	close(fd);
	set_time(file);
}

/* Makes the tree. */
static void make_tree(const char *name)
{
	need_busybox(name);
	char text[128];
	mkdir(path("tree"), 0755);
	for (int i = 0; i < OUTER * INNER * FILES; i++) {
		int outer = i / FILES / INNER, inner = i / FILES % INNER;
		snprintf(text, sizeof(text), "%s/tree/outer%d", base, outer);
		mkdir(text, 0755);
		snprintf(text, sizeof(text), "%s/tree/outer%d/inner%d", base, outer, inner);
		mkdir(text, 0755);
		snprintf(text, sizeof(text), "%s/tree/outer%d/inner%d/file%d", base, outer, inner, i);
		write_file(text, i);
	}
	/* After all files: each new file sets the time of its directory. */
	for (int i = 0; i < OUTER * INNER; i++) {
		snprintf(text, sizeof(text), "%s/tree/outer%d/inner%d", base, i / INNER, i % INNER);
		set_time(text);
		snprintf(text, sizeof(text), "%s/tree/outer%d", base, i / INNER);
		set_time(text);
	}
	set_time(path("tree"));
}

static void make_archive(void)
{
	BUSYBOX_RUN(path("tree.out"), "tar", "cf", path("tree.tar"), "-C", *base ? base : "/", "tree");
}

static void remove_all(void)
{
	BUSYBOX_RUN(path("tree.out"), "rm", "-rf", path("tree"), path("tree.tar"), path("copy"));
	unlink(path("tree.out"));
}

static void tree_find(const char *name)
{
	make_tree(name);
	const char *tree = path("tree"), *output = path("tree.out");
	MEASURE(name, FEW, 1, BUSYBOX_RUN(output, "find", tree, "-type", "f", "-name", "*7*"));
	check(name, hash_file(output, LINES));
	remove_all();
}

static void tree_tar(const char *name)
{
	make_tree(name);
	MEASURE(name, FEW, 1, make_archive());
	check(name, hash_file(path("tree.tar"), TAR_BLOCKS));
	remove_all();
}

/* Writes the files of a tree one after the other, in the order of their names, by cat, and what
 * `next` makes of that into the file `output`. */
static void cat_tree(const char *tree, const char *next, const char *output)
{
	char command[128];
	snprintf(command, sizeof(command), BUSYBOX " cat %s/outer*/inner*/file*%s", tree, next);
	BUSYBOX_RUN(output, "sh", "-c", command);
}

static void tree_gzip(const char *name)
{
	make_tree(name);
	const char *tree = path("tree"), *output = path("tree.out");
	MEASURE(name, FEW, 1, cat_tree(tree, " | " BUSYBOX " gzip -c", output));
	check(name, hash_file(output, WHOLE));
	remove_all();
}

static void extract(void)
{
	BUSYBOX_RUN(path("tree.out"), "tar", "xf", path("tree.tar"), "-C", path("copy"));
}

static void remove_copy(void)
{
	BUSYBOX_RUN(path("tree.out"), "rm", "-r", path("copy"));
}

static void tree_extract(const char *name)
{
	make_tree(name);
	make_archive();
	MEASURE_AROUND(FEW, 1, mkdir(path("copy"), 0755), extract(), if (round_ < FEW - 1)
				remove_copy());
	report(name);
	cat_tree(path("copy/tree"), "", path("tree.out"));
	check(name, hash_file(path("tree.out"), WHOLE));
	remove_all();
}

static void tree_remove(const char *name)
{
	make_tree(name);
	make_archive();
	MEASURE_AROUND(FEW, 1,
		       {
			       mkdir(path("copy"), 0755);
			       extract();
		       },
		       remove_copy(), {});
	report(name);
	check(name, access(path("copy"), F_OK) < 0 && errno == ENOENT);
	remove_all();
}

const struct operation trees[] = {
	{ "shell_200", shell_200 },
	{ "tree_find", tree_find },
	{ "tree_tar", tree_tar },
	{ "tree_gzip", tree_gzip },
	{ "tree_extract", tree_extract },
	{ "tree_remove", tree_remove },
	{ 0 },
};
