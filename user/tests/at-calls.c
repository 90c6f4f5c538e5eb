/* Calls relative to an open directory. */
#include "show.h"

int main(void)
{
	char text[64] = "";
	mkdir("folder", 0755);
	make_file("file", "x");
	int folder = open("folder", O_RDONLY | O_DIRECTORY), file = open("file", O_RDONLY);
	int path = open("folder", O_PATH);
	CALL(openat(folder, "new", O_CREAT | O_RDWR, 0644));
	CALL(openat(path, "new", O_RDONLY));
	CALL(openat(file, "new", O_RDONLY));
	CALL(openat(99, "new", O_RDONLY));
	CALL(openat(99, "/tmp", O_RDONLY));
	CALL(openat(folder, "", O_RDONLY));
	CALL(openat(AT_FDCWD, "file", O_RDONLY));
	CALL(mkdirat(folder, "inner", 0755));
	CALL(symlinkat("new", folder, "link"));
	CALL(readlinkat(folder, "link", text, sizeof(text)));
	TEXT(text);
	CALL(linkat(folder, "new", folder, "second", 0));
	CALL(renameat(folder, "second", AT_FDCWD, "moved"));
	CALL(access("moved", F_OK));
	CALL(mknodat(folder, "fifo", S_IFIFO | 0600, 0));
	CALL(mknodat(folder, "plain", S_IFREG | 0600, 0));
	CALL(mknodat(folder, "bad", S_IFDIR | 0600, 0));
	CALL(fchmodat(folder, "new", 0600, 0));
	CALL(faccessat(folder, "new", R_OK, 0));
	CALL(unlinkat(folder, "link", 0));
	CALL(unlinkat(folder, "inner", AT_REMOVEDIR));
	/* The directory is moved: the descriptor still refers to it. */
	CALL(rename("folder", "elsewhere"));
	CALL(faccessat(folder, "new", F_OK, 0));
	CALL(openat(folder, "../file", O_RDONLY));
	/* openat2's restrictions of the walk. */
	struct { uint64_t flags, mode, resolve; } how = { O_RDONLY, 0, 8 };
	CALL(syscall(437, folder, "new", &how, sizeof(how)));
	CALL(syscall(437, folder, "../file", &how, sizeof(how)));
	CALL(syscall(437, folder, "/tmp", &how, sizeof(how)));
	how.resolve = 4;
	symlinkat("new", folder, "again");
	CALL(syscall(437, folder, "again", &how, sizeof(how)));
	how.resolve = 0x10;
	CALL(syscall(437, folder, "/new", &how, sizeof(how)));
	how.resolve = 0x1000;
	CALL(syscall(437, folder, "new", &how, sizeof(how)));
	how.resolve = 0;
	CALL(syscall(437, folder, "new", &how, 8));
	return 0;
}
