/* oom_score_adj: the choice of the process to kill when no memory is left. */
#include "show.h"

static long put(const char *text)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);
	long result = write(fd, text, strlen(text));
	int error = errno;
	close(fd);
	errno = error;
	return result;
}

static long score_of(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY);
	read(fd, text, sizeof(text) - 1);
	close(fd);
	return atol(text);
}

static void child(void)
{
	show_file("/proc/self/oom_score_adj");
	setuid(1000);
}

static void without_privileges(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);
	if (setresuid(1000, 1000, 1000) < 0)
		give_up("setresuid");
	CALL(write(fd, "600", 3));
	CALL(write(fd, "500", 3));
	CALL(write(fd, "499", 3));
	CALL(write(fd, "1000", 4));
}

int main(void)
{
	show_file("/proc/self/oom_score_adj");
	FACT(score_of("/proc/self/oom_score") >= 600 && score_of("/proc/self/oom_score") < 800);
	CALL(put("1001"));
	CALL(put("-1001"));
	CALL(put("many"));
	CALL(put(""));
	CALL(put("1000\n"));
	FACT(score_of("/proc/self/oom_score") >= 1300);
	CALL(put("-1000"));
	SHOW(score_of("/proc/self/oom_score"));
	CALL(put("  500  "));
	show_file("/proc/self/oom_score_adj");
	in_child("child", child);
	in_child("without privileges", without_privileges);
	return 0;
}
