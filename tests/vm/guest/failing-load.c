// SPDX-License-Identifier: GPL-2.0-or-later
// A panic kernel whose one segment lies outside the reserved memory: the kernel frees what was loaded before it finds that out.
#include <errno.h>
#include <linux/kexec.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void) {
  static char page[4096] __attribute__((aligned(4096)));
  const struct kexec_segment segment = {page, sizeof page, (void*)0x1000, sizeof page};
  const long code = syscall(SYS_kexec_load, 0x1000UL, 1UL, &segment, KEXEC_ON_CRASH);
  if (code == 0 || errno != EADDRNOTAVAIL) {
    perror("failing-load");
    return 1;
  }
  puts("the load ended with a failure, as it should");
  return 0;
}
