/* Programs that allocate as much as they can: the limits hold, and this program continues. */
#include "show.h"

#include <sys/resource.h>

static void descriptors(void)
{
	int count = 0;
	while (dup(1) >= 0)
		count++;
	say("%s after %d", error_name(errno), count + 3);
}

static void pipes(void)
{
	int count = 0, ends[2];
	while (pipe(ends) == 0)
		count++;
	say("%s after %d", error_name(errno), count);
}

static void children(void)
{
	struct rlimit limit = { 50, 50 };
	setrlimit(RLIMIT_NPROC, &limit);
	setuid(4242);
	int count = 0;
	pid_t pid;
	while ((pid = fork()) > 0)
		count++;
	if (pid == 0)
		for (;;)
			pause();
	say("%s after %d", error_name(errno), count);
	signal(SIGTERM, SIG_IGN);
	kill(-1, SIGKILL);
}

__attribute__((noinline)) static int deeper(volatile char *above)
{
	volatile char frame[10000];
	frame[0] = above[0] + 1;
	return above ? deeper(frame) + frame[0] : 0;
}

static void recursion(void)
{
	volatile char zero = 0;
	while (deeper(&zero))
		;
}

static void mappings(void)
{
	struct rlimit limit = { 256 << 20, 256 << 20 };
	setrlimit(RLIMIT_AS, &limit);
	long count = 0;
	while (mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		count++;
	say("%s, %s", error_name(errno), count > 200 && count <= 256 ? "as many as the limit has" : "wrong");
}

static void small_mappings(void)
{
	char *place = mmap(NULL, 200000 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	long count = 0;
	while (count < 100000 && mprotect(place + count * 2 * PAGE, PAGE, PROT_READ) == 0)
		count++;
	say("%s, %s", error_name(errno), count > 30000 && count < 33000 ? "about 32,000" : "wrong");
}

int main(void)
{
	in_child("descriptors", descriptors);
	in_child("pipes", pipes);
	in_child("children", children);
	in_child("recursion", recursion);
	in_child("mappings", mappings);
	in_child("small mappings", small_mappings);
	say("goes on");
	return 0;
}
