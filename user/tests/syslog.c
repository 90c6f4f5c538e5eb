/* syslog: the kernel's log. */
#include "show.h"

#include <sys/klog.h>
#include <sys/mman.h>

static char text[1 << 17];

static void not_root(void)
{
	setuid(1000);
	CALL(syscall(SYS_syslog, 3, text, 100));
	CALL(syscall(SYS_syslog, 10, NULL, 0));
	CALL(syscall(SYS_syslog, 99, NULL, 0));
}

/* Returns whether each line begins with its severity. */
static int all_lines_have_severities(long length)
{
	for (char *line = text; line < text + length; line = memchr(line, '\n', text + length - line) + 1) {
		if (line[0] != '<' || line[1] < '0' || line[1] > '7')
			return 0;
		if (!memchr(line, '\n', text + length - line))
			return 0;
	}
	return 1;
}

int main(void)
{
	long size = syscall(SYS_syslog, 10, NULL, 0);
	FACT(size > 1000);
	CALL(syscall(SYS_syslog, 1, NULL, 0));
	CALL(syscall(SYS_syslog, 0, NULL, 0));
	long all = syscall(SYS_syslog, 3, text, sizeof(text));
	FACT(all > 100);
	FACT(all_lines_have_severities(all));
	long some = syscall(SYS_syslog, 3, text, 300);
	FACT(some > 0 && some <= 300);
	FACT(all_lines_have_severities(some));
	CALL(syscall(SYS_syslog, 3, NULL, 10));
	CALL(syscall(SYS_syslog, 3, text, -1));
	CALL(syscall(SYS_syslog, 3, text, 0));
	CALL(syscall(SYS_syslog, 3, 8, 1000));
	CALL(syscall(SYS_syslog, 2, NULL, 10));
	CALL(syscall(SYS_syslog, 2, text, 0));
	/* Reads that return each line once, in parts. */
	FACT(syscall(SYS_syslog, 9, NULL, 0) > 0);
	CALL(syscall(SYS_syslog, 2, text, 7));
	FACT(text[0] == '<');
	long left = syscall(SYS_syslog, 9, NULL, 0);
	while (left > 0 && syscall(SYS_syslog, 2, text, 1000) > 0)
		left = syscall(SYS_syslog, 9, NULL, 0);
	SHOW(left);
	/* Without unread lines, the call waits. */
	handle(SIGALRM, ignore_call, 0);
	start_alarms();
	long got;
	while ((got = syscall(SYS_syslog, 2, text, 1000)) > 0)
		;
	CALL(end_alarms(got));
	FACT(syscall(SYS_syslog, 4, text, sizeof(text)) > 100);
	FACT(syscall(SYS_syslog, 3, text, sizeof(text)) < all);
	CALL(syscall(SYS_syslog, 5, NULL, 0));
	CALL(syscall(SYS_syslog, 6, NULL, 0));
	CALL(syscall(SYS_syslog, 7, NULL, 0));
	CALL(syscall(SYS_syslog, 8, NULL, 0));
	CALL(syscall(SYS_syslog, 8, NULL, 9));
	CALL(syscall(SYS_syslog, 8, NULL, 4));
	CALL(syscall(SYS_syslog, 11, NULL, 0));
	CALL(syscall(SYS_syslog, -1, NULL, 0));
	in_child("not root", not_root);
	return 0;
}
