/* /proc/self/stat, status, statm, and files of the whole machine. */
#include "show.h"

#include <sys/prctl.h>

static char text[65536];

static const char *contents(const char *path)
{
	long length = 0, got;
	int fd = open(path, O_RDONLY);
	while (fd >= 0 && (got = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += got;
	text[length] = 0;
	close(fd);
	return text;
}

static void show_line(const char *path, const char *key, int with_value)
{
	char *line = strstr((char *)contents(path), key);
	if (!line) {
		say("%s: no %s", path, key);
		return;
	}
	*strchrnul(line, '\n') = 0;
	say("%s has %s", path, with_value ? line : key);
}

int main(void)
{
	prctl(PR_SET_NAME, "odd) (name");
	contents("/proc/self/stat");
	FACT(strncmp(strchr(text, ' ') + 1, "(odd) (name) ", 13) == 0);
	char state;
	int parent, group, session;
	sscanf(strrchr(text, ')') + 2, "%c %d %d %d", &state, &parent, &group, &session);
	SHOW(state == 'R');
	FACT(parent == getppid() && group == getpgrp() && session == getsid(0));
	int fields = 0;
	for (char *at = strrchr(text, ')') + 1; *at; at++)
		fields += *at == ' ';
	SHOW(fields);
	show_line("/proc/self/status", "Name:", 1);
	show_line("/proc/self/status", "State:", 1);
	show_line("/proc/self/status", "Uid:", 1);
	show_line("/proc/self/status", "Gid:", 1);
	show_line("/proc/self/status", "Threads:", 1);
	signal(SIGUSR1, SIG_IGN);
	handle(SIGUSR2, ignore_call, 0);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTERM);
	show_line("/proc/self/status", "SigPnd:", 1);
	show_line("/proc/self/status", "ShdPnd:", 1);
	show_line("/proc/self/status", "SigBlk:", 1);
	show_line("/proc/self/status", "SigIgn:", 1);
	show_line("/proc/self/status", "SigCgt:", 1);
	show_line("/proc/self/status", "VmRSS:", 0);
	show_line("/proc/self/status", "VmSize:", 0);
	show_line("/proc/self/status", "PPid:", 0);
	long total = 0, resident = 0;
	sscanf(contents("/proc/self/statm"), "%ld %ld", &total, &resident);
	FACT(total >= resident && resident > 0);
	show_line("/proc/meminfo", "MemTotal:", 0);
	show_line("/proc/meminfo", "MemFree:", 0);
	show_line("/proc/meminfo", "MemAvailable:", 0);
	show_line("/proc/stat", "cpu ", 0);
	show_line("/proc/stat", "cpu0 ", 0);
	show_line("/proc/stat", "btime ", 0);
	show_line("/proc/stat", "processes ", 0);
	double up = 0, idle = 0;
	FACT(sscanf(contents("/proc/uptime"), "%lf %lf", &up, &idle) == 2 && up > 0);
	double load;
	FACT(sscanf(contents("/proc/loadavg"), "%lf", &load) == 1);
	FACT(strncmp(contents("/proc/version"), "", 0) == 0 && text[0]);
	show_line("/proc/filesystems", "tmpfs", 0);
	show_line("/proc/mounts", " /proc proc ", 0);
	show_line("/proc/cpuinfo", "processor", 0);
	show_line("/proc/self/mounts", " /tmp tmpfs ", 0);
	/* A zombie has a state, but no memory. */
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	until_state(pid, 'Z');
	char path[32];
	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	TEXT(contents(path));
	finish("zombie", pid);
	return 0;
}
