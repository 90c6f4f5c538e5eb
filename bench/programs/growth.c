/* The units that show how operations grow, and the names of their rows. */
#include "growth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int parameter(const char *unit)
{
	return atoi(strrchr(unit, '_') + 1);
}

const char *row(const char *operation, const char *unit)
{
	static char name[64];
	snprintf(name, sizeof(name), "%s_%s", operation, unit);
	return name;
}

const struct operation growth[] = {
	{ "cpus_1", cpus_unit },	   { "cpus_2", cpus_unit },
	{ "cpus_4", cpus_unit },	   { "cpus_8", cpus_unit },
	{ "alive_10", alive_unit },	   { "alive_1000", alive_unit },
	{ "alive_10000", alive_unit },	   { "regions_1", regions_unit },
	{ "regions_100", regions_unit },   { "regions_10000", regions_unit },
	{ "files_10", files_unit },	   { "files_10000", files_unit },
	{ "files_100000", files_unit },	   { 0 },
};
