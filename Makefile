# whoport: builds with a C11 compiler and make alone.
#
#   make                 ./whoport
#   make deps check      unit and command line tests; installs or names cmocka
#   make check-live      tests with real sockets, in namespaces of their own
#   make bench           times and memory beside ss, lsof, fuser and netstat, by hand
#   make install         PREFIX and DESTDIR are honoured
#
# CC, CFLAGS, CPPFLAGS and LDFLAGS are the user's; what the code needs is added.

PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
MANDIR  ?= $(PREFIX)/share/man
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d
BUILD   ?= build
BIN     ?= whoport
INSTALL ?= install
STATIC_CC ?= $(shell command -v musl-gcc || echo $(CC))

VERSION := $(shell sed -n 's/.*WHOPORT_VERSION "\(.*\)"/\1/p' include/version.h)

# Hardening, unless the user says how to build.
ifeq ($(origin CFLAGS),undefined)
CFLAGS   := -O2 -g -fstack-protector-strong -fPIE
CPPFLAGS ?= -D_FORTIFY_SOURCE=2
LDFLAGS  ?= -pie -Wl,-z,relro,-z,now
endif

WARNINGS := -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes \
	-Wmissing-prototypes -Wundef -Wconversion
# 64-bit inodes and times on 32-bit machines, too.
COMPILE   = $(CC) -std=c11 -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -Iinclude $(WARNINGS) -MMD -MP $(CPPFLAGS) $(CFLAGS)

SOURCES := $(wildcard src/*.c)
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libwhoport.a
TESTS   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))
TEST_OBJECTS := $(TESTS:=.o) $(BUILD)/tests/fixture.o
HELPERS := $(patsubst tests/live/%.c,$(BUILD)/live/%,$(wildcard tests/live/*.c))

all: $(BIN)

$(BIN): $(BUILD)/main.o $(LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(LIBRARY): $(filter-out $(BUILD)/main.o,$(OBJECTS))
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: src/%.c
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

# --- tests ---------------------------------------------------------------

$(TEST_OBJECTS): $(BUILD)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(COMPILE) -Itests -c -o $@ $<

$(TESTS): %: %.o $(BUILD)/tests/fixture.o $(LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka

$(BUILD)/live/%: tests/live/%.c
	@mkdir -p $(@D)
	$(COMPILE) -o $@ $< $(LDFLAGS) -pthread

unit-tests: $(TESTS)
live-helpers: $(HELPERS)

# With `make deps check`, deps comes first; plain check installs nothing.
check check-live: $(BIN) | $(filter deps,$(MAKECMDGOALS))

check:
	@BUILD='$(BUILD)' WHOPORT='$(CURDIR)/$(BIN)' MAKE='$(MAKE)' CC='$(CC)' sh tests/run check

check-live:
	@BUILD='$(BUILD)' WHOPORT='$(if $(WHOPORT),$(WHOPORT),$(CURDIR)/$(BIN))' \
		MAKE='$(MAKE)' CC='$(CC)' sh tests/run live

check-asan:
	$(MAKE) BUILD=build/asan BIN=build/asan/whoport CPPFLAGS= \
		CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all' \
		LDFLAGS='-fsanitize=address,undefined' check check-live

deps:
	@CC='$(CC)' sh tests/deps

# --- times -----------------------------------------------------------------

BENCH := $(BUILD)/bench/load $(BUILD)/bench/measure $(BUILD)/bench/bare

$(BUILD)/bench/%.o: tests/bench/%.c
	@mkdir -p $(@D)
	$(COMPILE) -pthread -c -o $@ $<

$(BUILD)/bench/load: $(BUILD)/bench/load.o $(BUILD)/bench/load_kinds.o
$(BUILD)/bench/measure: $(BUILD)/bench/measure.o
$(BUILD)/bench/bare: $(BUILD)/bench/bare.o $(LIBRARY)
$(BENCH):
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -pthread

bench-programs: $(BENCH)

# LOADS='quiet user' are some of them, ROUNDS=21 more rounds: see tests/bench/run.
bench: $(BIN) $(BENCH)
	@BUILD='$(BUILD)' WHOPORT='$(if $(WHOPORT),$(WHOPORT),$(CURDIR)/$(BIN))' \
		sh tests/bench/run $(LOADS)

# --- quality -------------------------------------------------------------

lint:
	@CC='$(CC)' WARNINGS='$(WARNINGS)' sh tests/lint

check-man:
	@sh tests/lint man

# --- packaging -----------------------------------------------------------

static:
	$(MAKE) BUILD=build/static BIN=whoport-static CC='$(STATIC_CC)' \
		CFLAGS='-Os -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables' \
		CPPFLAGS=-DWHOPORT_NO_NSS \
		LDFLAGS='-static -s -Wl,--gc-sections -Wl,-z,noseparate-code' all
	@ls -l whoport-static

install: $(BIN)
	$(INSTALL) -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(BASHCOMPDIR) \
		$(DESTDIR)$(ZSHCOMPDIR) $(DESTDIR)$(FISHCOMPDIR)
	$(INSTALL) -m 755 $(BIN) $(DESTDIR)$(BINDIR)/whoport
	$(INSTALL) -m 644 man/whoport.1 $(DESTDIR)$(MANDIR)/man1/whoport.1
	$(INSTALL) -m 644 src/completion/whoport.bash $(DESTDIR)$(BASHCOMPDIR)/whoport
	$(INSTALL) -m 644 src/completion/_whoport $(DESTDIR)$(ZSHCOMPDIR)/_whoport
	$(INSTALL) -m 644 src/completion/whoport.fish $(DESTDIR)$(FISHCOMPDIR)/whoport.fish

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/whoport $(DESTDIR)$(MANDIR)/man1/whoport.1 \
		$(DESTDIR)$(BASHCOMPDIR)/whoport $(DESTDIR)$(ZSHCOMPDIR)/_whoport \
		$(DESTDIR)$(FISHCOMPDIR)/whoport.fish

dist:
	git archive --format=tar.gz --prefix=whoport-$(VERSION)/ -o whoport-$(VERSION).tar.gz HEAD

clean:
	rm -rf build whoport whoport-static whoport-$(VERSION).tar.gz

.PHONY: all bench bench-programs check check-live check-asan check-man clean deps dist install \
	lint live-helpers static uninstall unit-tests

-include $(OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d) $(HELPERS:=.d) \
	$(wildcard $(BUILD)/bench/*.d)
