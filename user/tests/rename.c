/* rename and renameat2. */
#include "show.h"

#define NOREPLACE 1
#define EXCHANGE 2
#define WHITEOUT 4

static long rename2(const char *from, const char *to, unsigned flags)
{
	return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

int main(void)
{
	struct stat status;
	make_file("a", "A");
	make_file("b", "B");
	mkdir("empty", 0755);
	mkdir("full", 0755);
	mkdir("full/inner", 0755);
	CALL(rename("a", "c"));
	CALL(rename("a", "c"));
	CALL(rename("c", "b"));
	show_file("b");
	CALL(rename("b", "b"));
	CALL(rename("b", "empty"));
	CALL(rename("empty", "b"));
	CALL(rename("empty", "full"));
	CALL(rename("full", "empty"));
	stat("empty", &status);
	SHOW(status.st_nlink);
	CALL(rename("empty", "empty/inner/x"));
	CALL(rename("empty", "empty/x"));
	CALL(rename("empty/inner", "empty"));
	CALL(rename("empty/.", "x"));
	CALL(rename("empty/..", "x"));
	CALL(rename("b", "none/x"));
	CALL(rename("b/", "x"));
	CALL(rename("b", "x/"));
	CALL(rename("empty", "x/"));
	CALL(rename("x", "empty"));
	/* For two names of one file, nothing happens. */
	link("b", "twin");
	CALL(rename("b", "twin"));
	CALL(access("b", F_OK));
	unlink("twin");
	/* The parent of a moved directory changes. */
	mkdir("other", 0755);
	CALL(rename("empty/inner", "other/inner"));
	struct stat parent;
	stat("other/inner/..", &status);
	stat("other", &parent);
	FACT(status.st_ino == parent.st_ino);
	SHOW(parent.st_nlink);
	/* An open file keeps its contents when its name is replaced. */
	make_file("old", "old");
	make_file("new", "new");
	int fd = open("old", O_RDONLY);
	CALL(rename("new", "old"));
	char text[8] = "";
	read(fd, text, 3);
	TEXT(text);
	show_file("old");
	CALL(rename2("old", "b", NOREPLACE));
	CALL(rename2("old", "d", NOREPLACE));
	CALL(rename2("b", "d", EXCHANGE));
	show_file("b");
	show_file("d");
	CALL(rename2("b", "other", EXCHANGE));
	CALL(access("b/inner", F_OK));
	CALL(rename2("b", "none", EXCHANGE));
	CALL(rename2("b", "d", EXCHANGE | NOREPLACE));
	CALL(rename2("b", "d", 0x100));
	CALL(rename2("d", "/proc/x", 0));
	return 0;
}
