# SPDX-License-Identifier: GPL-3.0-or-later
# Every verb of the project. `make help` lists them.

CC       ?= gcc
V        ?= 0
Q        := $(if $(filter 0,$(V)),@,)
# With the sanitizers (SAN=1) it is another program: objects of the two do not mix.
BUILD    ?= $(if $(SAN),build-san,build)
VERSION  := 0.1.0

PKGS_RUNNER   := libvirt libvirt-qemu libcyaml yaml-0.1 jansson libxml-2.0 gsl nettle libRmath sqlite3 libpq libarchive libcrypto zlib libtracefs libtraceevent
PKGS_WORKLOAD := vulkan egl glesv2 jansson libdrm
PKGS_AGENT    := jansson
PKGS_MODEL    := fuse3

WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Wundef -Wwrite-strings
CFLAGS   ?= -O2 -g
override CFLAGS += -std=gnu11 -fms-extensions -pthread $(WARN) $(if $(WERROR),-Werror)
override CPPFLAGS += -D_GNU_SOURCE -DVG_VERSION='"$(VERSION)"' -Irunner -Iguest-workloads -Ihost-probes -I$(BUILD)
HARDEN   := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fPIE
LDHARDEN := -pie -Wl,-z,relro,-z,now
ifneq ($(SAN),)
override CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS  += -fsanitize=address,undefined
HARDEN   := -fPIE
# What a guest runs brings the sanitizers' runtime along: the image has none.
LDGUEST  := -static-libasan -static-libubsan
endif

BASE_SRC     := $(wildcard runner/base/*.c)
RUNNER_SRC   := $(wildcard runner/catalog/*.c runner/mechanism/*.c runner/placement/*.c runner/machine/*.c \
                  runner/guest/*.c runner/engine/*.c runner/judge/*.c runner/record/*.c runner/report/*.c \
                  runner/statistics/*.c runner/compare/*.c runner/history/*.c runner/doctor/*.c runner/certify/*.c)
COMMAND_SRC  := $(wildcard runner/commands/*.c)
PROBE_SRC    := $(wildcard host-probes/*.c)
WORKLOAD_SRC := $(wildcard guest-workloads/common/*.c guest-workloads/vulkan/*.c guest-workloads/gles/*.c \
                  guest-workloads/drm/*.c guest-workloads/system/*.c)
AGENT_SRC    := $(wildcard guest-workloads/agent/*.c)
MODEL_SRC    := $(filter-out tests/model/nvml.c,$(wildcard tests/model/*.c))
CONTROL_SRC  := tests/controls/placer.c tests/controls/places.c tests/controls/manager.c
CONTROL_WRAP := vg_slots_create vg_slots_destroy vg_scheduler_adopt vg_vendor_forget vg_vendor_why_full vg_pci_users
SHADER_SRC   := $(wildcard guest-workloads/shaders/*.comp guest-workloads/shaders/*.vert guest-workloads/shaders/*.frag)
SHADER_H     := $(SHADER_SRC:guest-workloads/shaders/%=$(BUILD)/shaders/%.h)
UNIT_SRC     := $(wildcard tests/unit/*.c)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:

# pkg-config runs once per make, not once per file. Goals that install the packages do not need its answer.
NEED_FLAGS := $(if $(filter-out help clean deps deb deb-check run check images lint bench bench-place controls,$(or $(MAKECMDGOALS),build)),yes)
ifdef NEED_FLAGS
LIB_CFLAGS    := $(shell pkg-config --cflags $(sort $(PKGS_RUNNER) $(PKGS_WORKLOAD) $(PKGS_AGENT) $(PKGS_MODEL)))
RUNNER_LIBS   := $(shell pkg-config --libs $(PKGS_RUNNER)) -lm
WORKLOAD_LIBS := $(shell pkg-config --libs $(PKGS_WORKLOAD)) -lm
AGENT_LIBS    := $(shell pkg-config --libs $(PKGS_AGENT)) -lm
MODEL_LIBS    := $(shell pkg-config --libs $(PKGS_MODEL))
endif

PROGRAMS := $(BUILD)/vgauge $(BUILD)/vgauge-agent $(BUILD)/vgauge-workload $(BUILD)/vgauge-model $(BUILD)/vgauge-model-nvml.so

build: $(PROGRAMS) $(BUILD)/payload.squashfs ## compile everything
	@:

$(BUILD)/obj/%.o: %.c $(MAKEFILE_LIST)
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  CC    $<",:)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(HARDEN) $(LIB_CFLAGS) -MMD -MP -c -o $@ $<

# The suite travels inside the program. Looked at each time: the commit is in it too.
$(BUILD)/suites.bin: embed-suites
	@mkdir -p $(@D)
	@runner/certify/embed-suites $@
$(call obj,runner/certify/built-in.c): $(BUILD)/suites.bin
$(call obj,runner/certify/built-in.c): override CFLAGS += -Wa,-I$(BUILD)
embed-suites: ;

$(SHADER_H): $(wildcard guest-workloads/shaders/*.glsl)
$(BUILD)/shaders/%.h: guest-workloads/shaders/%
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  SPIRV $<",:)
	$(Q)glslangValidator -V --target-env vulkan1.1 --vn shader_$(subst .,_,$(subst -,_,$*)) -o $@ $< >$@.log || { cat $@.log; exit 1; }
	$(Q)sed -i 's/^const uint32_t/static const uint32_t/' $@

$(call obj,$(WORKLOAD_SRC)): | $(SHADER_H)

$(BUILD)/vgauge: $(call obj,$(BASE_SRC) $(RUNNER_SRC) $(COMMAND_SRC) $(PROBE_SRC) $(WORKLOAD_SRC))
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $^ $(RUNNER_LIBS) $(WORKLOAD_LIBS)

$(BUILD)/vgauge-workload: $(call obj,$(BASE_SRC) $(WORKLOAD_SRC) guest-workloads/main.c)
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) $(LDGUEST) -o $@ $^ $(WORKLOAD_LIBS)

$(BUILD)/vgauge-agent: $(call obj,$(BASE_SRC) $(AGENT_SRC))
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) $(LDGUEST) -o $@ $^ $(AGENT_LIBS)

# A model of vendors' drivers as a file system, and its stand-in for NVIDIA's library.
$(BUILD)/vgauge-model: $(call obj,$(MODEL_SRC))
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $^ $(MODEL_LIBS)

$(BUILD)/vgauge-model-nvml.so: tests/model/nvml.c
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CPPFLAGS) $(filter-out -fsanitize=%,$(CFLAGS)) -fPIC -shared -o $@ $<

# A Vulkan layer that makes submissions worse in a known way, and its manifest, which names it by its place beside it.
$(BUILD)/submit-layer/submit-layer.so: tests/controls/submit-layer.c tests/controls/submit-layer.json
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CPPFLAGS) $(filter-out -fsanitize=%,$(CFLAGS)) -fPIC -shared -o $@ $<
	$(Q)cp tests/controls/submit-layer.json $(@D)/

# As vgauge, with known-bad parts in the places of good ones (tests/controls).
$(BUILD)/vgauge-control: $(call obj,$(BASE_SRC) $(RUNNER_SRC) $(COMMAND_SRC) $(PROBE_SRC) $(WORKLOAD_SRC) $(CONTROL_SRC))
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) $(CONTROL_WRAP:%=-Wl,--wrap=%) -o $@ $^ $(RUNNER_LIBS) $(WORKLOAD_LIBS)

# A vgauge and a payload of its own per control of the submission path: in one the tenant's driver rings a doorbell for
# each submission, in one it sends each draw by itself, in one the VMM's counters stand still.
BAD_DRIVERS := doorbell-proxy flush-per-draw
$(BUILD)/doorbell-proxy/vgauge-workload: BAD_CALL := vkQueueSubmit
$(BUILD)/flush-per-draw/vgauge-workload: BAD_CALL := glDrawArrays
$(BAD_DRIVERS:%=$(BUILD)/%/vgauge-workload): $(BUILD)/%/vgauge-workload: $(call obj,$(BASE_SRC) $(WORKLOAD_SRC) guest-workloads/main.c) $(BUILD)/obj/tests/controls/%.o
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) $(LDGUEST) -Wl,--wrap=$(BAD_CALL) -o $@ $^ $(WORKLOAD_LIBS)

$(BAD_DRIVERS:%=$(BUILD)/%/payload.squashfs): $(BUILD)/%/payload.squashfs: $(BUILD)/vgauge-agent $(BUILD)/%/vgauge-workload guest-workloads/image/make-payload
	@$(if $(filter 0,$(V)),echo "  SQFS  $@",:)
	$(Q)guest-workloads/image/make-payload $@ $(BUILD)/vgauge-agent $(@D)/vgauge-workload

$(BAD_DRIVERS:%=$(BUILD)/%/vgauge): $(BUILD)/%/vgauge: $(BUILD)/vgauge $(BUILD)/%/payload.squashfs
	$(Q)cp $< $(BUILD)/vgauge-agent $(@D)/

$(BUILD)/dead-counter/vgauge: $(call obj,$(BASE_SRC) $(RUNNER_SRC) $(COMMAND_SRC) $(PROBE_SRC) $(WORKLOAD_SRC) tests/controls/dead-counter.c) $(BUILD)/payload.squashfs
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) -Wl,--wrap=vg_vm_monitor -o $@ $(filter %.o,$^) $(RUNNER_LIBS) $(WORKLOAD_LIBS)
	$(Q)cp $(BUILD)/payload.squashfs $(BUILD)/vgauge-agent $(@D)/

$(BUILD)/waits-counted/vgauge: $(call obj,$(BASE_SRC) $(RUNNER_SRC) $(COMMAND_SRC) $(PROBE_SRC) $(WORKLOAD_SRC) tests/controls/waits-counted.c) $(BUILD)/payload.squashfs
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) -Wl,--wrap=procfs_parse_schedstat -o $@ $(filter %.o,$^) $(RUNNER_LIBS) $(WORKLOAD_LIBS)
	$(Q)cp $(BUILD)/payload.squashfs $(BUILD)/vgauge-agent $(@D)/

# A DRM driver where there is none, that tells the truth or does not: which, the directory says.
DRM_DRIVERS := $(foreach way,honest still dips twice quits nameless,$(BUILD)/drm-$(way)/vgauge)
$(BUILD)/drm-honest/vgauge: $(call obj,$(BASE_SRC) $(RUNNER_SRC) $(COMMAND_SRC) $(PROBE_SRC) $(WORKLOAD_SRC) tests/controls/drm-driver.c) $(BUILD)/payload.squashfs
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) -Wl,--wrap=readlinkat -Wl,--wrap=procfs_read_at -Wl,--wrap=access -o $@ $(filter %.o,$^) $(RUNNER_LIBS) $(WORKLOAD_LIBS)
	$(Q)cp $(BUILD)/payload.squashfs $(BUILD)/vgauge-agent $(@D)/
$(filter-out %-honest/vgauge,$(DRM_DRIVERS)): $(BUILD)/drm-honest/vgauge
	@mkdir -p $(@D)
	$(Q)cp $< $(BUILD)/payload.squashfs $(BUILD)/vgauge-agent $(@D)/

# A judge that believes everything.
$(BUILD)/credulous-judge/vgauge: $(call obj,$(BASE_SRC) $(RUNNER_SRC) $(COMMAND_SRC) $(PROBE_SRC) $(WORKLOAD_SRC) tests/controls/credulous-judge.c)
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) -Wl,--wrap=judge_driver_of,--wrap=judge_check_environment -o $@ $^ $(RUNNER_LIBS) $(WORKLOAD_LIBS)

$(BUILD)/payload.squashfs: $(BUILD)/vgauge-agent $(BUILD)/vgauge-workload guest-workloads/image/make-payload
	@$(if $(filter 0,$(V)),echo "  SQFS  $@",:)
	$(Q)guest-workloads/image/make-payload $@ $(BUILD)/vgauge-agent $(BUILD)/vgauge-workload

# Unit tests: one program per tests/unit/NAME.c, linked with everything but the commands.
UNIT ?= *
UNIT_PROGRAMS := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/tests/unit/%)
$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(call obj,$(BASE_SRC) $(RUNNER_SRC) $(PROBE_SRC) $(WORKLOAD_SRC))
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $^ $(RUNNER_LIBS) $(WORKLOAD_LIBS) -lcmocka
# Objects are kept: the next make is quicker.
.SECONDARY:
unit-programs: $(UNIT_PROGRAMS) $(BUILD)/bench-certify

# --- verbs for people ----------------------------------------------------------------------------------------------

PLAN ?= quick
HOST ?=
ARGS ?=

# make itself turns every non-zero status into 2; the last line says the real one (README, "Exit status").
run: ## install what is missing, build, make the images, run PLAN=quick on HOST=reference
	@.ci/install-packages build run
	@$(MAKE) --no-print-directory -j2 build
	@[ "$(PLAN)" = placement-model ] || guest-workloads/image/build-images >/dev/null
	@$(BUILD)/vgauge run --plan $(PLAN) $(if $(HOST),--host $(HOST)) $(ARGS)
	@[ ! -x tests/controls/$(PLAN) ] || $(MAKE) --no-print-directory model-controls PLAN=$(PLAN)

model-controls: $(BUILD)/vgauge $(BUILD)/vgauge-model $(BUILD)/vgauge-model-nvml.so $(BUILD)/vgauge-control ## run PLAN's tests under known-bad implementations: each must fail
	@BUILD=$(BUILD) tests/controls/$(PLAN)

images: ## build the guest image and the reference hypervisor tree (cached); EXTRA=1: also an image with piglit, vkmark, glmark2
	@.ci/install-packages run
	@guest-workloads/image/build-images $(if $(filter 1,$(EXTRA)),--extra)

deps: ## install Debian's packages for building, running and checking
	@.ci/install-packages build run check

check: ## every test: unit, integration, lint, a real run with two VMs; ends with "N passed, N failed"
	@.ci/install-packages build run check
	@$(MAKE) --no-print-directory -j2 build unit-programs WERROR=1
	@guest-workloads/image/build-images >/dev/null
	@BUILD=$(BUILD) tests/check

valgrind: ## the unit programs (UNIT=GLOB) under valgrind: no error, no leak of ours
	@.ci/install-packages build check quality
	@$(MAKE) --no-print-directory -j2 build unit-programs
	@BUILD=$(BUILD) tests/valgrind/run '$(UNIT)'

coverage: ## lines of runner/ that the unit tests (UNIT=GLOB) cover, folder by folder
	@.ci/install-packages build check quality
	@$(MAKE) --no-print-directory -j2 build unit-programs BUILD=$(BUILD)/coverage CFLAGS='-O1 -g --coverage' LDFLAGS=--coverage
	@BUILD=$(BUILD)/coverage tests/coverage '$(UNIT)'

lint: ## formatting, static checks, spelling, licences, layers
	@BUILD=$(BUILD) tests/lint/lint

# Known-bad implementations: each must make the tests fail that name it, for the stated reason.
$(BUILD)/tests/controls/%: $(BUILD)/obj/tests/controls/%.o $(call obj,$(BASE_SRC) $(RUNNER_SRC) $(PROBE_SRC) $(WORKLOAD_SRC))
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $^ $(RUNNER_LIBS) $(WORKLOAD_LIBS)

NAME ?=
new-%: ## new-test, new-workload, new-probe NAME=...: a small complete one to start from (docs/adding)
	@[ -n "$(NAME)" ] && [ -e docs/adding/$*.md ] || { echo "usage: make new-test|new-workload|new-probe NAME=lower-case-name" >&2; exit 2; }
	@docs/adding/extract docs/adding/$*.md . $(NAME)

controls: ## the test of the tests: known-bad implementations; CONTROL=glob, TEST=glob, REPEAT=n, OTHERS=1
	@.ci/install-packages build run
	@$(MAKE) --no-print-directory -j2 build control-programs
	@guest-workloads/image/build-images >/dev/null
	@BUILD=$(BUILD) tests/controls/controls
	@BUILD=$(BUILD) tests/controls/renderers

path-controls: $(BUILD)/vgauge $(BAD_DRIVERS:%=$(BUILD)/%/vgauge) $(BUILD)/dead-counter/vgauge $(BUILD)/waits-counted/vgauge $(DRM_DRIVERS) $(BUILD)/tests/controls/bad-scheduler ## tests of the submission path and of telemetry under known-bad implementations: each must be caught
	@BUILD=$(BUILD) tests/controls/submission-path

# A Vulkan layer for the renderer, which does one thing wrong there; its manifest lies beside it.
LAYER := $(BUILD)/tests/controls/libvgauge-control.so
$(LAYER): $(wildcard tests/controls/layer/*.c tests/controls/layer/*.h) tests/controls/layer/VkLayer_vgauge_control.json
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CPPFLAGS) $(filter-out -fsanitize=%,$(CFLAGS)) -fvisibility=hidden -fPIC -shared -o $@ $(filter %.c,$^)
	$(Q)cp tests/controls/layer/VkLayer_vgauge_control.json $(@D)

# The same for what a Vulkan layer does not reach: preloaded into QEMU.
$(BUILD)/tests/controls/late-virgl.so: tests/controls/late-virgl.c
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CPPFLAGS) $(filter-out -fsanitize=%,$(CFLAGS)) -fvisibility=hidden -fPIC -shared -o $@ $<

$(BUILD)/tests/controls/bad-vmm: tests/controls/bad-vmm.c
	@mkdir -p $(@D)
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CPPFLAGS) $(filter-out -fsanitize=%,$(CFLAGS)) -o $@ $<

control-programs: $(BUILD)/tests/controls/bad-scheduler $(BUILD)/tests/controls/bad-vmm $(LAYER) $(BUILD)/tests/controls/late-virgl.so

bench: ## the figures of docs/figures.md, each beside what it is compared with
	@BUILD=$(BUILD) tests/bench/bench

bench-place: ## of these, placement at scale alone: decisions per second, and their cost at 1,000 to 100,000 pGPUs
	@BUILD=$(BUILD) tests/bench/place

bench-load: build ## what vgauge bears: 16 native and 8 VM tenants at once, 10,000 tests in one run, 200,000 samples per second
	@BUILD=$(BUILD) tests/bench/load

$(BUILD)/bench-gate: $(BUILD)/obj/tests/bench/gate.o $(BUILD)/obj/tests/bench/gate-boots.o $(call obj,$(BASE_SRC) $(RUNNER_SRC) $(PROBE_SRC) $(WORKLOAD_SRC))
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $^ $(RUNNER_LIBS) $(WORKLOAD_LIBS)

# Besides the real boots that are in the tree: those of RUNS, or BOOTS of this host, made now.
BOOTS ?= 0
bench-gate: $(BUILD)/bench-gate $(if $(RUNS)$(filter 0,$(BOOTS)),,build $(BUILD)/submit-layer/submit-layer.so) ## how often the gate is right, on synthetic boots and on real ones that are in the tree; also on BOOTS=60 native ones of this host, or those of RUNS="runs/..."
	@set -e; runs="$(RUNS)"; \
	if [ -z "$$runs" ] && [ "$(BOOTS)" != 0 ]; then \
	    keep=$(BUILD)/gate-boots/$$(date +%Y%m%dT%H%M%S); \
	    BUILD=$(BUILD) KEEP=$$keep MECHANISM=native tests/bench/gate-alarms boots $(BOOTS); \
	    runs=$$keep/baseline-1; \
	fi; \
	VGAUGE_SUITES=$(CURDIR)/suites $(BUILD)/bench-gate tests/bench/data/*.json $$runs

$(BUILD)/bench-history: $(BUILD)/obj/tests/bench/history.o $(call obj,$(BASE_SRC) $(RUNNER_SRC) $(PROBE_SRC) $(WORKLOAD_SRC))
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $^ $(RUNNER_LIBS) $(WORKLOAD_LIBS)

bench-history: $(BUILD)/bench-history ## how often change points are right; time and size of a history of 10,000 runs
	@$(BUILD)/bench-history
	@BUILD=$(BUILD) tests/bench/history-postgres

$(BUILD)/bench-certify: $(BUILD)/obj/tests/bench/certify.o $(call obj,$(BASE_SRC) $(RUNNER_SRC) $(PROBE_SRC) $(WORKLOAD_SRC))
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(LDHARDEN) -o $@ $^ $(RUNNER_LIBS) $(WORKLOAD_LIBS)

bench-certify: $(BUILD)/bench-certify ## time to report, certify and verify one run of 200 tests x 4 profiles with 5 million samples
	@directory=$$(mktemp -d) && trap 'rm -rf "$$directory"' EXIT && $(BUILD)/bench-certify "$$directory"
man: build ## man pages, below build/man
	@command -v help2man >/dev/null || { echo "man: help2man is not installed (Debian: help2man)" >&2; exit 3; }
	@docs/man/make-pages $(BUILD)/vgauge $(BUILD)/man

# Programs find suites/, reports/ and the image recipes beside them, as in the tree.
PREFIX   ?= /usr/local
LIBDIR   := $(DESTDIR)$(PREFIX)/lib/vgauge
SHAREDIR := $(DESTDIR)$(PREFIX)/share
install: man ## install into PREFIX (default /usr/local), below DESTDIR
	install -d $(LIBDIR)/bin $(LIBDIR)/guest-workloads $(DESTDIR)$(PREFIX)/bin $(SHAREDIR)/man/man1 \
	    $(SHAREDIR)/bash-completion/completions $(SHAREDIR)/doc/vgauge
	install $(PROGRAMS) $(LIBDIR)/bin
	install -m 644 $(BUILD)/payload.squashfs $(LIBDIR)/bin
	cp -r suites reports $(LIBDIR)
	cp -r guest-workloads/image $(LIBDIR)/guest-workloads
	chmod 755 $(LIBDIR)/guest-workloads/image/common.sh
	ln -sf ../lib/vgauge/bin/vgauge $(DESTDIR)$(PREFIX)/bin/vgauge
	install -m 644 $(BUILD)/man/*.1 $(SHAREDIR)/man/man1
	install -m 644 docs/completion.bash $(SHAREDIR)/bash-completion/completions/vgauge
	install -m 644 README.md docs/*.md $(SHAREDIR)/doc/vgauge

deb: ## a Debian package, below build/deb
	@.ci/install-packages build deb
	@rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb/vgauge-$(VERSION)
	@git ls-files -z | tar --null --files-from=- -cf - | tar -C $(BUILD)/deb/vgauge-$(VERSION) -xf -
	@cp -r .ci/debian $(BUILD)/deb/vgauge-$(VERSION)/debian
	@cd $(BUILD)/deb/vgauge-$(VERSION) && MAKEFLAGS= dpkg-buildpackage --build=binary --no-sign >../log 2>&1 || { tail -n 30 ../log; exit 1; }
	@cd $(BUILD)/deb && lintian --allow-root --fail-on error *.changes
	@ls -1 $(BUILD)/deb/vgauge_*.deb

deb-check: deb ## install that package in a fresh Debian and use it there
	@tests/deb-smoke $(BUILD)/deb/vgauge_*.deb

clean: ## remove what was built here (not the cached images)
	rm -rf $(BUILD)

help: ## this list
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z%-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

# libFuzzer entry points: one file per format that comes from outside (tests/fuzz). What they look at is compiled once, into
# an archive, of which each takes what it needs. tests/fuzz/corpus has what to begin with.
SECONDS  ?= 10
FUZZ     ?= *
FUZZ_SRC := $(wildcard tests/fuzz/$(FUZZ).c)
FUZZED   := $(BASE_SRC) $(wildcard runner/catalog/*.c runner/record/*.c runner/guest/*.c runner/compare/*.c) \
            $(addprefix runner/mechanism/,cgroup.c sched-nvidia-log.c) \
            runner/machine/console.c guest-workloads/common/program_words.c \
            $(addprefix host-probes/,sysfs.c procfs.c fdinfo.c qmp.c virtqueue.c kvm-stats.c kernel-log.c) $(addprefix runner/certify/,names.c tar.c stream.c manifest.c signature.c package.c)
FUZZ_CFLAGS := -g -O1 -std=gnu11 -fms-extensions -w -fsanitize=address,undefined -fno-sanitize-recover=all -pthread
$(BUILD)/fuzz/obj/%.o: %.c $(MAKEFILE_LIST)
	@mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link $(LIB_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/fuzz/fuzzed.a: $(FUZZED:%.c=$(BUILD)/fuzz/obj/%.o)
	$(Q)rm -f $@ && ar rcs $@ $^
$(BUILD)/fuzz/%: tests/fuzz/%.c $(BUILD)/fuzz/fuzzed.a $(wildcard tests/fuzz/support/*.h)
	@$(if $(filter 0,$(V)),echo "  LINK  $@",:)
	$(Q)clang $(CPPFLAGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer $(LIB_CFLAGS) -Itests/fuzz -o $@ $< $(BUILD)/fuzz/fuzzed.a $(RUNNER_LIBS)
fuzz-programs: $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/fuzz/%)
fuzz: ## feed what reads foreign bytes (FUZZ=GLOB of tests/fuzz) with random ones for SECONDS each (needs clang)
	@command -v clang >/dev/null || { echo "fuzz: clang is not installed, and only it has libFuzzer; apt-get install clang libclang-rt-dev" >&2; exit 3; }
	@$(MAKE) --no-print-directory -j2 fuzz-programs FUZZ='$(FUZZ)'
	@BUILD=$(BUILD) tests/fuzz/run $(SECONDS) $(FUZZ_SRC:tests/fuzz/%.c=%)

.PHONY: build man install deb deb-check unit-programs controls path-controls control-programs model-controls fuzz fuzz-programs valgrind coverage run images deps check lint bench bench-gate bench-history bench-load bench-place clean help embed-suites bench-certify
-include $(shell find $(BUILD)/obj $(BUILD)/fuzz/obj -name '*.d' 2>/dev/null)
