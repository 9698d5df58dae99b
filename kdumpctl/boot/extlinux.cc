// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/boot/extlinux.h"

#include "base/text.h"
#include "config/kernel_cmdline.h"

#include <algorithm>
#include <optional>

namespace kdump::boot {
namespace {

constexpr std::size_t kMostLabels = 1024;

struct Line {
  std::string keyword;  ///< in lower case
  std::string_view value;
};

Line read_line(std::string_view text) {
  const auto end = std::min(text.find_first_of(" \t"), text.size());
  std::string keyword(text.substr(0, end));
  for (char& c : keyword) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return {std::move(keyword), trim(text.substr(end))};
}

std::vector<std::string> read_list(std::string_view value) {
  std::vector<std::string> paths;
  for (const std::string_view path : split(value, ',')) {
    if (!trim(path).empty()) paths.emplace_back(trim(path));
  }
  return paths;
}

/// What stands in APPEND for the boot loader and not for the kernel.
void take_initrd_out(ExtlinuxLabel& label) {
  auto line = config::KernelCommandLine::parse(label.append);
  for (const config::CmdlineParameter& parameter : line.remove("initrd")) {
    if (label.initrds.empty()) label.initrds = read_list(parameter.value.value_or(""));
  }
  label.append = line.to_string();
}

class ExtlinuxReader {
 public:
  explicit ExtlinuxReader(const std::string& file) : file_(file) {}
  Status read(std::string_view line, int number);
  Result<ExtlinuxMenu> finish();

 private:
  void read_menu(std::string_view value);
  void read_label_key(const Line& line);

  const std::string& file_;
  ExtlinuxMenu menu_;
  std::string default_name_;
  int default_line_ = 0;
  std::optional<std::size_t> menu_default_;
  std::string global_append_;
  std::vector<bool> has_append_;
};

void ExtlinuxReader::read_menu(std::string_view value) {
  const Line line = read_line(value);
  if (menu_.labels.empty()) return;
  if (line.keyword == "default") menu_default_ = menu_.labels.size() - 1;
  if (line.keyword == "label") {
    menu_.labels.back().title = std::string(line.value);
    std::erase(menu_.labels.back().title, '^');
  }
}

void ExtlinuxReader::read_label_key(const Line& line) {
  ExtlinuxLabel& label = menu_.labels.back();
  if (line.keyword == "kernel" || line.keyword == "linux") label.kernel = std::string(line.value);
  if (line.keyword == "initrd") label.initrds = read_list(line.value);
  if (line.keyword == "append") {
    label.append = line.value == "-" ? "" : std::string(line.value);
    has_append_.back() = true;
  }
}

Status ExtlinuxReader::read(std::string_view text, int number) {
  if (text.empty() || text.starts_with('#')) return {};
  const Line line = read_line(text);
  if (line.keyword == "label") {
    if (line.value.empty()) {
      return make_error(
          ErrorKind::kBadData, "{}:{}: a label without a name; give it one", file_, number);
    }
    if (menu_.labels.size() >= kMostLabels) {
      return make_error(ErrorKind::kBadData,
                        "{}:{}: more than {} labels; remove some",
                        file_,
                        number,
                        kMostLabels);
    }
    menu_.labels.push_back({std::string(line.value), std::string(line.value), number, "", {}, ""});
    has_append_.push_back(false);
  } else if (line.keyword == "menu") {
    read_menu(line.value);
  } else if (line.keyword == "default") {
    default_name_ = std::string(line.value);
    default_line_ = number;
  } else if (!menu_.labels.empty()) {
    read_label_key(line);
  } else if (line.keyword == "append") {
    global_append_ = std::string(line.value);
  }
  return {};
}

Result<ExtlinuxMenu> ExtlinuxReader::finish() {
  for (std::size_t i = 0; i < menu_.labels.size(); ++i) {
    if (!has_append_[i]) menu_.labels[i].append = global_append_;
    take_initrd_out(menu_.labels[i]);
  }
  menu_.default_reason = fmt::format("the first label in {}", file_);
  if (!default_name_.empty()) {
    const auto found =
        std::find_if(menu_.labels.begin(), menu_.labels.end(), [this](const ExtlinuxLabel& label) {
          return label.name == default_name_;
        });
    // DEFAULT may name a menu program (vesamenu.c32); then the menu has a default of its own.
    if (found != menu_.labels.end()) {
      menu_.default_label = static_cast<std::size_t>(found - menu_.labels.begin());
      menu_.default_reason = fmt::format("default in {}:{}", file_, default_line_);
      return std::move(menu_);
    }
  }
  if (menu_default_) {
    menu_.default_label = *menu_default_;
    menu_.default_reason = fmt::format("menu default in {}", file_);
  }
  return std::move(menu_);
}

}  // namespace

Result<ExtlinuxMenu> parse_extlinux(std::string_view text, const std::string& file) {
  ExtlinuxReader reader(file);
  int number = 0;
  for (const std::string_view line : split(text, '\n')) TRY(reader.read(trim(line), ++number));
  return reader.finish();
}

}  // namespace kdump::boot
