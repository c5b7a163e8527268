#if !defined(_WIN32)

#include "machine/file_calls.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jetmlp::calls {

int open_folder(const std::filesystem::path& path) {
    const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
#if defined(O_PATH)
    // One may write to a folder that one may not read; only it cannot be synced then.
    if (folder < 0 && errno == EACCES) {
        return ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
#endif
    return folder;
}

int sync_folder(const Folder& folder) {
    const int result = ::fsync(folder.descriptor);
    return result < 0 && errno == EBADF ? 0 : result;  // one that may not be read
}

void close_folder(const Folder& folder) { ::close(folder.descriptor); }

int create(const Folder& folder, const std::filesystem::path& name, bool open_to_all) {
    // The kernel takes the umask off; asking for the umask would mean setting it, for all threads.
    return ::openat(folder.descriptor, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                    open_to_all ? 0666 : 0600);
}

int set_permissions(int file, const FilePermissions& kept) {
    struct stat now{};
    if (::fstat(file, &now) < 0) {
        return -1;
    }
    auto mode = static_cast<mode_t>(kept.mode);
    const bool same_owner = now.st_uid == kept.owner && now.st_gid == kept.group;
    if (!same_owner && ::fchown(file, kept.owner, kept.group) < 0 &&
        ::fchown(file, static_cast<uid_t>(-1), kept.group) < 0) {
        // The rights of the old group are not those of another one: it has what all others have.
        mode = (mode & ~mode_t{070}) | ((mode & 07) << 3);
    }
    return (now.st_mode & 0777) == mode ? 0 : ::fchmod(file, mode);
}

std::int64_t write(int file, std::span<const std::byte> part) {
    return ::write(file, part.data(), part.size());
}

int sync(int file) {
#if defined(F_FULLFSYNC)
    // On macOS fsync leaves the bytes in the disk's own memory.
    if (::fcntl(file, F_FULLFSYNC) == 0) {
        return 0;
    }
#endif
    return ::fsync(file);
}

int close(int file) { return ::close(file); }

int move(const Folder& folder, const std::filesystem::path& from, const std::filesystem::path& to) {
    return ::renameat(folder.descriptor, from.c_str(), folder.descriptor, to.c_str());
}

int remove(const Folder& folder, const std::filesystem::path& name) {
    return ::unlinkat(folder.descriptor, name.c_str(), 0);
}

bool is_not_supported(int error) { return error == EINVAL || error == ENOTSUP || error == ENOSYS; }

}  // namespace jetmlp::calls

#endif
