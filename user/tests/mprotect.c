/* mprotect: rights of pages, and the signals for forbidden accesses. */
#include "show.h"

#include <setjmp.h>

static sigjmp_buf out;
static siginfo_t got;
static char *pages;

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)context;
	got = *info;
	siglongjmp(out, number);
}

static void try(const char *what, int is_write, char *place)
{
	int number = sigsetjmp(out, 1);
	if (number) {
		say("%s: %s, code %d, address %s", what, signal_name(number), got.si_code,
		    got.si_addr == place ? "right" : "wrong");
		return;
	}
	if (is_write)
		*(volatile char *)place = 1;
	else
		(void)*(volatile char *)place;
	say("%s: ok", what);
}

static void run(const char *what, char *place)
{
	int number = sigsetjmp(out, 1);
	if (number) {
		say("%s: %s, code %d", what, signal_name(number), got.si_code);
		return;
	}
	((void (*)(void))place)();
	say("%s: ok", what);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	sigaction(SIGSEGV, &action, NULL);
	pages = new_pages(4, PROT_READ | PROT_WRITE);
	memset(pages, 0xc3, 4 * PAGE);
	try("read", 0, pages);
	CALL(mprotect(pages + PAGE, PAGE, PROT_READ));
	try("read", 0, pages + PAGE);
	try("write", 1, pages + PAGE + 5);
	try("write before", 1, pages + PAGE - 1);
	try("write after", 1, pages + 2 * PAGE);
	CALL(mprotect(pages + PAGE, PAGE, PROT_NONE));
	try("read of nothing", 0, pages + PAGE + 9);
	CALL(mprotect(pages + PAGE, PAGE, PROT_READ | PROT_WRITE));
	try("write again", 1, pages + PAGE);
	SHOW((unsigned char)pages[PAGE + 1]);
	run("execute data", pages + PAGE + 8);
	CALL(mprotect(pages, PAGE, PROT_READ | PROT_EXEC));
	pages[PAGE] = 0;
	run("execute code", pages + 8);
	try("write to code", 1, pages);
	CALL(mprotect(pages, 4 * PAGE, PROT_READ));
	CALL(mprotect(pages + 1, PAGE, PROT_READ));
	CALL(mprotect(pages, 0, PROT_READ));
	CALL(mprotect(pages, PAGE, 0x100));
	munmap(pages + 2 * PAGE, PAGE);
	/* The pages before the hole have been changed. */
	CALL(mprotect(pages, 4 * PAGE, PROT_READ | PROT_WRITE));
	try("before the hole", 1, pages + PAGE);
	try("after the hole", 1, pages + 3 * PAGE);
	try("not mapped", 0, pages + 2 * PAGE);
	try("null", 0, NULL);
	try("kernel", 0, (char *)0xffffffff80000000);
	try("write to kernel", 1, (char *)0xffff800000000000);
	/* A write-only page can be read on this CPU. */
	CALL(mprotect(pages, PAGE, PROT_WRITE));
	try("read of write-only", 0, pages);
	/* The rights also apply to accesses by the kernel. */
	CALL(mprotect(pages, PAGE, PROT_READ));
	int ends[2];
	pipe(ends);
	write(ends[1], "x", 1);
	CALL(read(ends[0], pages, 1));
	CALL(mprotect((void *)(1UL << 47), PAGE, PROT_READ));
	return 0;
}
