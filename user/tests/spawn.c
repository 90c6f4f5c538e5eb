/* posix_spawn, with actions on descriptors and attributes. */
#include "show.h"

#include <spawn.h>

extern char **environ;

static void spawn(const char *name, char *path, posix_spawn_file_actions_t *actions,
		  posix_spawnattr_t *attributes)
{
	pid_t pid;
	char *arguments[] = { path, "child", NULL };
	int error = posix_spawn(&pid, path, actions, attributes, arguments, environ);
	if (error)
		say("%s: %s", name, error_name(error));
	else
		finish(name, pid);
}

int main(int count, char **given)
{
	if (count > 1) {
		sigset_t set;
		sigprocmask(SIG_BLOCK, NULL, &set);
		say("child: %s, SIGUSR1 %s, group %s", given[1], sigismember(&set, SIGUSR1) ? "blocked" : "open",
		    getpgrp() == getpid() ? "own" : "parent's");
		return 7;
	}
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	spawn("plain", "/proc/self/exe", NULL, NULL);
	spawn("none", "/none", NULL, NULL);
	spawn("folder", "/tmp", NULL, NULL);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "output", O_WRONLY | O_CREAT, 0644);
	spawn("to a file", "/proc/self/exe", &actions, NULL);
	show_file("output");
	posix_spawn_file_actions_addclose(&actions, 99);
	posix_spawn_file_actions_adddup2(&actions, 55, 56);
	spawn("bad action", "/proc/self/exe", &actions, NULL);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &set);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	spawn("attributes", "/proc/self/exe", NULL, &attributes);
	return 0;
}
