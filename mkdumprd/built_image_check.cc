// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/built_image_check.h"

#include "base/io.h"
#include "base/sys_root.h"
#include "base/text.h"
#include "config/capture_plan.h"
#include "mkdumprd/elf_closure.h"
#include "mkdumprd/image_files.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace kdump::mkdumprd {
namespace {

namespace fs = std::filesystem;

/// A folder that is gone when it is no longer needed.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> create() {
    std::string path = (fs::temp_directory_path() / "mkdumprd-check.XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) return system_error(errno, "cannot create {}", path);
    return TemporaryFolder(std::move(path));
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

class Check {
 public:
  explicit Check(const SysRoot& root) : root_(root) {}

  BuiltImageReport run() {
    need(config::kImageAgentPath, "the kernel");
    check_plan();
    look_at_files();
    if (const auto closed = close_libraries(root_, programs_); !closed) {
      problem(closed.error().message);
    }
    report_.facts.push_back(fmt::format("{} files", files_));
    return std::move(report_);
  }

 private:
  void problem(std::string text) { report_.problems.push_back(std::move(text)); }

  void need(const std::string& path, const std::string& user) {
    if (!root_.resolve(path)) problem(fmt::format("{} is missing, which {} needs", path, user));
  }

  void check_plan() {
    const auto text = root_.read(config::kCapturePlanPath);
    const auto plan =
        text ? config::capture_plan_from_json(*text) : Result<config::CapturePlan>(text.error());
    if (!plan) return problem(plan.error().message);
    need(plan->collector.front(), "the plan");
    check_modules(*plan, plan->modules);
    for (const config::PlannedTarget& target : plan->targets) {
      check_modules(*plan, target.modules);
      if (const auto* ssh = std::get_if<config::PlannedSsh>(&target.place)) {
        for (const std::string& file :
             {std::string(config::kImageSshPath), ssh->key, ssh->known_hosts}) {
          need(file, "the plan");
        }
      }
      if (!config::iscsi_sessions(target).empty()) need(config::kImageIscsiPath, "the plan");
      if (target.network) need(config::kImageNetworkPath, "the plan");
      report_.facts.push_back("target: " + target.name);
    }
    if (plan->spill) {
      check_modules(*plan, plan->spill->target.modules);
      report_.facts.push_back("spill area: " + plan->spill->target.name);
    }
    for (const auto* hooks : {&plan->hooks.pre, &plan->hooks.post, &plan->hooks.emergency}) {
      for (const config::PlannedHook& hook : *hooks) need(hook.path, "the plan");
    }
    report_.facts.push_back("kernel: " + plan->kernel_release);
  }

  /// modinfo's vermagic begins with the release that a module was built for.
  void check_modules(const config::CapturePlan& plan,
                     const std::vector<config::PlannedModule>& modules) {
    for (const config::PlannedModule& module : modules) {
      const auto bytes = root_.read(module.path);
      if (!bytes) {
        problem(fmt::format("{} is missing, which the plan needs", module.path));
        continue;
      }
      const std::string key = std::string(1, '\0') + "vermagic=";
      const std::size_t at = bytes->find(key);
      if (at == std::string::npos) continue;  // built without CONFIG_MODVERSIONS' information
      const std::string_view rest = std::string_view(*bytes).substr(at + key.size(), 256);
      const std::string_view release =
          rest.substr(0, rest.find_first_of(std::string_view(" \0", 2)));
      if (release == plan.kernel_release) continue;
      problem(fmt::format("{} is for kernel {}, the plan for {}",
                          module.path,
                          escape_control(release),
                          plan.kernel_release));
    }
  }

  void look_at_files() {
    std::error_code error;
    for (fs::recursive_directory_iterator at(root_.prefix(), error), end; at != end;
         at.increment(error)) {
      const std::string path = at->path().string().substr(root_.prefix().size());
      if (at->is_symlink(error)) {
        if (!root_.resolve(path)) problem(fmt::format("the link {} leads nowhere", path));
      } else if (at->is_regular_file(error)) {
        ++files_;
        look_at_file(path);
      }
    }
    if (error) problem("the unpacked image cannot be read: " + error.message());
  }

  void look_at_file(const std::string& path) {
    if (path.ends_with(".ko")) return;
    const auto bytes = root_.read(path);
    if (!bytes) return problem(bytes.error().message);
    if (bytes->starts_with("\x7f"
                           "ELF")) {
      programs_.push_back(path);
    } else if (bytes->starts_with("#!")) {
      const auto words = split_words(split_lines(bytes->substr(2, 256)).front());
      if (!words.empty()) need(std::string(words.front()), path);
    }
  }

  const SysRoot& root_;
  BuiltImageReport report_;
  std::vector<std::string> programs_;
  std::size_t files_ = 0;
};

}  // namespace

Result<BuiltImageReport> check_built_image(const std::string& image) {
  const TemporaryFolder folder = TRY(TemporaryFolder::create());
  TRY(unpack_image(image, folder.path()));
  const SysRoot root(folder.path());
  return Check(root).run();
}

}  // namespace kdump::mkdumprd
