// SPDX-License-Identifier: GPL-2.0
/*
 * Complains when it is loaded, so that the lab can prove that a kernel's complaint fails a run.
 * what=warn: a WARN; what=oops: a NULL pointer is followed, which ends the virtual machine (oops=panic).
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/string.h>

static char *what = "warn";
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "warn or oops");

static int __init splat_init(void)
{
	if (!strcmp(what, "oops"))
		return READ_ONCE(*(int *)8L);
	WARN(1, "splat: as asked\n");
	return 0;
}

static void __exit splat_exit(void)
{
}

module_init(splat_init);
module_exit(splat_exit);
MODULE_DESCRIPTION("makes the kernel complain, for testing a test runner");
MODULE_LICENSE("GPL");
