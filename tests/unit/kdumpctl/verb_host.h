// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "kdumpctl/command.h"
#include "kdumpctl/host_actions.h"
#include "tests/support/bzimage_builder.h"
#include "tests/support/temp_tree.h"

#include <optional>
#include <string>
#include <vector>

namespace kdump::ctl {

/// A host in a folder on which the verbs run: files are real, kernel and image are read and planned
/// for real, and only mkdumprd and the system calls are played.
class VerbHost : public HostActions {
 public:
  /// A host with 192 MiB reserved, a kernel, both configuration files, and nothing loaded.
  VerbHost();

  Status build_image(const ImageOrder& order) override;
  Result<std::vector<std::string>> check_image(const std::string& image) override;
  Status run_collector(const std::vector<std::string>& arguments,
                       const std::string& input) override;
  Result<PreparedLoad> plan_load(const LoadOrder& order) override;
  Result<kexec::KernelLoadResult> load(const kexec::KernelLoad& load) override;
  Status unload() override;
  bool stops_for_a_restart() override { return restarting; }
  Status run(const std::vector<std::string>& argv) override;
  Result<bool> confirm(const std::string& question) override;
  Status crash() override;

  /// Runs a verb with its arguments and appends "$ kdumpctl VERB", its messages and output (without
  /// the folder's name), its exit code and what is loaded then to the transcript.
  void run(const std::string& line, LogLevel level = LogLevel::kInfo);
  [[nodiscard]] const std::string& transcript() const { return transcript_; }
  /// `text` as if the host's folder were /.
  [[nodiscard]] std::string without_folder(std::string text) const;
  [[nodiscard]] bool loaded() const;
  void write_kernel(const test::BzImageBuilder& builder) const;

  test::TempTree tree;
  kexec::HostFacts facts;
  std::optional<Error> build_error;  ///< how mkdumprd fails
  kexec::SyscallFacts syscalls;
  std::optional<Error> load_error;    ///< how the kernel refuses...
  bool load_error_unloads = false;    ///< ...whether it has freed the old panic kernel by then...
  int load_errors = -1;               ///< ...and how often; -1: always
  std::optional<Error> unload_error;  ///< how the kernel refuses to unload
  std::vector<std::string> programs;  ///< that were run, words separated by blanks
  std::optional<std::string> failing_program;
  bool answer = false;  ///< to questions at the terminal
  bool crashed = false;
  std::vector<std::string> image_problems;  ///< what mkdumprd check says
  bool restarting = false;                  ///< systemd restarts kdump.service
  std::optional<Error> collector_error;     ///< how kdump-collect fails
  std::vector<ImageOrder> builds;
  std::vector<kexec::KernelLoad> loads;

 private:
  void set_loaded(bool loaded) const;
  std::string transcript_;
};

inline constexpr const char* kVerbHostImage = "/boot/initramfs-6.1.0-9-amd64kdump.img";
inline constexpr const char* kVerbHostKernel = "/boot/vmlinuz-6.1.0-9-amd64";

}  // namespace kdump::ctl
