# SPDX-License-Identifier: GPL-2.0-only
#
# vfioscope
#
#   make            build/vfioscope (no root, no network)
#   make demo       install what is missing, boot the lab, migrate, print the report
#   make check      the same set-up, then every test
#   make check-unit the tests that need neither root nor a virtual machine
#   make check-kernels  boot every kernel that the lab knows (by hand: it takes hours)
#   make fuzz       look for inputs that break something, FUZZ_SECONDS (600) for each target (clang)
#   make bench      measure; no test depends on it
#   make vmlinux    regenerate vmlinux/vmlinux.h from the lab's kernels
#   make install    DESTDIR, prefix, mandir, bashcompdir, systemdunitdir (empty: no unit)
#
# V=1 shows the commands; DEVELOPER=1 turns warnings into errors; SAN=1 builds
# with the address and undefined-behaviour sanitizers (into build-san/);
# NO_DEPS=1 forbids installing packages.

CC ?= gcc
CLANG ?= $(firstword $(shell for c in clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do \
	command -v $$c; done))
# Debian keeps bpftool where only root's PATH looks.
BPFTOOL ?= $(firstword $(shell PATH=$$PATH:/usr/sbin:/sbin command -v bpftool))

prefix ?= /usr/local
bindir ?= $(prefix)/bin
mandir ?= $(prefix)/share/man
bashcompdir ?= $(prefix)/share/bash-completion/completions
systemdunitdir ?= $(prefix)/lib/systemd/system

VERSION := 0.1.0
B := $(if $(SAN),build-san,build)

ifneq ($(V),1)
Q := @
say = @printf '  %-7s %s\n' $(1) $(2)
endif

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wvla
ALL_CFLAGS := -std=gnu11 $(WARNINGS) $(if $(DEVELOPER),-Werror) $(CFLAGS) \
	-fstack-protector-strong -D_FORTIFY_SOURCE=2 -D_GNU_SOURCE= -include user/util/banned.h \
	-I. -Iuser -I$(B) \
	-DVFIOSCOPE_VERSION='"$(VERSION)"' -MMD -MP
comma := ,
SANITIZE := $(if $(SAN)$(FUZZ),-fsanitize=$(if $(FUZZ_FAST),,address$(comma))undefined$(comma)float-cast-overflow -fno-omit-frame-pointer \
	-fno-sanitize-recover=all)
ifdef FUZZ
# libFuzzer wants to see where an input goes. What is compared with what would cost as much again, and the corpora
# know the formats.
SANITIZE += -fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp
endif
LIBS := -lbpf -lelf -lz -lzstd -lncursesw -ltinfo -lm

# The machine that BPF's pt_regs belong to, and its own uAPI headers.
ARCH := $(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/;s/ppc64le/powerpc/;s/riscv64/riscv/;s/s390x/s390/')
BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -Wall -Werror -D__TARGET_ARCH_$(ARCH) -I. \
	-idirafter /usr/include/$(shell $(CC) -dumpmachine | sed 's/-\(pc\|unknown\)-/-/')

LIB_SRC := $(filter-out user/cmd/%,$(wildcard user/*.c user/*/*.c)) $(wildcard tui/*.c)
CMD_SRC := $(wildcard user/cmd/*.c)
BPF_SRC := $(wildcard bpf/*.bpf.c)
# What is no test itself is a helper of all of them.
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_HELP := $(filter-out $(UNIT_SRC),$(wildcard tests/unit/*.c))
BENCH_SRC := $(wildcard tests/bench/bench_*.c)
# What is no target itself is a helper of all of them.
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)

# A terminal of our own, for the scope to run on.
UNIT_LIBS_test_tui_terminal := -lvterm -lutil
# Devices of our own, for exercise to run on.
ON_AIR := $(addprefix -Wl$(comma)--wrap=,open close read write pread pwrite poll ioctl \
	access fcntl __read_chk __pread_chk __poll_chk)
UNIT_LIBS_test_exercise_run := $(ON_AIR)
UNIT_LIBS_test_exercise_calls := $(ON_AIR) -Wl,--wrap=clock_gettime -Wl,--wrap=nanosleep
UNIT_LIBS_bench_live := -lutil
# A file system with a quota.
UNIT_LIBS_test_record := -Wl$(comma)--wrap=write
UNIT_LIBS_test_keeper := -Wl$(comma)--wrap=close
# A file system without O_TMPFILE.
UNIT_LIBS_test_output := -Wl$(comma)--wrap=open

LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o) $(B)/pages.o
# What `explain` says: the pages themselves, and their directories for one that goes.
PAGE_DIRS := docs/rules docs/words docs/states docs/errnos
PAGES := $(sort $(wildcard $(PAGE_DIRS:%=%/*.md)))
CMD_OBJ := $(CMD_SRC:%.c=$(B)/%.o)
BPF_OBJ := $(BPF_SRC:%.c=$(B)/%.o)
UNIT_BIN := $(UNIT_SRC:%.c=$(B)/%)
UNIT_HELP_OBJ := $(UNIT_HELP:%.c=$(B)/%.o)
BENCH_BIN := $(BENCH_SRC:%.c=$(B)/%)
FUZZ_BIN := $(FUZZ_SRC:%.c=$(B)/%)
FUZZ_HELP_OBJ := $(patsubst %.c,$(B)/%.o,$(filter-out $(FUZZ_SRC) $(if $(FUZZ),tests/fuzz/driver.c),$(wildcard tests/fuzz/*.c)))
SKEL := $(B)/vfioscope.skel.h

all: $(B)/vfioscope

# user/cmd/memory.c sees every allocation that fails.
WRAP_MEMORY := $(addprefix -Wl$(comma)--wrap=,malloc calloc realloc strdup strndup \
	fopen fdopen fclose open_memstream asprintf vasprintf __asprintf_chk __vasprintf_chk)

$(B)/vfioscope: $(CMD_OBJ) $(B)/libvfioscope.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(SANITIZE) $(LDFLAGS) $(WRAP_MEMORY) -o $@ $^ $(LIBS)

$(B)/libvfioscope.a: $(LIB_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/%.o: %.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(SANITIZE) -c -o $@ $<

# Before the compiler has said it the first time.
$(patsubst %.c,$(B)/%.o,$(shell grep -l 'vfioscope\.skel\.h' user/capture/*.c)): $(SKEL)

$(B)/pages.c: docs/embed $(PAGES) $(PAGE_DIRS)
	$(call say,EMBED,$@)
	$(Q)mkdir -p $(@D)
	$(Q)docs/embed $(PAGES) > $@

$(B)/pages.o: $(B)/pages.c
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(SANITIZE) -c -o $@ $<

# The kernel side: one object per hook family, linked, embedded as a skeleton.
$(BPF_OBJ): $(B)/%.bpf.o: %.bpf.c $(wildcard bpf/*.h) vmlinux/vmlinux.h | need-clang
	$(call say,BPF,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(B)/vfioscope.bpf.o: $(BPF_OBJ) | need-bpftool
	$(call say,BPFLD,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(SKEL): $(B)/vfioscope.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name vfioscope_bpf > $@.tmp && mv $@.tmp $@

need-clang:
	$(if $(CLANG),,$(error clang is missing: tests/deps build installs what the build needs))
need-bpftool:
	$(if $(BPFTOOL),,$(error bpftool is missing: tests/deps build installs what the build needs))

# ---- tests ---------------------------------------------------------------------

$(UNIT_BIN) $(BENCH_BIN): $(B)/%: %.c $(UNIT_HELP_OBJ) $(B)/libvfioscope.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests/unit $(SANITIZE) $(LDFLAGS) -o $@ $< $(UNIT_HELP_OBJ) \
		$(B)/libvfioscope.a -lcmocka $(UNIT_LIBS_$(@F)) $(LIBS)

# Recordings of what a play says: for tests/cli/plays.sh.
$(B)/tests/play/play: tests/play/play.c $(UNIT_HELP_OBJ) $(B)/libvfioscope.a
	$(call say,TEST,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(SANITIZE) $(LDFLAGS) -o $@ $< $(UNIT_HELP_OBJ) $(B)/libvfioscope.a $(LIBS)

# The commands, without the main() of the tool.
$(B)/tests/fuzz/main.o: user/cmd/main.c
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes -Dmain=vfioscope_main $(SANITIZE) -c -o $@ $<

$(B)/tests/fuzz/libfuzz.a: $(FUZZ_HELP_OBJ) $(UNIT_HELP_OBJ) $(B)/tests/fuzz/main.o $(filter-out $(B)/user/cmd/main.o,$(CMD_OBJ))
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

# As the tool is linked: the commands count on it.
$(FUZZ_BIN): $(B)/%: $(B)/%.o $(B)/tests/fuzz/libfuzz.a $(B)/libvfioscope.a
	$(call say,FUZZ,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(SANITIZE) $(if $(FUZZ),-fsanitize=fuzzer) $(LDFLAGS) $(WRAP_MEMORY) -o $@ $^ \
		-ljansson $(LIBS)

fuzzers: $(FUZZ_BIN)

# TARGETS: of tests/fuzz/, "stack ring"; all. FUZZ_FAST=1: without the address sanitizer.
fuzz: BUILD := build-fuzz$(if $(FUZZ_FAST),-fast)
fuzz:
	$(Q)$(MAKE) --no-print-directory B=$(BUILD) FUZZ=1 CC=$(CLANG) CFLAGS='-O2 -g' fuzzers
	$(Q)BUILD=$(BUILD) tests/fuzz/run long $(TARGETS)

fuzz-coverage:
	$(Q)$(MAKE) --no-print-directory B=build-cov CC=$(CLANG) \
		CFLAGS='-O1 -g -fprofile-instr-generate -fcoverage-mapping' fuzzers
	$(Q)tests/fuzz/run coverage $(TARGETS)

# Not for programs under the address sanitizer, which has a malloc of its own.
$(B)/tests/oom/failmalloc.so: tests/oom/failmalloc.c
	$(call say,SO,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -fPIC -shared -o $@ $<

units: $(UNIT_BIN) $(FUZZ_BIN) $(B)/tests/play/play $(B)/tests/oom/failmalloc.so

check: deps-check
	$(Q)$(MAKE) --no-print-directory check-nodeps

# What takes long is looked at with sanitizers, too.
long: $(if $(LONG),all)
	$(if $(LONG),$(Q)$(MAKE) --no-print-directory SAN=1 all units)

check-nodeps: all units long
	$(Q)BUILD=$(B) tests/check

check-unit: all units long
	$(Q)BUILD=$(B) tests/check --no-vm

check-kernels: deps-check all
	$(Q)tests/vm/kernels

demo: deps-demo
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/vm/demo

deps-check:
	$(Q)tests/deps build check lint lab $(if $(LONG),long)
deps-demo:
	$(Q)tests/deps build lab

bench: all $(BENCH_BIN)
	$(Q)for b in $(BENCH_BIN); do ./$$b || exit 1; done

vmlinux:
	$(Q)vmlinux/regenerate vmlinux/vmlinux.h

# ---- installing ------------------------------------------------------------------

install: all
	install -D -m 755 $(B)/vfioscope $(DESTDIR)$(bindir)/vfioscope
	for p in docs/*.[1-8]; do \
		install -D -m 644 $$p $(DESTDIR)$(mandir)/man$${p##*.}/$${p##*/} || exit 1; \
	done
	install -d $(DESTDIR)$(bashcompdir)
	$(B)/vfioscope completion bash > $(DESTDIR)$(bashcompdir)/vfioscope
ifneq ($(systemdunitdir),)
	install -d $(DESTDIR)$(systemdunitdir)
	sed 's|/usr/local/bin/|$(bindir)/|' contrib/systemd/vfioscope.service \
		> $(DESTDIR)$(systemdunitdir)/vfioscope.service
endif

clean:
	$(Q)rm -rf build build-san build-fuzz build-fuzz-fast build-cov

.PHONY: all units long fuzzers fuzz fuzz-coverage check check-nodeps check-unit check-kernels demo deps-check deps-demo bench vmlinux install \
	clean need-clang need-bpftool
.DELETE_ON_ERROR:
.SECONDARY:

-include $(LIB_OBJ:.o=.d) $(CMD_OBJ:.o=.d) $(UNIT_BIN:=.d) $(B)/tests/play/play.d $(UNIT_HELP_OBJ:.o=.d) \
	$(FUZZ_SRC:%.c=$(B)/%.d) $(FUZZ_HELP_OBJ:.o=.d) $(B)/tests/fuzz/main.d
