/* A file of 1 MiB on a file system in memory, written and read by calls of 4 KiB. */
#include "measure.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MIB (1 << 20)
#define CALL_BYTES 4096
#define PATTERN 0x5a

static unsigned char data[MIB] __attribute__((aligned(CALL_BYTES)));

static void write_all(long fd)
{
	for (int i = 0; i < MIB; i += CALL_BYTES)
		call3(SYS_write, fd, data + i, CALL_BYTES);
}

/* A new file, whose pages have to be allocated. */
static void file_write_new_1m(const char *name)
{
	const char *file = path("bench.tmp");
	memset(data, PATTERN, MIB);
	uint64_t written = 0;
	long fd = -1;
	MEASURE_AROUND(
		SAMPLES, 1,
		{
			fd = call3(SYS_open, file, O_RDWR | O_CREAT, 0600);
			if (fd < 0)
				skip(name, fd);
		},
		write_all(fd),
		{
			written += call3(SYS_lseek, fd, 0, SEEK_END);
			call1(SYS_close, fd);
			call1(SYS_unlink, file);
		});
	report(name);
	check(name, written);
}

/* Makes the file; returns its descriptor. */
static long new_file(const char *name, const char *file)
{
	memset(data, PATTERN, MIB);
	long fd = call3(SYS_open, file, O_RDWR | O_CREAT, 0600);
	if (fd < 0)
		skip(name, fd);
	write_all(fd);
	return fd;
}

static void read_all(long fd)
{
	call3(SYS_lseek, fd, 0, SEEK_SET);
	for (int i = 0; i < MIB; i += CALL_BYTES)
		call3(SYS_read, fd, data + i, CALL_BYTES);
}

/* Reads the file into `data`; returns the sum of its bytes. */
static uint64_t sum_of(long fd)
{
	uint64_t sum = 0;
	memset(data, 0, MIB);
	read_all(fd);
	for (int i = 0; i < MIB; i++)
		sum += data[i];
	return sum;
}

static void file_rewrite_1m(const char *name)
{
	const char *file = path("bench.tmp");
	long fd = new_file(name, file);
	memset(data, PATTERN + 1, MIB);
	MEASURE(name, SAMPLES, 1, {
		call3(SYS_lseek, fd, 0, SEEK_SET);
		write_all(fd);
	});
	check(name, sum_of(fd));
	call1(SYS_unlink, file);
}

static void file_read_1m(const char *name)
{
	const char *file = path("bench.tmp");
	long fd = new_file(name, file);
	memset(data, 0, MIB);
	MEASURE(name, SAMPLES, 1, read_all(fd));
	check("file_read_sum", sum_of(fd));
	call1(SYS_unlink, file);
}

const struct operation files[] = {
	{ "file_write_new_1m", file_write_new_1m },
	{ "file_rewrite_1m", file_rewrite_1m },
	{ "file_read_1m", file_read_1m },
	{ 0 },
};
