// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "kdumpctl/file_record.h"
#include "kdumpctl/kexec/host_facts.h"
#include "kdumpctl/kexec/kernel_load.h"
#include "kdumpctl/kexec_args.h"

#include <string>
#include <vector>

namespace kdump::ctl {

/// A capture image to build.
struct ImageOrder {
  std::string image;           ///< where to, as kdumpctl names it (without the SysRoot's prefix)
  std::string kernel_version;  ///< whose modules go in
  std::vector<std::string> arguments;  ///< MKDUMPRD_ARGS
  bool debug = false;
};

/// A panic kernel to load.
struct LoadOrder {
  std::string kernel_version;
  std::string kernel;  ///< paths without the SysRoot's prefix
  std::string image;
  std::string command_line;
  KexecOptions options;
  std::vector<std::string> volume_keys{};  ///< UUIDs of LUKS volumes whose keys it needs
};

/// The order with its files read, checked and laid out.
struct PreparedLoad {
  LoadOrder order;
  kexec::KernelLoad load;
  FileRecord kernel;
  FileRecord image;
  std::string image_damage;  ///< why the image is not one whole compressed stream, or ""
};

/// Reads and checks the order's kernel and image, lays them out for that host and chooses the
/// system call.
Result<PreparedLoad> plan_panic_kernel(const LoadOrder& order,
                                       const SysRoot& root,
                                       const kexec::HostFacts& host,
                                       const kexec::SyscallFacts& syscalls);

/// Path of mkdumprd: of the same installation, wherever that is.
Result<std::string> mkdumprd_program();

/// Everything that changes the host or needs all of its memory map, in one interface: tests put
/// their own in its place. Reading the host's files goes through the SysRoot instead.
class HostActions {
 public:
  HostActions() = default;
  HostActions(const HostActions&) = delete;
  HostActions& operator=(const HostActions&) = delete;
  virtual ~HostActions() = default;

  /// Runs mkdumprd to its end; its messages go where kdumpctl's go. The image at that path is
  /// replaced as a whole or not at all.
  virtual Status build_image(const ImageOrder& order) = 0;
  /// What `mkdumprd check` finds wrong with an image.
  virtual Result<std::vector<std::string>> check_image(const std::string& image) = 0;
  /// Runs kdump-collect to its end; `input` becomes its standard input unless it is "".
  virtual Status run_collector(const std::vector<std::string>& arguments,
                               const std::string& input) = 0;
  /// Reads and checks kernel and image and lays them out; changes nothing.
  virtual Result<PreparedLoad> plan_load(const LoadOrder& order) = 0;
  /// Loads in place of what is loaded; an error says what is loaded now.
  virtual Result<kexec::KernelLoadResult> load(const kexec::KernelLoad& load) = 0;
  virtual Status unload() = 0;
  /// Whether this stop is the first half of systemd's restart of kdump.service.
  virtual bool stops_for_a_restart() = 0;
  /// Runs a program that may talk to the terminal to its end; kSystem when that is not exit code 0.
  virtual Status run(const std::vector<std::string>& argv) = 0;
  /// Asks at the terminal; kUsage when there is none.
  virtual Result<bool> confirm(const std::string& question) = 0;
  /// Panics the kernel.
  virtual Status crash() = 0;
};

/// The real ones.
class RunningHost : public HostActions {
 public:
  explicit RunningHost(SysRoot root) : root_(std::move(root)) {}

  Status build_image(const ImageOrder& order) override;
  Result<std::vector<std::string>> check_image(const std::string& image) override;
  Status run_collector(const std::vector<std::string>& arguments,
                       const std::string& input) override;
  Result<PreparedLoad> plan_load(const LoadOrder& order) override;
  Result<kexec::KernelLoadResult> load(const kexec::KernelLoad& load) override;
  Status unload() override;
  bool stops_for_a_restart() override;
  Status run(const std::vector<std::string>& argv) override;
  Result<bool> confirm(const std::string& question) override;
  Status crash() override;

 private:
  SysRoot root_;
};

}  // namespace kdump::ctl
