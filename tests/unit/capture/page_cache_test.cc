// SPDX-License-Identifier: GPL-2.0-or-later
// A capture kernel has less memory than a dump is large: what was written may not stay in it.
#include "base/fd.h"
#include "base/subprocess.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/toy_kernel.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <thread>
#include <unistd.h>

namespace kdump::capture {
namespace {

using test::ToyKernel;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

/// Bytes of a file that are in the page cache.
std::uint64_t cached_bytes(const std::string& path) {
  const auto file = Fd::open(path, O_RDONLY);
  struct stat info {};
  if (!file || ::fstat(file->raw(), &info) != 0 || info.st_size == 0) return 0;
  const auto size = static_cast<std::size_t>(info.st_size);
  void* const map = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file->raw(), 0);
  if (map == MAP_FAILED) return 0;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> resident((size + page - 1) / page);
  const bool known = ::mincore(map, size, resident.data()) == 0;
  ::munmap(map, size);
  if (!known) return 0;
  return page *
         static_cast<std::uint64_t>(std::count_if(
             resident.begin(), resident.end(), [](unsigned char r) { return (r & 1) != 0; }));
}

class PageCache : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(PageCache, HoldsLittleOfADumpWhileItIsWritten) {
  const kdump::test::TempTree tree;
  struct statfs info {};
  ASSERT_EQ(::statfs(tree.folder().c_str(), &info), 0);
  if (info.f_type == TMPFS_MAGIC) GTEST_SKIP() << "what lies in a tmpfs has no other place";
  ToyKernel::Options options;
  options.memory = {{0x100000, 0x10000000}};
  ToyKernel kernel(options);
  constexpr std::uint64_t kPages = 20'000;
  for (std::uint64_t pfn = 0x9000; pfn < 0x9000 + kPages; ++pfn) {
    kernel.memory().put(PhysAddr(pfn * 4096), pfn);
  }
  ASSERT_TRUE(kernel.finish().save_elf(tree.path("/vmcore")));

  std::vector<std::string> command = {KDUMP_COLLECT_PROGRAM, "-q", "-d", "31", "--threads", "2"};
  command.insert(command.end(), GetParam().begin(), GetParam().end());
  command.insert(command.end(), {tree.path("/vmcore"), tree.path("/dump")});
  auto child = Child::spawn(command, {});
  ASSERT_TRUE(child) << child.error().message;
  std::atomic<bool> running{true};
  std::uint64_t most = 0;
  std::thread watch([&] {
    while (running) {
      most = std::max(most, cached_bytes(tree.path("/dump")));
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  const auto status = child->wait();
  running = false;
  watch.join();
  ASSERT_TRUE(status);
  EXPECT_EQ(status->exit_code, 0);
  struct stat written {};
  ASSERT_EQ(::stat(tree.path("/dump").c_str(), &written), 0);
  EXPECT_GT(static_cast<std::uint64_t>(written.st_size), kPages * 4096);
  EXPECT_GT(most, 0U) << "nothing was seen";
  EXPECT_LE(most, 20 * kMiB);
  EXPECT_LE(cached_bytes(tree.path("/dump")), 20 * kMiB) << "afterwards";
}

INSTANTIATE_TEST_SUITE_P(Formats,
                         PageCache,
                         ::testing::Values(std::vector<std::string>{"--codec", "none"},
                                           std::vector<std::string>{
                                               "--codec", "none", "--output-format", "flattened"},
                                           std::vector<std::string>{"--output-format", "elf"}));

}  // namespace
}  // namespace kdump::capture
