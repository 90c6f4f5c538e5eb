/* Operations in a directory with many files. */
#include "growth.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The files that an operation takes in turn, spread over all. */
#define TAKEN 10
#define NAME_BYTES 64

static char old[TAKEN][NAME_BYTES], fresh[TAKEN][NAME_BYTES];

static void make(const char *file)
{
	call1(SYS_close, call3(SYS_open, file, O_RDWR | O_CREAT, 0600));
}

static void measure_lookups(const char *unit)
{
	struct stat status = { 0 };
	long opened = 0, size = 0;
	MEASURE_AROUND(
		SAMPLES, TAKEN, {},
		for (int i = 0; i < TAKEN; i++) {
			long fd = call3(SYS_open, old[i], O_RDWR, 0);
			opened += fd >= 0;
			call1(SYS_close, fd);
		},
		{});
	report(row("open_close", unit));
	check(row("open_close", unit), opened);
	MEASURE_AROUND(
		SAMPLES, TAKEN, {},
		for (int i = 0; i < TAKEN; i++) {
			call2(SYS_stat, old[i], &status);
			size += status.st_nlink;
		},
		{});
	report(row("stat", unit));
	check(row("stat", unit), size);
}

static void unlink_fresh(void)
{
	for (int i = 0; i < TAKEN; i++)
		call1(SYS_unlink, fresh[i]);
}

static void make_fresh(void)
{
	for (int i = 0; i < TAKEN; i++)
		make(fresh[i]);
}

static void measure_changes(const char *unit)
{
	long good = 0;
	MEASURE_AROUND(SAMPLES, TAKEN, {}, make_fresh();
		       , {
			       good += access(fresh[TAKEN - 1], F_OK) == 0;
			       unlink_fresh();
		       });
	report(row("create", unit));
	check(row("create", unit), good);
	good = 0;
	MEASURE_AROUND(SAMPLES, TAKEN, make_fresh(), unlink_fresh();
		       , good += access(fresh[TAKEN - 1], F_OK) < 0);
	report(row("unlink", unit));
	check(row("unlink", unit), good);
	good = 0;
	MEASURE_AROUND(
		SAMPLES, TAKEN, {},
		for (int i = 0; i < TAKEN; i++) good += call2(SYS_rename, old[i], fresh[i]) == 0;
		,
		for (int i = 0; i < TAKEN; i++) good += call2(SYS_rename, fresh[i], old[i]) == 0);
	report(row("rename", unit));
	check(row("rename", unit), good);
}

/* Reads all entries; returns their number. */
static uint64_t list(const char *directory)
{
	static char buffer[32768];
	uint64_t found = 0;
	long length, fd = call3(SYS_open, directory, O_RDONLY | O_DIRECTORY, 0);
	while ((length = call3(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0)
		for (long at = 0; at < length; found++)
			at += ((struct dirent *)(buffer + at))->d_reclen;
	call1(SYS_close, fd);
	return found;
}

void files_unit(const char *unit)
{
	int files = parameter(unit);
	const char *directory = path("growth");
	char file[NAME_BYTES];
	if (mkdir(directory, 0755) < 0)
		skip(unit, -errno);
	for (int i = 0; i < files; i++) {
		snprintf(file, sizeof(file), "%s/file-%d", directory, i);
		make(file);
	}
	for (int i = 0; i < TAKEN; i++) {
		snprintf(old[i], NAME_BYTES, "%s/file-%d", directory, files / TAKEN * i);
		snprintf(fresh[i], NAME_BYTES, "%s/fresh-%d", directory, i);
	}
	measure_lookups(unit);
	measure_changes(unit);
	uint64_t found = 0;
	MEASURE_AROUND(FEW, files + 2, {}, found = list(directory);, {});
	report(row("readdir_entry", unit));
	check(row("readdir_entry", unit), found);
	for (int i = 0; i < files; i++) {
		snprintf(file, sizeof(file), "%s/file-%d", directory, i);
		call1(SYS_unlink, file);
	}
	rmdir(directory);
}
