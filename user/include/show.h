/*
 * The output of tests: a line for each expression, with its result, or the name of the error in
 * place of -1. No line depends on an address, a process number or a time.
 */
#ifndef SHOW_H
#define SHOW_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096L
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Prints a call, and its result or the name of its error. Returns the result. */
#define CALL(expression) show_call(#expression, (errno = 0, (long)(expression)))
/* The same for a call whose result varies: prints `ok`, or the name of its error. */
#define DONE(expression) show_done(#expression, (errno = 0, (long)(expression)))
/* Prints whether the expression is true. */
#define FACT(expression) say("%s: %s", #expression, (expression) ? "yes" : "no")
/* Prints a number. */
#define SHOW(expression) say("%s is %ld", #expression, (long)(expression))
/* Prints a text. */
#define TEXT(expression) say("%s is \"%s\"", #expression, (const char *)(expression))

static const char *error_name(int number)
{
	static const struct { int number; const char *name; } names[] = {
#define NAME(error) { error, #error }
		NAME(E2BIG), NAME(EACCES), NAME(EAGAIN), NAME(EBADF), NAME(EBUSY), NAME(ECHILD),
		NAME(EDEADLK), NAME(EDOM), NAME(EEXIST), NAME(EFAULT), NAME(EFBIG), NAME(EIDRM),
		NAME(EILSEQ), NAME(EINTR), NAME(EINVAL), NAME(EIO), NAME(EISDIR), NAME(ELIBBAD),
		NAME(ELOOP), NAME(EMFILE), NAME(EMLINK), NAME(ENAMETOOLONG), NAME(ENFILE),
		NAME(ENODATA), NAME(ENODEV), NAME(ENOENT), NAME(ENOEXEC), NAME(ENOLCK), NAME(ENOMEM),
		NAME(ENOSPC), NAME(ENOSYS), NAME(ENOTDIR), NAME(ENOTEMPTY), NAME(ENOTTY),
		NAME(ENXIO), NAME(EOPNOTSUPP), NAME(EOVERFLOW), NAME(EPERM), NAME(EPIPE),
		NAME(ERANGE), NAME(EROFS), NAME(ESPIPE), NAME(ESRCH), NAME(ETIMEDOUT), NAME(ETXTBSY),
		NAME(EXDEV), NAME(ENOTSOCK), NAME(ENOTBLK), NAME(EUSERS),
#undef NAME
	};
	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i].number == number)
			return names[i].name;
	return "E???";
}

static const char *signal_name(int number)
{
	static const char *const names[] = {
		"0", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS",
		"SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM",
		"SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU",
		"SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR",
		"SIGSYS",
	};
	static char text[2][24];
	static int turn;
	if (number >= 0 && (size_t)number < COUNT(names))
		return names[number];
	turn ^= 1;
	snprintf(text[turn], sizeof(text[turn]), "signal %d", number);
	return text[turn];
}

/* Prints a line by a single write. */
__attribute__((format(printf, 1, 2)))
static void say(const char *format, ...)
{
	char line[4096];
	int saved = errno;
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	if (length > (int)sizeof(line) - 2)
		length = sizeof(line) - 2;
	line[length] = '\n';
	if (write(STDOUT_FILENO, line, length + 1) != length + 1)
		_exit(99);
	errno = saved;
}

__attribute__((unused))
static long show_call(const char *text, long result)
{
	if (result == -1 && errno)
		say("%s = %s", text, error_name(errno));
	else
		say("%s = %ld", text, result);
	return result;
}

__attribute__((unused))
static long show_done(const char *text, long result)
{
	if (result == -1)
		say("%s = %s", text, error_name(errno));
	else
		say("%s = ok", text);
	return result;
}

/* Prints a status of wait4. */
__attribute__((unused))
static void show_status(const char *name, int status)
{
	if (WIFEXITED(status))
		say("%s: exit %d", name, WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		say("%s: ended by %s", name, signal_name(WTERMSIG(status)));
	else if (WIFSTOPPED(status))
		say("%s: stopped by %s", name, signal_name(WSTOPSIG(status)));
	else if (WIFCONTINUED(status))
		say("%s: continued", name);
	else
		say("%s: status 0x%x", name, status);
}

/* Ends a test that can't continue, because the rest would only repeat the failure. */
__attribute__((unused, noreturn))
static void give_up(const char *what)
{
	say("%s: %s", what, error_name(errno));
	exit(98);
}

/* Runs `body` in a child; returns its process number. */
__attribute__((unused))
static pid_t start(void (*body)(void))
{
	pid_t pid = fork();
	if (pid < 0)
		give_up("fork");
	if (pid == 0) {
		body();
		_exit(0);
	}
	return pid;
}

/* Waits for the end of a child, and prints it. */
__attribute__((unused))
static void finish(const char *name, pid_t pid)
{
	int status;
	pid_t got;
	while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
		;
	if (got == pid)
		show_status(name, status);
	else
		say("%s: %s", name, error_name(errno));
}

/* Runs `body` in a child, waits for its end, and prints it. */
__attribute__((unused))
static void in_child(const char *name, void (*body)(void))
{
	finish(name, start(body));
}

/* Returns the letter of a process's state, 0 if there is no such process. */
__attribute__((unused))
static char state_of(pid_t pid)
{
	char path[32], text[512];
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	ssize_t length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = 0;
	char *end = strrchr(text, ')');
	return end && end[1] ? end[2] : 0;
}

/* Waits until a process is in a state: 'S' sleeps, 'T' is stopped, 'Z' is a zombie. */
__attribute__((unused))
static void until_state(pid_t pid, char state)
{
	struct timespec pause = { 0, 1000000 };
	while (state_of(pid) != state)
		nanosleep(&pause, NULL);
}

/* A gate at which processes wait for each other. */
struct gate { int fds[2]; };

__attribute__((unused))
static struct gate new_gate(void)
{
	struct gate gate;
	if (pipe(gate.fds) < 0)
		give_up("pipe");
	return gate;
}

__attribute__((unused))
static void open_gate(struct gate *gate)
{
	if (write(gate->fds[1], "x", 1) != 1)
		give_up("open_gate");
}

__attribute__((unused))
static void pass_gate(struct gate *gate)
{
	char byte;
	ssize_t got;
	while ((got = read(gate->fds[0], &byte, 1)) < 0 && errno == EINTR)
		;
	if (got != 1)
		give_up("pass_gate");
}

/* Makes a file with a content. */
__attribute__((unused))
static void make_file(const char *path, const char *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	size_t length = strlen(content);
	if (fd < 0 || write(fd, content, length) != (ssize_t)length)
		give_up(path);
	close(fd);
}

/* Prints the content of a file. */
__attribute__((unused))
static void show_file(const char *path)
{
	char text[2048];
	int fd = open(path, O_RDONLY);
	if (fd < 0) {
		say("%s: %s", path, error_name(errno));
		return;
	}
	ssize_t length = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[length > 0 ? length : 0] = 0;
	say("%s holds \"%s\"", path, text);
}

/* Installs a handler. */
__attribute__((unused))
static void handle(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	if (sigaction(number, &action, NULL) < 0)
		give_up("sigaction");
}

__attribute__((unused))
static void ignore_call(int number)
{
	(void)number;
}

/* Sends SIGALRM again and again, so that the next call that waits is interrupted, however late it
 * begins. Used as `start_alarms(); CALL(end_alarms(pause()))`. */
__attribute__((unused))
static void start_alarms(void)
{
	struct itimerval every = { { 0, 100000 }, { 0, 100000 } };
	setitimer(ITIMER_REAL, &every, NULL);
}

/* Ends the signals, before they interrupt the output of the call's result, and returns the result. */
__attribute__((unused))
static long end_alarms(long result)
{
	struct itimerval none = { { 0, 0 }, { 0, 0 } };
	setitimer(ITIMER_REAL, &none, NULL);
	return result;
}

/* Returns a private anonymous mapping. */
__attribute__((unused))
static char *new_pages(size_t pages, int protection)
{
	char *place = mmap(NULL, pages * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (place == MAP_FAILED)
		give_up("mmap");
	return place;
}

/* Returns memory that children share with their parent. */
__attribute__((unused))
static void *new_shared(size_t bytes)
{
	void *place = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (place == MAP_FAILED)
		give_up("mmap");
	return place;
}

#endif
