/*
 * The first program of a machine whose boot is measured. Its first system call reads how much
 * memory is free, before it has used any:
 *
 *	memory TOTAL FREE   in bytes
 *	log TEXT            each line of the kernel's log that describes the firmware's memory map
 *
 * `end` is the last line. Then it switches the machine off. It has no C library, which would use
 * memory first.
 */
#include "../call.h"

#include <fcntl.h>
#include <sys/reboot.h>
#include <sys/sysinfo.h>

/* The command of syslog(2) that reads the whole log. */
#define SYSLOG_READ_ALL 3
/* The first two arguments of reboot(2). */
#define REBOOT_MAGIC_1 0xfee1dead
#define REBOOT_MAGIC_2 672274793

static char log_text[1 << 19];

static void write_text(const char *text, long length)
{
	while (length > 0) {
		long written = call3(SYS_write, 1, text, length);
		if (written <= 0)
			return;
		text += written;
		length -= written;
	}
}

static void write_string(const char *text)
{
	long length = 0;
	while (text[length])
		length++;
	write_text(text, length);
}

static void write_number(unsigned long number)
{
	char digits[24], *at = digits + sizeof(digits);
	do
		*--at = '0' + number % 10;
	while (number /= 10);
	write_text(at, digits + sizeof(digits) - at);
}

static int contains(const char *line, long length, const char *word)
{
	for (long start = 0; start < length; start++) {
		long i = 0;
		while (word[i] && start + i < length && line[start + i] == word[i])
			i++;
		if (!word[i])
			return 1;
	}
	return 0;
}

static void write_map(void)
{
	long length = call3(SYS_syslog, SYSLOG_READ_ALL, log_text, sizeof(log_text));
	for (long start = 0, stop; start < length; start = stop + 1) {
		for (stop = start; stop < length && log_text[stop] != '\n'; stop++)
			;
		if (!contains(log_text + start, stop - start, "usable") &&
		    !contains(log_text + start, stop - start, "boot: memory:"))
			continue;
		write_string("log ");
		write_text(log_text + start, stop - start);
		write_string("\n");
	}
}

__attribute__((noreturn, used)) static void run(void)
{
	struct sysinfo information;
	call1(SYS_sysinfo, &information);
	if (call2(SYS_fcntl, 1, F_GETFD) < 0)
		for (int i = 0; i < 3; i++)
			call3(SYS_open, "/dev/console", O_RDWR, 0);
	write_string("memory ");
	write_number(information.totalram * information.mem_unit);
	write_string(" ");
	write_number(information.freeram * information.mem_unit);
	write_string("\n");
	write_map();
	write_string("end\n");
	call4(SYS_reboot, REBOOT_MAGIC_1, REBOOT_MAGIC_2, RB_POWER_OFF, 0);
	end(0);
}

__asm__(".globl _start\n"
	"_start:\n"
	"	and $-16, %rsp\n"
	"	call run\n");
