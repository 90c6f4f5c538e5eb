/* Damaged executables only cause an error of execve, or a signal. */
#include "show.h"

#include <elf.h>

static unsigned char image[1 << 20];
static long length;

static Elf64_Ehdr *head(void)
{
	return (Elf64_Ehdr *)image;
}

static Elf64_Phdr *first_load(void)
{
	Elf64_Phdr *each = (Elf64_Phdr *)(image + head()->e_phoff);
	while (each->p_type != PT_LOAD)
		each++;
	return each;
}

static void reload(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	length = read(fd, image, sizeof(image));
	close(fd);
}

enum how { EXACTLY, SOMEHOW };

/*
 * EXACTLY: prints the error, or the end of the program. SOMEHOW: accepts an error or a signal,
 * because a kernel may find the damage before or after it has removed the old program.
 */
static void run(const char *what, enum how how)
{
	char name[32];
	static int number;
	snprintf(name, sizeof(name), "%d", number++);
	int fd = open(name, O_WRONLY | O_CREAT, 0755);
	if (write(fd, image, length) != length)
		give_up("write");
	close(fd);
	pid_t pid = fork();
	if (pid == 0) {
		execl(name, name, "child", (char *)NULL);
		if (how == EXACTLY)
			say("%s: %s", what, error_name(errno));
		_exit(1);
	}
	int status;
	waitpid(pid, &status, 0);
	if (how == EXACTLY)
		show_status(what, status);
	else
		say("%s: %s", what, status == 1 << 8 || WIFSIGNALED(status) ? "doesn't run" : "runs");
	unlink(name);
	reload();
}

int main(int count, char **given)
{
	(void)given;
	if (count > 1)
		return 42;
	reload();
	run("whole", EXACTLY);
	head()->e_ident[0] = 'x'; run("bad magic", EXACTLY);
	head()->e_machine = EM_ARM; run("other machine", EXACTLY);
	head()->e_type = ET_REL; run("object file", EXACTLY);
	head()->e_phnum = 0; run("no program headers", EXACTLY);
	head()->e_phentsize = 10; run("bad size of headers", EXACTLY);
	head()->e_phoff = length + 4096; run("headers beyond the end", EXACTLY);
	head()->e_phoff = -8; run("headers at a huge offset", EXACTLY);
	head()->e_phnum = 0xffff; run("too many headers", EXACTLY);
	first_load()->p_vaddr += 1; run("misaligned segment", SOMEHOW);
	first_load()->p_vaddr = 0xffff800000000000; run("segment in the kernel", SOMEHOW);
	first_load()->p_filesz = first_load()->p_memsz + 1; run("more in the file than in memory", SOMEHOW);
	first_load()->p_memsz = 1UL << 47; run("huge segment", SOMEHOW);
	first_load()->p_memsz = -1; run("segment without end", SOMEHOW);
	head()->e_entry = 0; run("entry 0", SOMEHOW);
	head()->e_entry = 0xffffffff81000000; run("entry in the kernel", SOMEHOW);
	head()->e_entry = 0x8000000000000000; run("entry not canonical", SOMEHOW);
	length = 40; run("cut in its head", EXACTLY);
	length = sizeof(Elf64_Ehdr); run("only a head", EXACTLY);
	((Elf64_Phdr *)(image + head()->e_phoff))->p_type = PT_INTERP;
	((Elf64_Phdr *)(image + head()->e_phoff))->p_filesz = 0;
	run("interpreter without a name", EXACTLY);
	((Elf64_Phdr *)(image + head()->e_phoff))->p_type = PT_INTERP;
	((Elf64_Phdr *)(image + head()->e_phoff))->p_offset = length;
	((Elf64_Phdr *)(image + head()->e_phoff))->p_filesz = 100;
	run("interpreter beyond the end", SOMEHOW);
	return 0;
}
