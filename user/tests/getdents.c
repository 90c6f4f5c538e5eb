/* getdents64: names, types, positions, and directories that change. */
#include "show.h"

#include <dirent.h>

struct entry { uint64_t number; int64_t next; uint16_t length; uint8_t type; char name[]; };

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void list(const char *path)
{
	char lines[32][64];
	int count = 0;
	DIR *folder = opendir(path);
	struct dirent *entry;
	while (folder && (entry = readdir(folder)) && count < 32)
		snprintf(lines[count++], 64, "%d %.50s", entry->d_type, entry->d_name);
	closedir(folder);
	qsort(lines, count, sizeof(*lines), by_text);
	for (int i = 0; i < count; i++)
		say("  %s", lines[i]);
}

/* Returns whether both calls return each name of a directory, of 1 to 60 bytes, with zeros after it
 * and the type at its place. */
static int has_all_lengths(const char *path)
{
	static char text[8192];
	uint64_t found[2] = { 0 };
	for (int is_new = 0; is_new < 2; is_new++) {
		int fd = open(path, O_RDONLY);
		long length = syscall(is_new ? SYS_getdents64 : SYS_getdents, fd, text, sizeof(text));
		for (long at = 0; at < length;) {
			struct entry *entry = (struct entry *)(text + at);
			char *name = is_new ? entry->name : (char *)&entry->type;
			int type = is_new ? entry->type : text[at + entry->length - 1];
			size_t bytes = strlen(name), rounded = (19 + bytes + 1 + 7) / 8 * 8;
			int is_whole = entry->length == rounded && type == DT_REG;
			for (size_t i = 0; i < bytes; i++)
				is_whole &= name[i] == (char)('a' + (bytes + i) % 26);
			if (is_whole)
				found[is_new] |= 1ull << bytes;
			at += entry->length;
		}
		close(fd);
	}
	return found[0] == (1ull << 61) - 2 && found[1] == found[0];
}

int main(void)
{
	char text[512];
	mkdir("folder", 0755);
	list("folder");
	make_file("folder/file", "x");
	mkdir("folder/inner", 0755);
	symlink("file", "folder/link");
	mkfifo("folder/fifo", 0644);
	list("folder");

	int fd = open("folder", O_RDONLY);
	CALL(syscall(SYS_getdents64, fd, text, 10));
	long length = syscall(SYS_getdents64, fd, text, sizeof(text));
	struct entry *first = (struct entry *)text;
	TEXT(first->name);
	FACT(first->length % 8 == 0);
	FACT(length > 0 && length % 8 == 0);
	CALL(syscall(SYS_getdents64, fd, text, sizeof(text)));
	CALL(lseek(fd, 0, SEEK_SET));
	FACT(syscall(SYS_getdents64, fd, text, sizeof(text)) == length);
	lseek(fd, 0, SEEK_SET);
	CALL(syscall(SYS_getdents64, fd, (void *)8, 512));
	/* Entry by entry: each is returned once. */
	int count = 0;
	lseek(fd, 0, SEEK_SET);
	while (syscall(SYS_getdents64, fd, text, 32) > 0)
		count++;
	SHOW(count);
	/* The inode numbers are those of stat. */
	lseek(fd, 0, SEEK_SET);
	length = syscall(SYS_getdents64, fd, text, sizeof(text));
	struct stat status;
	int same = 0;
	for (long at = 0; at < length;) {
		struct entry *entry = (struct entry *)(text + at);
		if (strcmp(entry->name, "..") && fstatat(fd, entry->name, &status, AT_SYMLINK_NOFOLLOW) == 0)
			same += status.st_ino == entry->number;
		at += entry->length;
	}
	SHOW(same);
	int file = open("folder/file", O_RDONLY);
	CALL(syscall(SYS_getdents64, file, text, sizeof(text)));
	CALL(syscall(SYS_getdents64, 99, text, sizeof(text)));

	mkdir("lengths", 0755);
	for (int bytes = 1; bytes <= 60; bytes++) {
		int at = snprintf(text, sizeof(text), "lengths/");
		for (int i = 0; i < bytes; i++)
			text[at + i] = 'a' + (bytes + i) % 26;
		text[at + bytes] = 0;
		make_file(text, "");
	}
	FACT(has_all_lengths("lengths"));

	/* Many names are removed while they are read: none is missed or returned twice. */
	mkdir("many", 0755);
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "many/%03d", i);
		close(open(text, O_CREAT | O_WRONLY, 0644));
	}
	DIR *folder = opendir("many");
	struct dirent *entry;
	count = 0;
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.' && unlinkat(dirfd(folder), entry->d_name, 0) == 0)
			count++;
	SHOW(count);
	CALL(rmdir("many"));
	CALL(syscall(SYS_getdents64, dirfd(folder), text, sizeof(text)));
	return 0;
}
