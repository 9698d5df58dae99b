// SPDX-License-Identifier: GPL-2.0-or-later
// measure PROGRAM ARGUMENTS...: runs a program and writes what it took to stdout as
//     EXIT WALL_SECONDS CPU_SECONDS PEAK_KIB
// Its own output goes to stderr. A process inherits the peak of whoever it was forked from, so the
// program must be started by something small.
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  const pid_t child = fork();
  if (child == 0) {
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execv(argv[1], argv + 1);
    perror(argv[1]);
    _exit(127);
  }
  int status = 0;
  struct rusage usage;
  if (child < 0 || wait4(child, &status, 0, &usage) != child) return 1;
  clock_gettime(CLOCK_MONOTONIC, &end);
  const double wall =
      (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
  printf("%d %.6f %.6f %ld\n",
         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
         wall,
         seconds(usage.ru_utime) + seconds(usage.ru_stime),
         usage.ru_maxrss);
  return 0;
}
