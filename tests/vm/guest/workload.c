// SPDX-License-Identifier: GPL-2.0-or-later
// workload MIB: fills memory with one kind of page for each class that a dump level tells apart,
// and leaves children behind that hold it until the panic.
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { kPage = 4096 };

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static uint64_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}

static void fill_random(char* at, size_t size) {
  for (size_t i = 0; i + sizeof(uint64_t) <= size; i += sizeof(uint64_t)) {
    const uint64_t value = next_random();
    memcpy(at + i, &value, sizeof value);
  }
}

// Compressible pages that differ from one another; printing every line would take emulated CPUs
// minutes.
static void fill_text(char* at, size_t size) {
  char lines[kPage];
  for (size_t i = 0; i < kPage; i += 64) {
    snprintf(lines + i,
             64,
             "record %02zu of the page, state=ready, owner=%08x",
             i / 64,
             (unsigned)next_random());
  }
  for (size_t i = 0; i + kPage <= size; i += kPage) {
    memcpy(at + i, lines, kPage);
    snprintf(at + i, 32, "page %016zx", i);
  }
}

static void fill_zero(char* at, size_t size) { memset(at, 0, size); }

static char* map_memory(size_t size, int flags) {
  char* at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) {
    perror("workload: mmap");
    exit(1);
  }
  return at;
}

// A child that holds `size` bytes until the machine dies; the parent goes on once they are written.
static void hold(size_t size, int flags, int huge, void (*fill)(char*, size_t)) {
  int ready[2];
  if (pipe(ready) != 0) exit(1);
  if (fork() == 0) {
    char* at = map_memory(size, flags);
    if (huge) madvise(at, size, MADV_HUGEPAGE);
    fill(at, size);
    if (write(ready[1], "", 1) != 1) _exit(1);
    for (;;) pause();
  }
  char byte;
  close(ready[1]);
  if (read(ready[0], &byte, 1) != 1) fprintf(stderr, "workload: a child died\n");
  close(ready[0]);
}

static void write_file(const char* path, size_t size) {
  char block[16 * kPage];
  const int file = open(path, O_CREAT | O_WRONLY, 0600);
  for (size_t done = 0; file >= 0 && done < size; done += sizeof block) {
    fill_text(block, sizeof block);
    if (write(file, block, sizeof block) < 0) break;
  }
  if (file >= 0) close(file);
}

int main(int argc, char** argv) {
  const size_t total = (argc > 1 ? strtoul(argv[1], NULL, 10) : 256) << 20;
  const size_t part = total / 6;
  hold(part, MAP_PRIVATE, 0, fill_random);
  hold(part, MAP_PRIVATE, 1, fill_text);
  hold(part, MAP_PRIVATE, 0, fill_zero);
  hold(part / 2, MAP_SHARED, 0, fill_text);
  write_file("/tmp/workload-shmem", part / 2);
  write_file("/var/workload-cache", part);
  // Freed pages that were dirty: a filter that trusts stale contents keeps them.
  char* freed = map_memory(part, MAP_PRIVATE);
  fill_random(freed, part);
  munmap(freed, part);
  // Many small kernel objects: inodes, dentries, page tables, pipes.
  for (int i = 0; i < 4000; i++) {
    char path[64];
    snprintf(path, sizeof path, "/tmp/object-%d", i);
    const int file = open(path, O_CREAT | O_WRONLY, 0600);
    if (file >= 0) close(file);
  }
  printf("workload: %zu MiB\n", total >> 20);
  return 0;
}
