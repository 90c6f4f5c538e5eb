/* process_vm_readv and process_vm_writev. */
#include "show.h"

#include <sys/uio.h>

static char *shared_place;

static ssize_t transfer(int number, pid_t pid, struct iovec *local, unsigned long locals,
			struct iovec *remote, unsigned long remotes, unsigned long flags)
{
	return syscall(number, pid, local, locals, remote, remotes, flags);
}

static void not_permitted(void)
{
	char byte;
	struct iovec local = { &byte, 1 }, remote = { shared_place, 1 };
	pid_t parent = getppid();
	setuid(4242);
	CALL(transfer(SYS_process_vm_readv, parent, &local, 1, &remote, 1, 0));
	CALL(transfer(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 0));
}

int main(void)
{
	char *pages = new_pages(3, PROT_READ | PROT_WRITE);
	memset(pages, 'o', 3 * PAGE);
	shared_place = pages;
	struct gate gate = new_gate(), done = new_gate();
	pid_t pid = fork();
	if (pid == 0) {
		memset(pages, 'c', 2 * PAGE);
		mprotect(pages + PAGE, PAGE, PROT_READ);
		munmap(pages + 2 * PAGE, PAGE);
		open_gate(&done);
		pass_gate(&gate);
		say("child has %.4s", pages);
		_exit(pages[PAGE] == 'c' ? 0 : 1);
	}
	pass_gate(&done);
	char text[64] = "", more[8] = "";
	struct iovec local[2] = { { text, 5 }, { more, 3 } }, remote[2] = { { pages, 8 }, { pages, 4 } };
	CALL(transfer(SYS_process_vm_readv, pid, local, 2, remote, 1, 0));
	say("%s %s, own %.3s", text, more, pages);
	remote[0].iov_len = 2;
	CALL(transfer(SYS_process_vm_readv, pid, local, 2, remote, 2, 0));
	/* The transfer ends at the end of the mapped memory. */
	char many[3 * PAGE];
	struct iovec all = { many, sizeof(many) }, from = { pages, 3 * PAGE };
	CALL(transfer(SYS_process_vm_readv, pid, &all, 1, &from, 1, 0));
	from = (struct iovec) { pages + 2 * PAGE, 10 };
	CALL(transfer(SYS_process_vm_readv, pid, &all, 1, &from, 1, 0));
	from = (struct iovec) { (void *)0xffffffff80000000, 10 };
	CALL(transfer(SYS_process_vm_readv, pid, &all, 1, &from, 1, 0));
	all.iov_base = (void *)8;
	from = (struct iovec) { pages, 10 };
	CALL(transfer(SYS_process_vm_readv, pid, &all, 1, &from, 1, 0));
	all = (struct iovec) { "abcd", 4 };
	CALL(transfer(SYS_process_vm_writev, pid, &all, 1, &from, 1, 0));
	say("own %.4s", pages);
	from.iov_base = pages + PAGE;
	CALL(transfer(SYS_process_vm_writev, pid, &all, 1, &from, 1, 0));
	CALL(transfer(SYS_process_vm_writev, pid, &all, 1, &from, 1, 1));
	CALL(transfer(SYS_process_vm_writev, pid, &all, 0, &from, 1, 0));
	CALL(transfer(SYS_process_vm_writev, pid, &all, 1, &from, 0, 0));
	CALL(transfer(SYS_process_vm_writev, pid, &all, 1025, &from, 1, 0));
	CALL(transfer(SYS_process_vm_writev, pid, (void *)8, 1, &from, 1, 0));
	CALL(transfer(SYS_process_vm_writev, pid, &all, 1, (void *)8, 1, 0));
	all.iov_len = -1;
	CALL(transfer(SYS_process_vm_writev, pid, &all, 1, &from, 1, 0));
	all.iov_len = 4;
	CALL(transfer(SYS_process_vm_writev, 99999, &all, 1, &from, 1, 0));
	open_gate(&gate);
	finish("child", pid);
	in_child("not permitted", not_permitted);
	return 0;
}
