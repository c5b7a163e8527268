// What systems call differently: the calls that make a file, each as POSIX has it. They return a
// negative number and set errno if they fail.
#pragma once

#include <jetmlp/machine/replace_file.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace jetmlp::calls {

struct Folder {
    std::filesystem::path path;  // by which Windows finds the files in it
    int descriptor;              // POSIX: it stays the same folder, wherever it is moved meanwhile
};

int open_folder(const std::filesystem::path& path);
int sync_folder(const Folder& folder);
void close_folder(const Folder& folder);

// Only if there is none of that name. A child process does not inherit it.
int create(const Folder& folder, const std::filesystem::path& name, bool open_to_all);
int set_permissions(int file, const FilePermissions& kept);
std::int64_t write(int file, std::span<const std::byte> part);
int sync(int file);
int close(int file);

// Over what has that name.
int move(const Folder& folder, const std::filesystem::path& from, const std::filesystem::path& to);
int remove(const Folder& folder, const std::filesystem::path& name);

// Whether an error of a sync says that the file system has none.
bool is_not_supported(int error);

}  // namespace jetmlp::calls
