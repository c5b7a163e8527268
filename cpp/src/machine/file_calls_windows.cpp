// Compiled for Windows and never run there: see the decisions.
#if defined(_WIN32)

#include "machine/file_calls.hpp"

#include <cerrno>
#include <fcntl.h>
#include <io.h>
#include <share.h>
#include <sys/stat.h>
#include <system_error>

namespace jetmlp::calls {

int open_folder(const std::filesystem::path& /*path*/) { return 0; }

int sync_folder(const Folder& /*folder*/) { return 0; }  // there is no such call

void close_folder(const Folder& /*folder*/) {}

int create(const Folder& folder, const std::filesystem::path& name, bool /*open_to_all*/) {
    // Permissions are those that the folder hands down.
    return ::_wopen((folder.path / name).c_str(),
                    _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT,
                    _S_IREAD | _S_IWRITE);
}

int set_permissions(int /*file*/, const FilePermissions& /*kept*/) { return 0; }

std::int64_t write(int file, std::span<const std::byte> part) {
    return ::_write(file, part.data(), static_cast<unsigned>(part.size()));
}

int sync(int file) { return ::_commit(file); }

int close(int file) { return ::_close(file); }

int move(const Folder& folder, const std::filesystem::path& from, const std::filesystem::path& to) {
    // Replaces what is there, which _wrename does not.
    std::error_code error;
    std::filesystem::rename(folder.path / from, folder.path / to, error);
    if (error) {
        errno = error.default_error_condition().value();
        return -1;
    }
    return 0;
}

int remove(const Folder& folder, const std::filesystem::path& name) {
    return ::_wunlink((folder.path / name).c_str());
}

bool is_not_supported(int error) { return error == EINVAL; }

}  // namespace jetmlp::calls

#endif
