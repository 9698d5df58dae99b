// SPDX-License-Identifier: GPL-2.0-or-later
#include "config/image_manifest.h"

#include "base/sha256.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <sys/stat.h>

namespace kdump::config {
namespace {

using Json = nlohmann::ordered_json;

/// Bumped when a field changes its meaning; another number makes the image out of date.
constexpr int kVersion = 1;

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + std::int64_t{time.tv_nsec};
}

Json to_json(const FileStamp& stamp) {
  return {stamp.size, stamp.inode, stamp.modified, stamp.changed};
}

FileStamp stamp_from(const Json& json) {
  return {.size = json.at(0).get<std::uint64_t>(),
          .inode = json.at(1).get<std::uint64_t>(),
          .modified = json.at(2).get<std::int64_t>(),
          .changed = json.at(3).get<std::int64_t>()};
}

ImageManifest manifest_from(const Json& json) {
  ImageManifest manifest;
  manifest.kernel = json.at("kernel").get<std::string>();
  manifest.arguments = json.at("arguments").get<std::string>();
  if (json.contains("image")) manifest.image = stamp_from(json.at("image"));
  for (const Json& file : json.at("files")) {
    manifest.files.push_back(
        {.path = file.at("path").get<std::string>(),
         .sha256 = file.at("sha256").get<std::string>(),
         .stamp = file.contains("stamp") ? stamp_from(file.at("stamp")) : FileStamp{}});
  }
  manifest.facts = json.at("facts").get<ManifestFacts>();
  return manifest;
}

bool is_same(const SysRoot& root, ManifestFile& file, bool& renewed) {
  const auto now = stamp_of(root, file.path);
  if (!now) return now.error().kind == ErrorKind::kNotFound && file.sha256.empty();
  if (*now == file.stamp) return true;
  const auto hash = sha256_of_file(root.path(file.path));
  if (!hash || *hash != file.sha256) return false;
  file.stamp = *now;
  renewed = true;
  return true;
}

}  // namespace

Result<FileStamp> stamp_of(const SysRoot& root, const std::string& path) {
  const std::string file = root.path(TRY(root.resolve(path)));
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return system_error(errno, "cannot look at {}", file);
  return FileStamp{.size = static_cast<std::uint64_t>(status.st_size),
                   .inode = static_cast<std::uint64_t>(status.st_ino),
                   .modified = nanoseconds(status.st_mtim),
                   .changed = nanoseconds(status.st_ctim)};
}

Result<ManifestFile> record_manifest_file(const SysRoot& root, const std::string& path) {
  ManifestFile file;
  file.path = path;
  const auto stamp = stamp_of(root, path);
  if (!stamp && stamp.error().kind == ErrorKind::kNotFound) return file;
  // Looked at before it is read: a change in between makes the image out of date, not current.
  file.stamp = TRY(stamp);
  file.sha256 = TRY(sha256_of_file(root.path(TRY(root.resolve(path)))));
  return file;
}

std::string to_json(const ImageManifest& manifest, Stamps stamps) {
  Json files = Json::array();
  for (const ManifestFile& file : manifest.files) {
    Json row = {{"path", file.path}, {"sha256", file.sha256}};
    if (stamps == Stamps::kWith) row["stamp"] = to_json(file.stamp);
    files.push_back(std::move(row));
  }
  Json json = {
      {"version", kVersion}, {"kernel", manifest.kernel}, {"arguments", manifest.arguments}};
  if (stamps == Stamps::kWith) json["image"] = to_json(manifest.image);
  json["files"] = std::move(files);
  json["facts"] = manifest.facts;
  // Names of files need not be UTF-8.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<ImageManifest> manifest_from_json(std::string_view text, const std::string& file) {
  // The library reports by exceptions; they end here.
  try {
    const Json json = Json::parse(text);
    if (const int version = json.at("version").get<int>(); version != kVersion) {
      return make_error(ErrorKind::kUnsupported, "{}: version {}, not {}", file, version, kVersion);
    }
    return manifest_from(json);
  } catch (const nlohmann::json::exception& error) {
    return make_error(ErrorKind::kBadData,
                      "{}: {}; build the image again (kdumpctl rebuild)",
                      file,
                      error.what());
  }
}

namespace {

std::string answer_to(const ManifestFacts& facts, const std::string& question) {
  const auto found = facts.find(question);
  return found == facts.end() ? std::string() : found->second;
}

/// Whether what this path lay on is not mounted now: an automount point or a file system above
/// is seen instead of it.
bool is_unmounted(const ManifestFacts& was, const ManifestFacts& is, std::string_view path) {
  const std::string question = std::string(kFileSystemOf) + std::string(path);
  const auto mount_point = [](const std::string& answer) {
    constexpr std::string_view kWord = " on ";
    const std::size_t at = answer.rfind(kWord);
    return at == std::string::npos ? std::string() : answer.substr(at + kWord.size());
  };
  const std::string now = answer_to(is, question);
  const std::string before = mount_point(answer_to(was, question));
  const std::string above = mount_point(now);
  if (before.empty() || above.empty()) return false;
  if (now.starts_with("autofs ")) return true;
  return before != above && before.starts_with(above == "/" ? above : above + "/");
}

/// Whether this host cannot say now what it said when the image was built.
bool is_untold(const ManifestFacts& was, const ManifestFacts& is, std::string_view question) {
  for (const std::string_view subject : {kFileSystemOf, kDriversBelow}) {
    if (question.starts_with(subject) && is_unmounted(was, is, question.substr(subject.size()))) {
      return true;
    }
  }
  const bool may_be_missing = question == kRunningWatchdogs || question == kDefaultInterface ||
                              question == kNameServers || question.starts_with(kDriversBelow) ||
                              question.starts_with(kMountPointOf);
  return may_be_missing && answer_to(is, std::string(question)).empty();
}

}  // namespace

ManifestComparison compare_with_host(const SysRoot& root,
                                     const ManifestFacts& now,
                                     ImageManifest& manifest) {
  ManifestComparison out;
  for (ManifestFile& file : manifest.files) {
    if (!is_same(root, file, out.stamps_renewed)) out.files.push_back(file.path);
  }
  ManifestFacts all = manifest.facts;
  all.insert(now.begin(), now.end());
  for (const auto& [question, ignored] : all) {
    const std::string was = answer_to(manifest.facts, question);
    const std::string is = answer_to(now, question);
    if (was == is || is_untold(manifest.facts, now, question)) continue;
    out.facts.push_back(fmt::format("{}: was \"{}\", is \"{}\"", question, was, is));
  }
  return out;
}

}  // namespace kdump::config
