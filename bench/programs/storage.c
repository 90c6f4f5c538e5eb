/*
 * Operations on an ext2 on a disk. tools/measure/storage.py makes the disk: the file "data" of 64 MiB,
 * and directories of 10,000 empty files each, "many-0" and so on. Each operation mounts it and unmounts it.
 * What has to be cold is touched for the first time since the start of the machine.
 */
#include "storage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DISK "/dev/nvme0n1"
#define PAGE_BYTES 4096
#define CALL_BYTES 65536
#define MIB (1 << 20)
#define DATA_MIB 64
/* The samples of an operation that takes a moment. */
#define MANY 63
/* The reads before the first sample of random ones. */
#define FIRST_READS 200
/* The MiB of the data that is in memory for reads of the cache, from this one on. */
#define CACHED_MIB 48
/* How long the kernel may take to find the disk. */
#define TRIES 1000
#define FILES 10000
#define NAME_BYTES 64

static unsigned char data[MIB] __attribute__((aligned(PAGE_BYTES)));

/* The process that computes while the disk works, so that the CPU is never idle: what a kernel
 * does before, during and after that would be counted. All else runs before it. */
static pid_t other;

static void start_other(const char *name)
{
	const struct sched_param none = { 0 };
	other = fork();
	if (other == 0) {
		/* Not by the C library: musl's sched_setscheduler fails. */
		if (call3(SYS_sched_setscheduler, 0, SCHED_IDLE, &none) < 0)
			end(1);
		for (;;)
			__asm__ volatile("");
	}
	if (other < 0)
		skip(name, -errno);
}

/* Mounts the disk; ends the process if that is not possible. */
static void mount_disk(const char *name)
{
	const struct timespec moment = { 0, 10000000 };
	mkdir(path("disk"), 0755);
	if (access("/dev/null", F_OK) < 0)
		mount("none", "/dev", "devtmpfs", 0, NULL);
	for (int i = 0; mount(DISK, path("disk"), "ext2", 0, NULL) < 0; i++) {
		if (i == TRIES || errno != ENOENT)
			skip(name, -errno);
		nanosleep(&moment, NULL);
	}
	start_other(name);
}

static void unmount_disk(const char *name)
{
	long status;
	kill(other, SIGKILL);
	status = reap(other);
	if (status != SIGKILL)
		say("status %ld of the process beside", status);
	if (umount(path("disk")) < 0)
		skip(name, -errno);
}

/* Opens a file of the disk; ends the process if that is not possible. */
static int open_file(const char *name, const char *file, int flags)
{
	int fd = open(path(file), flags, 0600);
	if (fd < 0)
		skip(name, -errno);
	return fd;
}

/* Returns the offset of a page of the data, at random, but the same ones in each process. */
static long random_page(int first_mib)
{
	static uint64_t state = 1;
	state = state * 6364136223846793005 + 1442695040888963407;
	return (long)first_mib * MIB + (state >> 33) % ((DATA_MIB - first_mib) * 256UL) * PAGE_BYTES;
}

static uint64_t first_word(void)
{
	uint64_t word;
	memcpy(&word, data, sizeof(word));
	return word;
}

/* Measures reads of random pages of the data; the first of these is in this MiB. */
static void measure_reads(const char *name, int fd, int first_mib)
{
	long offset = 0;
	uint64_t sum = 0;
	for (int i = 0; i < FIRST_READS; i++)
		call4(SYS_pread64, fd, data, PAGE_BYTES, random_page(first_mib));
	MEASURE_AROUND(
		MANY, 1,
		{
			offset = random_page(first_mib);
			memset(data, 0, PAGE_BYTES);
		},
		call4(SYS_pread64, fd, data, PAGE_BYTES, offset);
		, sum += first_word());
	report(name);
	check(name, sum);
}

static void read_4k_direct(const char *name)
{
	mount_disk(name);
	int fd = open_file(name, "disk/data", O_RDONLY | O_DIRECT);
	measure_reads(name, fd, 0);
	close(fd);
	unmount_disk(name);
}

static void read_4k_cached(const char *name)
{
	mount_disk(name);
	int fd = open_file(name, "disk/data", O_RDONLY);
	for (int mib = CACHED_MIB; mib < DATA_MIB; mib++)
		pread(fd, data, MIB, (long)mib * MIB);
	measure_reads(name, fd, CACHED_MIB);
	close(fd);
	unmount_disk(name);
}

/* From the start of a file or a device on: the reads of a sample have also been read ahead in part by
 * those before. */
static void measure_read_1m(const char *name, int fd)
{
	enum { COUNT = 31 };
	uint64_t sum = 0;
	MEASURE_AROUND(
		COUNT, 1, memset(data, 0, MIB),
		for (int at = 0; at < MIB; at += CALL_BYTES) call3(SYS_read, fd, data + at, CALL_BYTES);
		, for (int at = 0; at < MIB; at += PAGE_BYTES) sum += data[at]);
	report(name);
	check(name, sum);
}

static void read_1m(const char *name)
{
	mount_disk(name);
	int fd = open_file(name, "disk/data", O_RDONLY);
	measure_read_1m(name, fd);
	close(fd);
	unmount_disk(name);
}

static void read_device_1m(const char *name, const char *device)
{
	if (access("/dev/null", F_OK) < 0)
		mount("none", "/dev", "devtmpfs", 0, NULL);
	int fd = open(device, O_RDONLY);
	if (fd < 0)
		skip(name, -errno);
	start_other(name);
	measure_read_1m(name, fd);
	kill(other, SIGKILL);
	reap(other);
}

static void device_read_1m(const char *name)
{
	read_device_1m(name, DISK);
}

/* On Linux, a program before this one has set it up. */
static void verified_read_1m(const char *name)
{
	read_device_1m(name, "/dev/dm-0");
}

/* A new file, which has got no blocks. */
static void write_1m_fsync(const char *name)
{
	enum { COUNT = 15 };
	mount_disk(name);
	memset(data, 1, MIB);
	int fd = -1;
	long written = 0, result = 0;
	MEASURE_AROUND(
		COUNT, 1, fd = open_file(name, "disk/new", O_RDWR | O_CREAT | O_EXCL),
		for (int at = 0; at < MIB; at += CALL_BYTES) written
		+= call3(SYS_write, fd, data + at, CALL_BYTES);
		result |= call1(SYS_fsync, fd);
		,
		{
			close(fd);
			unlink(path("disk/new"));
			sync();
		});
	report(name);
	check(name, written - result);
	unmount_disk(name);
}

/* Measures the creation of files, by a call that stores them, with bytes in them. */
static void measure_creation(const char *name, long call_number, long bytes)
{
	mount_disk(name);
	const char *file = "";
	char text[NAME_BYTES];
	struct stat status = { 0 };
	long result = 0, made = 0, number = 0;
	MEASURE_AROUND(
		MANY, 1,
		{
			snprintf(text, sizeof(text), "disk/made-%ld-%ld-%ld", call_number, bytes,
				 number++);
			file = path(text);
		},
		long fd = call3(SYS_open, file, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (bytes) call3(SYS_write, fd, data, bytes);
		result |= call1(call_number, fd);
		result |= call1(SYS_close, fd);
		, made += stat(file, &status) == 0 && result == 0 && status.st_size == bytes);
	report(name);
	check(name, made);
	unmount_disk(name);
}

static void create_fsync(const char *name)
{
	measure_creation(name, SYS_fsync, 0);
}

static void create_4k_fsync(const char *name)
{
	measure_creation(name, SYS_fsync, PAGE_BYTES);
}

static void create_4k_syncfs(const char *name)
{
	measure_creation(name, SYS_syncfs, PAGE_BYTES);
}

static void unlink_file(const char *name)
{
	mount_disk(name);
	char files[MANY + 1][NAME_BYTES];
	int number = 0, left = 0;
	for (int i = 0; i <= MANY; i++) {
		snprintf(files[i], NAME_BYTES, "%s-%d", path("disk/old"), i);
		close(open(files[i], O_RDWR | O_CREAT | O_EXCL, 0600));
		left += access(files[i], F_OK) == 0;
	}
	sync();
	MEASURE_AROUND(MANY, 1, {}, call1(SYS_unlink, files[number]);
		       , left -= access(files[number++], F_OK) < 0);
	report(name);
	check(name, number - left);
	unmount_disk(name);
}

/* Asks for the status of all files of a directory; returns the number of those that are there. */
static long stat_all(int directory)
{
	char file[NAME_BYTES];
	struct stat status;
	long found = 0;
	snprintf(file, sizeof(file), "%s-%d/file-0000", path("disk/many"), directory);
	char *digits = file + strlen(file) - 4;
	for (int i = 0; i < FILES; i++) {
		for (int at = 3, rest = i; at >= 0; at--, rest /= 10)
			digits[at] = '0' + rest % 10;
		found += call2(SYS_stat, file, &status) == 0 && S_ISREG(status.st_mode);
	}
	return found;
}

static void stat_cold(const char *name)
{
	mount_disk(name);
	long found = 0;
	int directory = 0;
	MEASURE_AROUND(FEW, FILES, {}, found += stat_all(directory++);, {});
	report(name);
	check(name, found);
	unmount_disk(name);
}

static void stat_warm(const char *name)
{
	mount_disk(name);
	long found = 0;
	MEASURE_AROUND(FEW, FILES, {}, found += stat_all(0);, {});
	report(name);
	check(name, found);
	unmount_disk(name);
}

const struct operation storage[] = {
	{ "disk_read_4k_direct", read_4k_direct },
	{ "disk_read_4k_cached", read_4k_cached },
	{ "disk_read_1m", read_1m },
	{ "disk_write_1m_fsync", write_1m_fsync },
	{ "disk_create_fsync", create_fsync },
	{ "disk_create_4k_fsync", create_4k_fsync },
	{ "disk_create_4k_syncfs", create_4k_syncfs },
	{ "disk_unlink", unlink_file },
	{ "disk_stat_cold", stat_cold },
	{ "disk_stat_warm", stat_warm },
	{ "device_read_1m", device_read_1m },
	{ "verified_read_1m", verified_read_1m },
	{ 0 },
};
