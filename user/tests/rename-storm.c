/*
 * Processes that rename files and directories across directories, others that write files in directories
 * of their own, and others that read one file, all at once: afterwards everything is there once, as it
 * was.
 */
#include "show.h"

#include <dirent.h>

/* Directories between which is renamed, and what each has at first: files, and directories with a file. */
#define PLACES 4
#define FILES 6
#define FOLDERS 3
#define PROCESSES 4
#define RENAMES 200
#define WRITES 12
#define READS 200
#define SHARED_BYTES 60000

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE 2
#endif

static int seen_files[PLACES * (FILES + FOLDERS)], seen_folders[PLACES * FOLDERS], bad;

/* SplitMix64, a random number generator. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = (*state += 0x9E3779B97F4A7C15);
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
	return z ^ (z >> 31);
}

static void put(const char *path, int number, int length)
{
	char bytes[SHARED_BYTES];
	memset(bytes, 'A' + number, length);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0 || write(fd, bytes, length) != length)
		give_up(path);
	close(fd);
}

/* Returns the number of wrong bytes in a file of one repeated byte. */
static int differences(const char *path, int number, int length)
{
	char bytes[SHARED_BYTES + 1];
	int fd = open(path, O_RDONLY), wrong = 0;
	if (fd < 0 || read(fd, bytes, sizeof(bytes)) != length)
		wrong = 1;
	for (int i = 0; !wrong && i < length; i++)
		wrong += bytes[i] != 'A' + number;
	close(fd);
	return wrong;
}

/* Makes `path` that of anything in one of the directories, or in one that was renamed there; of the directory
 * itself if that has nothing, or is being renamed. */
static void choose(char *path, uint64_t *random)
{
	int length = sprintf(path, "%d", (int)(next(random) % PLACES));
	do {
		DIR *folder = opendir(path);
		struct dirent *entry;
		int count = 0;
		while (folder && length < 200 && (entry = readdir(folder)))
			if (entry->d_name[0] != '.' && next(random) % ++count == 0)
				sprintf(path + length, "/%s", entry->d_name);
		if (folder)
			closedir(folder);
		if (!count)
			return;
		length = strlen(path);
	} while (strrchr(path, '/')[1] == 'd' && next(random) % 2);
}

/* Moves files and directories with their names to another directory, or exchanges two. */
static void rename_all(uint64_t random)
{
	/* EPERM: FAT exchanges nothing. */
	static const int expected[] = { ENOENT, EEXIST, EINVAL, ENOTEMPTY, ENOTDIR, EPERM };
	for (int i = 0; i < RENAMES; i++) {
		char from[500], to[500];
		int flags = next(&random) % 4 ? RENAME_NOREPLACE : RENAME_EXCHANGE;
		choose(from, &random);
		choose(to, &random);
		char *from_name = strrchr(from, '/'), *to_name = strrchr(to, '/');
		if (!from_name || (flags == RENAME_EXCHANGE && (!to_name || to_name[1] != from_name[1])))
			continue;
		if (flags == RENAME_NOREPLACE && to_name && to_name[1] == 'f')
			strcpy(to_name, from_name);
		else if (flags == RENAME_NOREPLACE)
			strcat(to, from_name);
		if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags) == 0)
			continue;
		int known = 0;
		for (size_t error = 0; error < COUNT(expected); error++)
			known += errno == expected[error];
		if (!known)
			say("rename: %s", error_name(errno));
	}
}

static void write_all(int number)
{
	char folder[20], path[60];
	sprintf(folder, "w%d", number);
	if (mkdir(folder, 0755) < 0)
		give_up(folder);
	for (int i = 0; i < WRITES; i++) {
		sprintf(path, "%s/%d", folder, i);
		put(path, i, 3000 * i);
		if (i % 4 == 0)
			sync();
		if (differences(path, i, 3000 * i))
			say("%s differs", path);
		if (i % 2)
			unlink(path);
	}
}

static void read_all(uint64_t random)
{
	int fd = open("shared", O_RDONLY);
	for (int i = 0; i < READS; i++) {
		char bytes[5000];
		int at = next(&random) % SHARED_BYTES;
		int length = at + (int)sizeof(bytes) <= SHARED_BYTES ? (int)sizeof(bytes) : SHARED_BYTES - at;
		if (pread(fd, bytes, sizeof(bytes), at) != length || bytes[0] != 'Q' ||
		    memcmp(bytes, bytes + 1, length - 1) != 0)
			say("the shared file differs");
	}
}

/* Counts all that is in a directory, by its first number: an exchange gives a file another name. */
static void walk(const char *path, int depth)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	if (!folder || depth > PLACES * FOLDERS + 1)
		bad++;
	while (folder && (entry = readdir(folder))) {
		char inner[1000], byte;
		struct stat status;
		if (entry->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
		if (stat(inner, &status) < 0) {
			bad++;
		} else if (S_ISDIR(status.st_mode)) {
			seen_folders[atoi(entry->d_name + 1)]++;
			walk(inner, depth + 1);
		} else {
			int fd = open(inner, O_RDONLY);
			if (read(fd, &byte, 1) != 1 || differences(inner, byte - 'A', status.st_size))
				bad++;
			else
				seen_files[byte - 'A']++;
			close(fd);
		}
	}
	if (folder)
		closedir(folder);
}

int main(void)
{
	char path[60];
	pid_t pids[3 * PROCESSES];
	int files = 0, folders = 0;
	for (int place = 0; place < PLACES; place++) {
		sprintf(path, "%d", place);
		mkdir(path, 0755);
		for (int i = place; i < PLACES * (FILES + FOLDERS); i += PLACES) {
			if (i < PLACES * FILES) {
				sprintf(path, "%d/f%d", place, i);
			} else {
				sprintf(path, "%d/d%d", place, i - PLACES * FILES);
				mkdir(path, 0755);
				sprintf(strchr(path, 0), "/f%d", i);
			}
			put(path, i, 100 + 300 * i);
		}
	}
	put("shared", 'Q' - 'A', SHARED_BYTES);
	for (int i = 0; i < PROCESSES; i++) {
		if ((pids[3 * i] = fork()) == 0) {
			rename_all(i);
			_exit(0);
		}
		if ((pids[3 * i + 1] = fork()) == 0) {
			write_all(i);
			_exit(0);
		}
		if ((pids[3 * i + 2] = fork()) == 0) {
			read_all(i);
			_exit(0);
		}
	}
	for (size_t i = 0; i < COUNT(pids); i++) {
		sprintf(path, "process %d", (int)i);
		finish(path, pids[i]);
	}
	for (int place = 0; place < PLACES; place++) {
		sprintf(path, "%d", place);
		walk(path, 0);
	}
	for (size_t i = 0; i < COUNT(seen_files); i++)
		files += seen_files[i] == 1;
	for (size_t i = 0; i < COUNT(seen_folders); i++)
		folders += seen_folders[i] == 1;
	SHOW(files);
	SHOW(folders);
	SHOW(bad);
	return 0;
}
