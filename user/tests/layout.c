/* The layout of a program: the addresses of its parts, which vary between runs. */
#include "show.h"

#include <sys/auxv.h>

int main(int count, char **given)
{
	(void)given;
	uintptr_t places[4] = { (uintptr_t)&count, (uintptr_t)sbrk(0), (uintptr_t)new_pages(1, PROT_READ),
		getauxval(AT_SYSINFO_EHDR) };
	if (count > 1) {
		write(9, places, sizeof(places));
		return 0;
	}
	FACT(places[0] < 1UL << 47 && places[0] > places[2]);
	FACT((uintptr_t)main < places[1]);
	FACT(places[1] < places[2]);
	/* The address of each part differs in some of sixteen runs. */
	int moved[4] = { 0 };
	for (int i = 0; i < 16; i++) {
		int ends[2];
		uintptr_t others[4];
		pipe(ends);
		pid_t pid = fork();
		if (pid == 0) {
			dup2(ends[1], 9);
			execl("/proc/self/exe", "layout", "child", (char *)NULL);
			_exit(1);
		}
		close(ends[1]);
		if (read(ends[0], others, sizeof(others)) != sizeof(others))
			give_up("read");
		close(ends[0]);
		waitpid(pid, NULL, 0);
		for (int j = 0; j < 4; j++)
			moved[j] |= others[j] != places[j];
	}
	say("stack %d, heap %d, mappings %d, vDSO %d", moved[0], moved[1], moved[2], moved[3]);
	/* Nothing is mapped at the lowest addresses. */
	CALL(msync(NULL, PAGE, MS_ASYNC));
	CALL(msync((void *)0xf000, PAGE, MS_ASYNC));
	return 0;
}
