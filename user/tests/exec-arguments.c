/* 10,000 arguments, and more than the limit. */
#include "show.h"

#include <sys/resource.h>

#define COUNT_OF_ARGUMENTS 10000

static char *arguments[400000];

int main(int count, char **given)
{
	if (count > 1) {
		long length = 0;
		for (int i = 0; i < count; i++)
			length += strlen(given[i]);
		SHOW(count);
		SHOW(length);
		say("the last begins with \"%.13s\"", given[count - 1]);
		FACT(given[count] == NULL);
		return 0;
	}
	for (int i = 0; i < COUNT_OF_ARGUMENTS; i++) {
		arguments[i] = malloc(16);
		snprintf(arguments[i], 16, "argument %d", i);
	}
	pid_t pid = fork();
	if (pid == 0) {
		execv("/proc/self/exe", arguments);
		_exit(1);
	}
	finish("10,000 arguments", pid);
	/* Strings and pointers together may have a quarter of the stack's limit. */
	static char kilobytes[8][131073];
	for (size_t i = 0; i < COUNT(arguments) - 1; i++)
		arguments[i] = "x";
	CALL(execv("/proc/self/exe", arguments));
	memset(kilobytes[0], 'k', 131072);
	arguments[1] = kilobytes[0];
	arguments[2] = NULL;
	CALL(execv("/proc/self/exe", arguments));
	kilobytes[0][131071] = 0;
	pid = fork();
	if (pid == 0) {
		execv("/proc/self/exe", arguments);
		_exit(1);
	}
	finish("an argument of 128 KiB", pid);
	CALL(execve("/proc/self/exe", (char *[]){ "x", (char *)8, NULL }, NULL));
	CALL(execve("/proc/self/exe", (char **)8, NULL));
	CALL(execve("/proc/self/exe", (char *[]){ "x", NULL }, (char **)8));
	CALL(execve((char *)8, (char *[]){ "x", NULL }, NULL));
	return 0;
}
