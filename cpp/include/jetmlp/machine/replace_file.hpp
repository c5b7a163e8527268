// The one way in which a file comes to stand on the disk: written beside its place, then moved
// there.
//
// It is done here and not in Python because a signal handler (Ctrl-C) may raise between any two
// steps of Python, also between the making of a file and the note that it was made. Nothing of
// Python runs here but when asked for (Interrupt), and what was made is removed on every way out.
#pragma once

#include <jetmlp/machine/threads.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>

namespace jetmlp {

// Where a file goes, and the name that it has until it is whole, which nobody else may use.
struct FilePlace {
    std::filesystem::path folder;
    std::filesystem::path name;
    std::filesystem::path temporary_name;
};

// Whose the file is that is replaced, and who may do what with it. Unused on Windows.
struct FilePermissions {
    unsigned mode = 0;  // the nine bits of reading, writing and executing
    unsigned owner = 0;
    unsigned group = 0;
};

// Writes a file and moves it over what stands there, which is whole or untouched at any moment,
// also if the power fails. A new file has the permissions that the system gives it by the umask;
// one that replaces another those of the other, and its owner if this process may give it away.
// Throws std::system_error, or Interrupted; nothing that it made is then left.
void replace_file(const FilePlace& place, std::span<const std::byte> content,
                  const std::optional<FilePermissions>& kept, Interrupt& interrupt);

// Makes a file in a folder and removes it: what permissions say does not show whether that works.
// Throws as replace_file does.
void try_folder(const std::filesystem::path& folder, const std::filesystem::path& temporary_name,
                Interrupt& interrupt);

}  // namespace jetmlp
