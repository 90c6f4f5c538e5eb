/* Four processes append to one file: no record is lost or torn. */
#include "show.h"

static int me;

static void writer(void)
{
	char record[33];
	int fd = open("file", O_WRONLY | O_APPEND);
	memset(record, 'a' + me, 32);
	record[31] = '\n';
	for (int i = 0; i < 200; i++)
		if (write(fd, record, 32) != 32)
			_exit(1);
}

int main(void)
{
	static char text[4 * 200 * 32 + 1];
	pid_t pids[4];
	close(open("file", O_CREAT | O_WRONLY, 0644));
	for (me = 0; me < 4; me++)
		pids[me] = start(writer);
	for (int i = 0; i < 4; i++)
		finish("writer", pids[i]);
	int fd = open("file", O_RDONLY), counts[4] = { 0 }, torn = 0;
	CALL(read(fd, text, sizeof(text)));
	for (int i = 0; i < 800; i++) {
		char *record = text + i * 32;
		for (int j = 1; j < 31; j++)
			torn += record[j] != record[0];
		if (record[0] >= 'a' && record[0] < 'e' && record[31] == '\n')
			counts[record[0] - 'a']++;
	}
	say("%d %d %d %d, %d torn", counts[0], counts[1], counts[2], counts[3], torn);
	return 0;
}
