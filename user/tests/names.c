/* Names: their bytes, their lengths, dots and slashes. */
#include "show.h"

int main(void)
{
	char name[600], path[5000];
	struct stat status;
	/* A name may have all bytes except the slash and zero. */
	int made = 0, found = 0;
	for (int byte = 1; byte < 256; byte++) {
		if (byte == '/' || byte == '.')
			continue;
		snprintf(name, sizeof(name), "%c", byte);
		made += close(open(name, O_WRONLY | O_CREAT | O_EXCL, 0644)) == 0;
		found += stat(name, &status) == 0;
	}
	SHOW(made);
	SHOW(found);
	memset(name, 'n', sizeof(name));
	name[255] = 0;
	CALL(mkdir(name, 0755));
	name[255] = 'n';
	name[256] = 0;
	CALL(mkdir(name, 0755));
	CALL(stat(name, &status));
	mkdir("a", 0755);
	CALL(stat("a//", &status));
	CALL(stat(".//a/./../a", &status));
	CALL(stat("///", &status));
	CALL(stat("/../../tmp", &status));
	CALL(mkdir("...", 0755));
	CALL(stat(".../..", &status));
	/* The longest path, including its zero. */
	memset(path, '/', sizeof(path));
	path[4094] = 'a';
	path[4095] = 0;
	CALL(stat(path, &status));
	path[4095] = '/';
	path[4096] = 0;
	CALL(stat(path, &status));
	CALL(open("a/b/../../a", O_RDONLY));
	CALL(open("a/../a", O_RDONLY) >= 0);
	return 0;
}
