/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Macros of <bsd/sys/tree.h>, <bsd/sys/queue.h> and <bpf/libbpf.h> in short, for cppcheck alone, which does not follow system headers and
 * cannot parse what uses these without knowing them.
 */
#ifndef SCXU_TESTS_LINT_CPPCHECK_H
#define SCXU_TESTS_LINT_CPPCHECK_H

#define RB_HEAD(name, type)            \
	struct name {                  \
		struct type *rbh_root; \
	}
#define RB_ENTRY(type)                                          \
	struct {                                                \
		struct type *rbe_left, *rbe_right, *rbe_parent; \
		int rbe_color;                                  \
	}
#define RB_PROTOTYPE(name, type, field, compare)
#define RB_GENERATE(name, type, field, compare)
#define RB_PROTOTYPE_STATIC(name, type, field, compare)
#define RB_GENERATE_STATIC(name, type, field, compare)

/* what a walk over a tree or list gives: something that was initialised elsewhere */
void *cppcheck_any(const void *from);
#define RB_FOREACH(x, name, head)	  for ((x) = cppcheck_any(head); (x); (x) = cppcheck_any(x))
#define RB_FOREACH_REVERSE(x, name, head) RB_FOREACH (x, name, head)
#define TAILQ_FOREACH(x, head, field)	  RB_FOREACH (x, , head)

#define LIBBPF_OPTS(type, name, ...) struct type name = { __VA_ARGS__ }

#endif
